"""Lists of tensors by name: which may be overwritten, and what each value is in.

A value lives in a buffer. A step writes over a buffer that this export has made, or
over that of a state whose new value it makes, once nobody reads what was in it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from evosearch.export.display import candidates
from evosearch.export.trace import Value


@dataclass(slots=True)
class Buffer:
    """A list of tensors.

    Attributes:
        name: in the source.
        value: the value that is in it.
        ours: whether it may be written over once its value is not read any more.
        becomes: where it is a state's, those values that may be written over it.
        memory: the name of the list whose memory it is; another's for a view.
    """

    name: str
    value: Value
    ours: bool
    becomes: frozenset[int] = frozenset()
    memory: str = ""

    def __post_init__(self) -> None:
        self.memory = self.memory or self.name


@dataclass(slots=True)
class Buffers:
    """All lists of a source, while it is written from its first line to its last.

    Attributes:
        until: the last step, by its place, that reads each value.
        taken: names that mean something else.
    """

    until: dict[int, int]
    taken: set[str]
    found: dict[int, Buffer] = field(default_factory=dict)

    def given(self, value: Value, name: str, becomes: Collection[int] = ()) -> None:
        """A list of the header."""
        self.taken.add(name)
        self.found[value.number] = Buffer(name, value, False, frozenset(becomes))

    def name(self, value: Value) -> str:
        """The list that a value is in."""
        return self.found[value.number].name

    def memory(self, value: Value) -> str:
        """The list whose memory a value is in."""
        return self.found[value.number].memory

    def new(self, value: Value) -> str:
        """The name of a new list for a value."""
        name = next(iter(candidates(value.name, self.taken)))
        self.taken.add(name)
        self.found[value.number] = Buffer(name, value, True)
        return name

    def view(self, value: Value, of: Value) -> str:
        """The name of a list that shows the memory of another in another way."""
        name = self.new(value)
        self.found[value.number] = Buffer(name, value, False, memory=self.memory(of))
        return name

    def over(self, old: Value, value: Value, place: int) -> str | None:
        """The name of the list of `old`, if `value` may be written over it."""
        buffer = self.found[old.number]
        free = buffer.ours or value.number in buffer.becomes
        if not free or old.kind is not value.kind or self.until[old.number] > place:
            return None
        self.found[value.number] = Buffer(
            buffer.name, value, buffer.ours, buffer.becomes, buffer.memory
        )
        return buffer.name
