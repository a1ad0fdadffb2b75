"""The file of a run, a study or a funnel that is given to the command of another."""

from __future__ import annotations

from pathlib import Path

import pytest

from evosearch.config import load_config, load_funnel, load_study
from evosearch.errors import InputError


def test_the_file_of_another_command_is_told(tmp_path: Path) -> None:
    file = tmp_path / "some.yaml"
    keys = "name: a\nquestion: b\n"
    texts = {
        "run": "name: a\ntasks: []\nbudget: {}\n",
        "study": f"{keys}base: c\narms: []\n",
        "funnel": f"{keys}programs: {{}}\nstages: []\n",
    }
    loaders = {"run": load_config, "study": load_study, "funnel": load_funnel}
    for kind, text in texts.items():
        file.write_text(text)
        for command, load in loaders.items():
            told = f"{file}: this is the config of a {kind}, which is taken by"
            if command != kind:
                with pytest.raises(InputError, match=told):
                    load(file)
    file.write_text(texts["study"])
    with pytest.raises(InputError, match="arms: must not be empty"):
        load_study(file)
