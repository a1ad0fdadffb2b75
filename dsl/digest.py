"""Value numbering: the name of what a program computes, whatever it is called in it.

Each live value's digest is the hash of its function and its arguments' digests, so
names, dead code, dead states, the order of independent statements and the order of a
commutative function's arguments cannot matter, and every live constant does.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from dsl.functions import ByName
from dsl.program import CONSTANT_READ, Constant, Program
from dsl.prune import prune
from dsl.types import Type

_WIDTH = 16
_tags = ByName(lambda row: (row.name.encode() + b"(", row.commutative))
"""What a function's name becomes in a hash, and whether it is commutative."""
_CONSTANT = struct.Struct("<12sf")


def digest(program: Program) -> str:
    """Hash what `program` computes: 32 hexadecimal digits.

    Equal digests mean equal updates, bit for bit, for any inputs and number of steps.
    States count by their position among the live ones. The program must be valid.
    """
    return digest_of_pruned(prune(program))


def digest_of_pruned(program: Program) -> str:
    """Hash a program that `prune` returned, without pruning it again."""
    values = _inputs(program[:5], program.shapes).copy()
    pack = _CONSTANT.pack
    for statement in program.statements:
        parts = [
            pack(b"constant", argument.value)
            if argument.name is CONSTANT_READ and isinstance(argument, Constant)
            else values[argument.name]
            for argument in statement.arguments
        ]
        tag, commutative = _tags[statement.function]
        if commutative and parts[0] > parts[1]:
            parts[0], parts[1] = parts[1], parts[0]
        key = tag + b"".join(parts)
        values[statement.target] = _hash(key)
    outputs = b"".join([values[name] for name in program.outputs])
    return blake2b(b"return " + outputs, digest_size=_WIDTH).hexdigest()


@lru_cache(maxsize=16384)
def _hash(key: bytes) -> bytes:
    """Kept, because what a search digests is made of what it has digested before."""
    return blake2b(key, digest_size=_WIDTH).digest()


@lru_cache(maxsize=4096)
def _inputs(names: tuple[Any, ...], shapes: tuple[Type, ...]) -> dict[str, bytes]:
    """Digest of each header variable: its position and shape, as wide as a hash.

    Kept, because a search has one header and the subsets of its states.
    """
    weights, gradient, states, learning_rate, step = names
    tags = [b"state %d" % position for position in range(len(states))]
    if shapes:
        tags = [b"%s:%d" % (tag, kind) for tag, kind in zip(tags, shapes, strict=True)]
    values = {
        weights: b"weights",
        gradient: b"gradient",
        learning_rate: b"learning rate",
        **dict(zip(states, tags, strict=True)),
    }
    if step is not None:
        values[step] = b"step"
    return {name: tag.ljust(_WIDTH) for name, tag in values.items()}
