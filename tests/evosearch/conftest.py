"""Fixtures of the tests of the search."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from dsl import FUNCTIONS
from evosearch import handover
from evosearch.config import Config
from evosearch.identify import Identity, Verdict
from evosearch.store import Store
from evosearch.workers import Executor
from tests.functions_file import forget_functions
from tests.searching import Oracle, Run, Start


@pytest.fixture
def clean_table() -> Iterator[None]:
    """The table of functions is as it was before, whatever a test added."""
    before = set(FUNCTIONS)
    yield
    forget_functions(before)


@pytest.fixture
def quick_handover(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names and sources are not what a test is about: they are made up."""
    unknown = Identity(Verdict.UNKNOWN, ())
    monkeypatch.setattr(handover, "identify", lambda program: unknown)
    export = SimpleNamespace(source="made up")
    monkeypatch.setattr(handover, "export", lambda program, target, name: export)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a run in a new store, or in the store of that name."""
    yield from _starting(tmp_path)


@pytest.fixture(scope="module")
def start_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """The same for a run that several tests look at and none goes on with."""
    yield from _starting(tmp_path_factory.mktemp("runs"))


def _starting(folder: Path) -> Iterator[Start]:
    stores = []

    def begin(config: Config, executor: Executor | None = None, name: str = "") -> Run:
        path = folder / (name or f"{len(stores)}.sqlite")
        store = Store.open(path) if path.exists() else Store.create(path)
        stores.append(store)
        return Run(config, store, executor or Oracle())

    yield begin
    for store in stores:
        store.close()
