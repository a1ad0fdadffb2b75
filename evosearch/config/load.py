"""A config file and overrides from the command line, to the validated tree and back.

Law: a file that holds `dump_config(config)` loads as `config`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from evosearch.config.funnel import FunnelConfig
from evosearch.config.sentences import key_name, sentences
from evosearch.config.study import StudyConfig
from evosearch.config.task import TaskConfig
from evosearch.config.tree import Config
from evosearch.config.yaml_text import KeyPath, read_yaml, write_yaml
from evosearch.errors import InputError, did_you_mean

_MARKS: Final = {
    "run": {"tasks", "budget"},
    "study": {"base", "arms"},
    "funnel": {"stages"},
}
"""Keys by which the file of a command is known from that of another."""

Tree = TypeVar("Tree", Config, TaskConfig, StudyConfig, FunnelConfig)


def load_config(path: str | Path, overrides: Sequence[str] = ()) -> Config:
    """Read a config file, change what the overrides say, and check the whole tree.

    Relative paths inside the config start at the current folder (see `tree`).

    Args:
        path: a YAML file.
        overrides: `key.path=value`, as in `search.population=100` or
            `tasks.0.arguments.scale=2`; the value is read as YAML; later ones win.

    Raises:
        InputError: one line for each problem: file and line or override, key path,
            what is wrong and how to mend it.
    """
    return _read(Config, "run", path, "name, tasks and budget", overrides)


def load_study(path: str | Path) -> StudyConfig:
    """Read the file of a study and check it, but not the configs that it leads to.

    Raises:
        InputError: as of `load_config`.
    """
    return _read(StudyConfig, "study", path, "name, question, base, seeds and arms")


def load_funnel(path: str | Path) -> FunnelConfig:
    """Read the file of a funnel and check it, but not the programs that it names.

    Raises:
        InputError: as of `load_config`.
    """
    return _read(FunnelConfig, "funnel", path, "name, question, programs and stages")


def parse_task(reference: str, overrides: Sequence[str] = ()) -> TaskConfig:
    """One entry of a config's `tasks`, without a file.

    Args:
        reference: a built-in task or path/to/file.py:factory.
        overrides: as of `load_config`, with keys such as `arguments.scale=2`.

    Raises:
        InputError: one line for each problem.
    """
    places: dict[KeyPath, str] = {(): f"task {reference!r}"}
    return _validated(TaskConfig, {"task": reference}, places, overrides)


def dump_config(config: Config) -> str:
    """Print the whole tree, defaults too, as YAML."""
    return write_yaml(config.model_dump(mode="json"))


def _read(
    kind: type[Tree],
    command: str,
    path: str | Path,
    needed: str,
    overrides: Sequence[str] = (),
) -> Tree:
    document = read_yaml(_read_text(Path(path)), str(path))
    if document.data is None:
        raise InputError(f"{path} is empty: it needs at least {needed}")
    if not isinstance(document.data, dict):
        raise InputError(f"{path} must hold keys and values, as in `seed: 0`")
    if not _MARKS[command] & document.data.keys():
        for other, marks in _MARKS.items():
            if marks <= document.data.keys():
                raise InputError(
                    f"{path}: this is the config of a {other}, which is taken by "
                    f"`evosearch {other} {shlex.quote(str(path))}`"
                )
    places = {
        place: f"{path}, line {line}" if place else str(path)
        for place, line in document.lines.items()
    }
    return _validated(kind, document.data, places, overrides)


def _validated(
    kind: type[Tree],
    data: dict[str, Any],
    places: dict[KeyPath, str],
    overrides: Sequence[str],
) -> Tree:
    for override in overrides:
        keys = _override(data, override)
        # What stood below the key is gone, and its lines with it.
        places = {k: at for k, at in places.items() if k[: len(keys)] != keys}
        for depth in range(1, len(keys) + 1):
            places.setdefault(keys[:depth], f"override {override!r}")
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise InputError("\n".join(sentences(error, kind, places))) from None


def _read_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{path} does not exist{_neighbour(path)}") from None
    except IsADirectoryError:
        raise InputError(f"{path} is a folder; name a YAML file in it") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InputError(
            f"{path}, line {line}: not UTF-8; save the file as UTF-8"
        ) from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None


def _neighbour(path: Path) -> str:
    files = sorted(str(file) for file in path.parent.glob("[!.]*.y*ml"))
    return f"; {did_you_mean(str(path), files)}" if files else "; check the path"


def _override(tree: dict[str, object], override: str) -> KeyPath:
    """Change the tree in place as `key.path=value` says, and return the key path."""
    source = f"override {override!r}"
    name, equals, text = override.partition("=")
    keys = name.strip().split(".")
    if not equals or not all(keys):
        raise InputError(
            f"{source} must be key.path=value, as in search.population=100"
        )
    dotted = re.sub(r"\[(\d+)\]", r".\1", name.strip())
    if dotted != name.strip():
        raise InputError(f"{source}: entries of lists are numbered, as in {dotted}")
    value = read_yaml(text, source).data
    entry: Any = tree
    path: KeyPath = ()
    *parents, last = keys
    for key in parents:
        path = (*path, _slot(entry, key, f"{source}: {key_name(path)}"))
        if entry[path[-1]] is None:
            entry[path[-1]] = {}
        entry = entry[path[-1]]
    path = (*path, _slot(entry, last, f"{source}: {key_name(path)}"))
    entry[path[-1]] = value
    return path


def _slot(data: object, key: str, where: str) -> str | int:
    """The key or index of an entry of `data`, made if it is a new key."""
    if isinstance(data, dict):
        data.setdefault(key, None)
        return key
    if not isinstance(data, list):
        raise InputError(f"{where} is a single value, without keys")
    if not key.isdecimal() or int(key) >= len(data):
        raise InputError(
            f"{where} has no entry {key}; it has {len(data)}, numbered from 0"
        )
    return int(key)
