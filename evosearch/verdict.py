"""What all trainings of a program say of it: its outcome, and why if it is not ok."""

from __future__ import annotations

from collections.abc import Mapping

from evosearch.config import HurdlesConfig
from evosearch.errors import InputError
from evosearch.evaluate import task_name
from evosearch.fitness import Place
from evosearch.rows import TrainingRow
from evosearch.train import Outcome


def verdict(
    trainings: Mapping[Place, TrainingRow], hurdles: HurdlesConfig | None = None
) -> tuple[Outcome, str]:
    """A program's outcome from all its trainings, and why if it is not ok.

    Args:
        trainings: by task and data seed; the first that is not ok decides.
        hurdles: that they met, for the reason; None if they met none.
    """
    for row in trainings.values():
        outcome = Outcome(row.outcome)
        if outcome is Outcome.DIVERGED:
            return outcome, f"diverged on data seed {row.seed} within {row.steps} steps"
        if outcome is Outcome.IMPLAUSIBLE:
            return outcome, f"has loss {row.loss:.3g}, under the floor of the task"
        if outcome is Outcome.HOPELESS:
            assert hurdles is not None, "only searches have hurdles"
            return outcome, (
                f"was worse than {100.0 * (hurdles.quantile or 0.0):g}% of the last "
                f"{hurdles.history} at step {row.steps} on data seed {row.seed}"
            )
    return Outcome.OK, ""


def check_reference(row: TrainingRow) -> None:
    """A reference's loss must be a number that others can be divided by.

    Raises:
        InputError: it is not.
    """
    outcome, reason = verdict({(row.task, row.seed): row})
    if outcome is not Outcome.OK or row.loss == 0.0:
        raise InputError(
            f"task {task_name(row.task)}: the reference program (fitness.reference, or "
            f"program where that is null) {reason or 'has loss 0'}, so nothing can be "
            "compared with it: name one that trains there, or mend the task"
        )
