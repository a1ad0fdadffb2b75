"""Text of a call from the texts of its operands, with the brackets that it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

ANYTHING, SUM, PRODUCT, SIGN, POWER, ATOM = range(6)
"""How strongly an expression holds together, loosest first."""


class Text(NamedTuple):
    """An expression, and how strongly it holds together."""

    text: str
    strength: int = ATOM


@dataclass(frozen=True, slots=True)
class Formula:
    """How a target writes a function.

    Attributes:
        pattern: with `{0}`, `{1}`, ... for the operands.
        strength: of the whole.
        needs: the least strength of each operand that does without brackets; operands
            that it does not name need none.
    """

    pattern: str
    strength: int = ATOM
    needs: tuple[int, ...] = ()

    def of(self, operands: list[Text], brackets: str = "({})") -> Text:
        """The expression of these operands."""
        pattern, shown = self.pattern, []
        for place, (each, need) in enumerate(
            zip(operands, self._needs(len(operands)), strict=True)
        ):
            field = f"{{{place}}}"
            text = each.text if each.strength >= need else brackets.format(each.text)
            # A minus of a minus is none, bit for bit, and nobody would write two.
            if f"-{field}" in pattern and text.startswith("-"):
                pattern, text = pattern.replace(f"-{field}", field), text[1:]
            shown.append(text)
        return Text(pattern.format(*shown), self.strength)

    def _needs(self, count: int) -> tuple[int, ...]:
        return (*self.needs, *[ANYTHING] * (count - len(self.needs)))


def infix(sign: str, strength: int, right: int | None = None) -> Formula:
    """A sign between two operands; what is right of it stays apart."""
    needs = (strength, strength + 1 if right is None else right)
    return Formula(f"{{0}} {sign} {{1}}", strength, needs)
