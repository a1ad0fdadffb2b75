"""A program as mathematics: its update rule in LaTeX, and what the symbols mean."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from dsl.program import Constant
from evosearch.export import document
from evosearch.export.formula import ATOM, SIGN, Formula, Text
from evosearch.export.latex_formulas import BRACKETS, FORMULAS, NOTES
from evosearch.export.naming import LEARNING_RATE
from evosearch.export.nesting import Node, nest, states_last
from evosearch.export.rendering import render
from evosearch.export.trace import Parameter, Trace, Value

_WIDEST, _DEEPEST = 60, 6
_GREEK = {"weight_decay": r"\lambda", "eps": r"\epsilon", "momentum": r"\mu"}


def latex_source(found: Trace, name: str) -> str:
    """A displayed formula and a list of its symbols, to be put into a document."""
    symbols = _Symbols(found)
    reads = found.reads()
    outputs = found.outputs
    nodes = nest(found.steps, reads, symbols.fits, lambda value: value in outputs)
    symbols.name([node.step.result for node in nodes])
    lines = [
        f"{symbols.of_value(node.step.result)} &= {symbols.text(node).text}"
        for node in states_last(nodes, found)
    ]
    lines += [
        f"{old}_t &= {symbols.of_value(new)}"
        for old, new in zip(symbols.states, found.new_states, strict=True)
        if symbols.of_value(new) != f"{old}_t"
    ]
    weights, change = symbols.weights, symbols.of_value(found.update)
    lines.append(f"{weights}_t &= {weights}_{{t-1}} - {change}")
    calls = [step.function for step in found.steps]
    return render(
        "latex.tex.jinja",
        name=name.replace("_", r"\_"),
        program=document.program_text(found, 0),
        lines=lines,
        symbols=symbols.meanings(),
        notes=list(dict.fromkeys(NOTES[each] for each in calls if each in NOTES)),
    )


class _Symbols:
    """What each value and constant of a program is called in its formula."""

    def __init__(self, found: Trace) -> None:
        self._trace = found
        self.weights = _letter(found.weights.name)
        self.states = [_letter(state.name) for state in found.states]
        self._names: dict[int, str] = {
            found.weights.number: f"{self.weights}_{{t-1}}",
            found.gradient.number: f"{_letter(found.gradient.name)}_t",
            found.rate.number: r"\eta_t",
        }
        if found.count is not None:
            self._names[found.count.number] = "t"
        for letter, old, new in zip(
            self.states, found.states, found.new_states, strict=True
        ):
            self._names[old.number] = f"{letter}_{{t-1}}"
            self._names.setdefault(new.number, f"{letter}_t")

    def name(self, values: Sequence[Value]) -> None:
        """Give symbols to the values that have a line; equal names get marks."""
        given = Counter([self.weights, _letter(self._trace.gradient.name)])
        given.update(self.states)
        for value in values:
            if value.number not in self._names:
                letter = _letter(value.name)
                marks = "'" * given[letter]
                given[letter] += 1
                self._names[value.number] = f"{letter}{marks}"

    def of_value(self, value: Value) -> str:
        """The symbol of a value; before there is one, its name."""
        return self._names.get(value.number) or _letter(value.name)

    def fits(self, node: Node) -> bool:
        """Whether a node may be one line."""
        shown = re.sub(r"\\(left|right|operatorname|text|,)", "", self.text(node).text)
        seen = re.sub(r"\\[a-z]+|[{}_^]", "", shown)
        return len(seen) <= _WIDEST and node.depth() <= _DEEPEST

    def text(self, node: Node) -> Text:
        """The formula of a node."""
        texts = [self._operand(each) for each in node.operands]
        formula = FORMULAS.get(node.step.function)
        if formula is None:
            places = ", ".join(f"{{{place}}}" for place in range(len(texts)))
            named = node.step.function.replace("_", r"\_")
            formula = Formula(rf"\operatorname{{{{{named}}}}}\left({places}\right)")
        return formula.of(texts, BRACKETS)

    def _operand(self, operand: Node | Value | Parameter | Constant) -> Text:
        if isinstance(operand, Node):
            return self.text(operand)
        if isinstance(operand, Value):
            return Text(self.of_value(operand))
        if isinstance(operand, Parameter):
            return Text(parameter_symbol(operand.name))
        text = _number(operand.value)
        return Text(text, SIGN if text.startswith("-") else ATOM)

    def meanings(self) -> list[str]:
        """A line for each symbol that the program gives or is given."""
        found = self._trace
        gradient = self.of_value(found.gradient)
        lines = [f"${self.weights}_t$: the weights", f"${gradient}$: their gradient"]
        lines += [f"${letter}_t$: a state, zero at first" for letter in self.states]
        for each in found.parameters:
            value = _number(each.value)
            if each.name == LEARNING_RATE:
                said = rf"$\eta_t$: the learning rate, ${value}$ times the schedule"
                lines.append(f"{said}, whose peak is 1")
            else:
                lines.append(f"${parameter_symbol(each.name)} = {value}$")
        if found.reads_count():
            lines.append("$t$: the step, 1 at first")
        return lines


def parameter_symbol(name: str) -> str:
    """`b1` as beta 1, `weight_decay` as lambda, `c1` as c 1."""
    stem, number = re.fullmatch(r"(.*?)_?(\d*)", name).groups()  # type: ignore[union-attr]
    symbol = {"b": r"\beta", "c": "c"}.get(stem, _GREEK.get(stem, rf"\text{{{stem}}}"))
    return f"{symbol}_{{{number}}}" if number else symbol


def _letter(name: str) -> str:
    """A variable's name; figures at its end become its index in brackets."""
    plain = name.strip("_") or "x"
    if len(plain) == 1:
        return plain
    return rf"\mathit{{{plain.replace('_', chr(92) + '_')}}}"


def _number(value: float) -> str:
    text = document.number(value)
    mantissa, _, exponent = text.partition("e")
    mantissa = mantissa.removesuffix(".0")
    if not exponent:
        return mantissa
    power = rf"10^{{{int(exponent)}}}"
    return power if mantissa == "1" else rf"{mantissa} \cdot {power}"
