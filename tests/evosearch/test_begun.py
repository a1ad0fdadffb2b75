"""What a run's record says of its beginning, where somebody has changed it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from evosearch.begun import reference_of
from evosearch.errors import InputError
from evosearch.store import Store


def test_what_was_changed_is_told_in_a_sentence(tmp_path: Path) -> None:
    with closing(Store.create(tmp_path / "run.sqlite")) as store:
        assert reference_of(store) is None
        store.set_meta("problem", '{"reference": "abc"}')
        assert reference_of(store) == "abc"
        for text in ("{", "[]", '{"config": {}}'):
            store.set_meta("problem", text)
            with pytest.raises(InputError, match="has been changed and cannot be read"):
                reference_of(store)
