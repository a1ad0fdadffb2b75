"""What a command names, read and tried out before anything is written or trained."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dsl.errors import DslError
from dsl.library import program_names, read_program
from dsl.parse import parse
from dsl.program import Program
from dsl.unparse import unparse
from evosearch.apart import call_apart
from evosearch.begun import MAY_CHANGE
from evosearch.breed import require_breedable
from evosearch.choice import Circumstances, try_and_choose, try_and_choose_apart
from evosearch.config import Config, load_config
from evosearch.errors import InputError, did_you_mean
from evosearch.folder import CONFIG, OWN_FUNCTIONS, RunFolder, functions_of
from evosearch.own_functions import functions_drawn, load_functions
from evosearch.search import Problem
from evosearch.workers import require_cluster

_CHANGEABLE = tuple(f"{part}." for part in MAY_CHANGE)
"""What the keys begin with that a run may be taken up with another value of."""


def open_new(
    path: Path, changes: Sequence[str], out: Path | None, command: str
) -> tuple[Problem, RunFolder]:
    """Read a config, try its tasks and make the folder of a new run.

    Args:
        path: of the config.
        changes: overrides, `key=value`.
        out: the run's folder; None is one named after the config and the time.
        command: what the user typed, for the record.

    Raises:
        InputError: something in it is wrong; no folder is left behind.
    """
    config = load_config(path, changes)
    problem, reasons = _prepare(config, config.functions)
    folder = RunFolder.create(problem.config, out, command)
    folder.notes += reasons
    for line in reasons:
        folder.log(line)
    return problem, folder


def open_again(
    path: Path, changes: Sequence[str], out: Path | None, command: str
) -> tuple[Problem, RunFolder]:
    """Take up an interrupted run; arguments as of `open_new`, but the run's folder.

    Nothing is written before the run has come to the end of its record.

    Raises:
        InputError: it is no run, another process works in it, or a change would lead
            to another trajectory.
    """
    fixed = [change for change in changes if not change.startswith(_CHANGEABLE)]
    if out is not None or fixed:
        what = "--out" if out is not None else fixed[0]
        raise InputError(
            f"--resume: {what} cannot be changed in a run that has begun; only budget, "
            "final, simplify and workers can: leave it away, or begin a new run"
        )
    folder = RunFolder.resume(path)
    try:
        config = load_config(path / CONFIG, changes)
        if folder.has_ended() and _is_as_it_was(path, config):
            folder.notes.append(_ENDED)
        folder.notes += _without_original(config.functions, path / OWN_FUNCTIONS)
        problem, reasons = _prepare(config, functions_of(path, config))
        folder.notes += reasons
        # What was changed holds from now on, also for the next to resume.
        folder.propose(problem.config, command)
        for line in (f"resumed: {command}", *folder.notes):
            folder.log(line)
    except InputError:
        folder.close()
        raise
    return problem, folder


_ENDED = "this run has ended: its result is made again from its record"


def _is_as_it_was(path: Path, config: Config) -> bool:
    """Whether no change but of the workers is asked for."""
    had = load_config(path / CONFIG)
    return config.model_copy(update={"workers": had.workers}) == had


def _without_original(original: str | None, copy: Path) -> list[str]:
    """What to tell of a run that goes on with its copy of the user's functions.

    Raises:
        InputError: the original is there, and is not what the copy was made of.
    """
    if original is None or not copy.is_file():
        return []
    try:
        same = Path(original).read_bytes() == copy.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return [f"functions: {original} is not there; going on with the copy, {copy}"]
    except OSError as error:
        raise InputError(
            f"functions: {original} cannot be read ({error.strerror}): make it "
            f"readable, or move it away to go on with the copy, {copy}"
        ) from None
    if not same:
        raise InputError(
            f"functions: {original} has changed since this run began; {copy} is what "
            f"it was: put that in its place, move {original} away to go on with the "
            "copy, or begin a new run"
        )
    return []


def _prepare(config: Config, functions: str | None) -> tuple[Problem, list[str]]:
    """Read the programs that a config names, try its tasks and choose their engines.

    With what was chosen in the problem's config comes a sentence for each choice.
    `functions` is where the user's own are: the file it names, or a run's copy.

    Raises:
        InputError: a program or a task is not there or does not work, or the search
            cannot start from the program.
    """
    drawn = functions_drawn(config.search.functions, load_own(functions))
    seed = load_named("program", config.program)
    require_breedable(config.search, seed)
    name = config.fitness.reference
    reference = seed if name is None else load_named("fitness.reference", name)
    chosen, reasons = _chosen(config, seed, functions)
    return Problem(chosen, seed, reference, drawn), reasons


def _chosen(
    config: Config, seed: Program, functions: str | None
) -> tuple[Config, list[str]]:
    """Try all tasks and put engines and slots where they are left open."""
    meta = config.meta_validation
    here = Circumstances(
        training=config.training,
        program=unparse(seed),
        seeds=config.fitness.seeds,
        window=config.search.window,
        workers=0 if config.workers.executor == "inline" else config.workers.count,
    )
    # One program at a time is meta-validated, on each of its data seeds.
    there = here._replace(
        seeds=meta.seeds, window=min(meta.seeds, config.search.window)
    )
    asked = [(task, here) for task in config.tasks]
    asked += [(task, there) for task in meta.used]
    if config.workers.executor == "inline":
        choices = try_and_choose(asked, functions)
    else:
        require_cluster()
        names = ", ".join(task.task for task, _ in asked)
        what = f"tasks: the process that tried {names}"
        choices = call_apart(what, try_and_choose_apart, asked, functions)
    count = len(config.tasks)
    tasks = tuple(choice.task for choice in choices)
    update: dict[str, object] = {"tasks": tasks[:count]}
    if meta.used:
        held_out = {"tasks": tasks[count:]}
        update["meta_validation"] = meta.model_copy(update=held_out)
    reasons = [
        choice.reason if index < count else f"meta-validation, {choice.reason}"
        for index, choice in enumerate(choices)
    ]
    return config.model_copy(update=update), reasons


def load_named(key: str, name: str) -> Program:
    """The program that a key of a config names, as of `load_program`.

    Raises:
        InputError: it is not there, or is no valid program; begins with the key.
    """
    try:
        return load_program(name)
    except DslError as error:
        raise InputError(f"{key}: {name}, {error}") from None
    except InputError as error:
        raise InputError(f"{key}: {error}") from None


def load_own(functions: str | None) -> tuple[str, ...]:
    """Add the functions of a user's file, if there is one; gives their names.

    Raises:
        InputError: as of `load_functions`.
    """
    return () if functions is None else load_functions(functions)


def try_own(functions: str | None) -> None:
    """Add the functions of a user's file, if there is one, and try them out.

    Raises:
        InputError: as of `load_functions` and `try_functions`.
    """
    if functions is not None:
        from evosearch.function_trial import try_functions

        try_functions(load_functions(functions), functions)


def load_program(name: str) -> Program:
    """A program by its name in dsl/programs, or by its path.

    Raises:
        InputError: neither is there.
        DslError: its text is not a valid program.
    """
    if name in program_names():
        return parse(read_program(name))
    try:
        text = Path(name).read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        known = did_you_mean(name, program_names())
        raise InputError(
            f"{name}: there is no such file, and no program of this name comes with "
            f"evosearch; {known}"
        ) from None
    except UnicodeDecodeError:
        raise InputError(
            f"{name}: not UTF-8; name the text of a program, saved as UTF-8"
        ) from None
    except OSError as error:
        raise InputError(
            f"{name}: cannot be read ({error.strerror}); name a program's file"
        ) from None
    except ValueError as error:  # a NUL in the path
        raise InputError(
            f"{name!r}: no path ({error}); name a program's file"
        ) from None
    return parse(text)
