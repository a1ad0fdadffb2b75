"""The configs that come along say everything there is to say."""

from __future__ import annotations

import pytest

from evosearch.config import load_config
from evosearch.config.section import Section
from evosearch.config.tree import Config
from tests.command_line import ROOT


def keys(section: type[Section]) -> list[str]:
    """Every key of a part of the config tree and of the parts below it."""
    found = []
    for name, field in section.model_fields.items():
        found.append(name)
        inner = str(field.annotation)
        parts = [part for part in Section.__subclasses__() if part.__name__ in inner]
        # Those of meta-validation are none.
        has_tasks = name == "tasks" and section is Config
        if has_tasks or (isinstance(field.annotation, type) and parts):
            found += keys(parts[0])
    return found


@pytest.mark.parametrize("name", ["charlm", "lion", "lion_gpu", "smoke"])
def test_our_configs_hold_every_key_with_a_comment(name: str) -> None:
    path = ROOT / "configs" / f"{name}.yaml"
    assert load_config(path).name == name
    written = []
    for line in path.read_text().splitlines():
        key, _, rest = line.partition(":")
        # Those so far to the right are arguments of a task.
        if line and not line.startswith(("#", " " * 6)):
            written.append((key.strip(" -"), rest))
    assert sorted(key for key, _ in written) == sorted(keys(Config))
    bare = ("search", "fitness", "training", "workers", "arguments", "meta_validation")
    assert not [key for key, rest in written if "#" not in rest and key not in bare]
