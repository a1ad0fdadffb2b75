"""The laws that a program has to keep, all of them checked on one program."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from dsl import Program, check, parse, prune, unparse
from dsl.interpret import Leaves, uses_matrices
from tests.fuzz.digests import Behaviour, Conduct, behaviour, changed, reworded
from tests.fuzz.forms import FORMS, LAYOUTS, Shapes, state_layouts, step_problem
from tests.fuzz.generation import program_of
from tests.fuzz.paste import test_of_program
from tests.fuzz.problem import Failure, Problem, guarded
from tests.fuzz.shrink import shrink_program
from tests.noise import Inputs
from tests.stepping import random_tree

Turns = tuple[tuple[int, tuple[str, ...]], ...]
"""Numbers of layouts, and the forms that are run on each."""

_SPECIAL = (0.0, -0.0, 1e-40, 1e-30, 1e30, 3e38, np.inf, -np.inf, np.nan)


def problem(program: Program, number: int) -> Problem | None:
    """The first law that a program breaks; `number` draws its inputs and rewordings."""
    return _first_problem(Conduct(program), number)


def find(seed: int, number: int) -> tuple[Problem | None, Behaviour | None]:
    """Check program `number` of a seed."""
    conduct = Conduct(program_of(seed, number))
    found = _first_problem(conduct, number)
    return found, None if found else behaviour(conduct, number)


def _first_problem(conduct: Conduct, number: int) -> Problem | None:
    for law in (_text, _pruned, reworded, changed, _steps):
        found = guarded(law, conduct, number)
        if found is not None:
            return found
    return None


def report(seed: int, number: int, law: str) -> Failure:
    """The failure that it is, with the smallest program that breaks the law."""

    def breaks(candidate: Program) -> bool:
        found = problem(candidate, number)
        return found is not None and found.law == law

    smallest = shrink_program(program_of(seed, number), breaks)
    found = problem(smallest, number) or Problem(law, "once, and not again")
    return Failure(
        f"programs:{number}", found, test_of_program(smallest, number, found)
    )


def inputs_of(program: Program, number: int, layout: Shapes) -> Inputs:
    """Random inputs of a step: sizes differ, some are zero, a few are special."""
    random = np.random.default_rng([number, len(layout)])
    trees = []
    for shapes in (layout, layout, *state_layouts(program, layout)):
        scale = random.choice((1.0, 1.0, 1.0, 0.01, 100.0, 0.0))
        trees.append(_tree(int(random.integers(50)), scale, shapes))
    if random.random() < 0.1:
        tree = trees[random.integers(len(trees))]
        leaf = random.integers(len(layout))
        tree[leaf] = changed_leaf = tree[leaf].copy()
        special = np.float32(random.choice(_SPECIAL))
        changed_leaf.flat[random.integers(changed_leaf.size)] = special
    rate = float(np.float32(random.choice((0.75, 1.0, 0.001, 0.0))))
    return trees, rate, float(random.choice((1, 2, 3, 10, 1000)))


def _tree(seed: int, scale: float, layout: Shapes) -> Leaves:
    return list(_drawn(seed, scale, layout))


@lru_cache(maxsize=2048)
def _drawn(seed: int, scale: float, layout: Shapes) -> Leaves:
    """Kept, because drawing takes as long as a run."""
    return random_tree(seed, scale, shapes=layout)


def _text(conduct: Conduct, number: int) -> Problem | None:
    """It is valid, and its text is read back as it is: a share, for reading is slow."""
    check(conduct.program)
    if number % 4:
        return None
    read = parse(unparse(conduct.program))
    # Equal programs may differ in the sign of a zero, their representations may not.
    if read == conduct.program and repr(read) == repr(conduct.program):
        return None
    return Problem("the text is read back as another program", unparse(read))


def _pruned(conduct: Conduct, number: int) -> Problem | None:
    """Without what is dead it is valid, and nothing more is dead."""
    pruned = prune(conduct.program)
    check(pruned)
    if prune(pruned) == pruned:
        return None
    return Problem("pruning leaves something to prune", unparse(pruned))


def _steps(conduct: Conduct, number: int) -> Problem | None:
    """A step is that of float64 on two layouts of weights of three.

    On the machine on both, if it has the program's functions; lowered, which takes
    longest, on one, and in every second program pruned.
    """
    whole, pruned, machine = FORMS
    lowered = pruned if number % 2 else whole
    if uses_matrices(conduct.program):
        turns: Turns = ((number, (lowered,)),)
    else:
        turns = ((number, (lowered, machine)), (number + 1, (machine,)))
    for turn, forms in turns:
        layout = LAYOUTS[turn % len(LAYOUTS)]
        inputs = inputs_of(conduct.program, number, layout)
        found = step_problem(conduct.program, inputs, layout, forms)
        if found is not None:
            shapes = ", ".join(map(str, layout))
            return Problem(found.law, f"on {shapes}: {found.detail}")
    return None
