"""Fixtures of the tests of the search."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from evosearch.config import Config
from evosearch.store import Store
from evosearch.workers import Executor
from tests.searching import Oracle, Run, Start


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a run in a new store, or in the store of that name."""
    stores = []

    def begin(config: Config, executor: Executor | None = None, name: str = "") -> Run:
        path = tmp_path / (name or f"{len(stores)}.sqlite")
        store = Store.open(path) if path.exists() else Store.create(path)
        stores.append(store)
        return Run(config, store, executor or Oracle())

    yield begin
    for store in stores:
        store.close()
