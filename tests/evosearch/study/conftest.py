"""The tiny study's configs, written once for a file of tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.evosearch.study.tiny import write_tiny


@pytest.fixture(scope="module")
def configs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("configs")
    write_tiny(folder)
    return folder
