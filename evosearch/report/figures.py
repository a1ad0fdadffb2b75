"""A study's plots, after the paper's Figure 2: fitness against work, and shares.

And after Figure 3, left: search fitness and meta-validation fitness of who leads.

Lines are means over the seeds of an arm, in bands of the standard error. The same
points give the same file.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

FITNESS, SHARES, META = "fitness.svg", "shares.svg", "meta.svg"

CAPTIONS = {
    FITNESS: "Best search fitness so far against programs made and training steps",
    SHARES: "Fitness, programs answered by the store and dead statements, as shares",
}

META_CAPTION = "Search fitness and meta-validation fitness of who leads, by arm"

WINDOW = 15
"""Points, of a curve's 150 to 300, that a share is of: of fewer it would be noise."""

_GRID = 200
_STYLE: dict[Any, Any] = {
    "svg.hashsalt": "evosearch",
    "svg.fonttype": "none",
    "font.size": 9,
}


class Plotted(NamedTuple):
    """One run: numbers after some of its programs, all of the same length."""

    programs: Sequence[float]
    steps: Sequence[float]
    fitness: Sequence[float]
    hits: Sequence[float]
    dead: Sequence[float]


class Leaders(NamedTuple):
    """Who led one run: after some of its programs, all of the same length.

    NaN stands for the fitness of one that failed on held-out tasks.
    """

    programs: Sequence[float]
    search: Sequence[float]
    held_out: Sequence[float]


class Line(NamedTuple):
    """An arm: its runs, and whether it is a baseline, drawn as a dashed line.

    And the leaders of those runs that have meta-validation.
    """

    name: str
    runs: Sequence[Plotted]
    baseline: bool
    leaders: Sequence[Leaders] = ()


def shares_of(
    counts: Sequence[float], of: Sequence[float], points: int = WINDOW
) -> list[float]:
    """The share among what came in the last points, of counts since the beginning."""
    new, total = (
        each - np.concatenate([np.zeros(points), each])[: len(each)]
        for each in (np.asarray(counts, float), np.asarray(of, float))
    )
    return [float(x) for x in new / np.maximum(total, 1.0)]


def mean_band(
    runs: Sequence[Plotted] | Sequence[Leaders], x: str, y: str
) -> tuple[Array, Array, Array]:
    """A grid up to the end of the shortest run, the mean there, and its error.

    Between two points a run is where it was at the first: the best so far is a step.
    """
    ends = [getattr(run, x) for run in runs]
    grid = np.linspace(max(e[0] for e in ends), min(e[-1] for e in ends), _GRID)
    rows = []
    for run in runs:
        place = np.searchsorted(np.asarray(getattr(run, x)), grid, side="right") - 1
        rows.append(np.asarray(getattr(run, y))[place])
    values = np.asarray(rows, np.float64)
    mean = values.mean(axis=0)
    error = values.std(axis=0, ddof=1) / np.sqrt(len(runs)) if len(runs) > 1 else 0.0
    return grid, mean, np.broadcast_to(error, mean.shape)


def write_figures(lines: Sequence[Line], folder: Path) -> dict[str, str]:
    """Draw the plots; gives captions by file name, of none if matplotlib is not there.

    Args:
        lines: arms with at least one run.
        folder: where the files go.
    """
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError:
        return {}
    drawn: dict[str, Callable[[Any, Sequence[Line]], None]] = {
        FITNESS: _draw_fitness,
        SHARES: _draw_shares,
    }
    captions = dict(CAPTIONS)
    if any(line.leaders for line in lines):
        drawn[META], captions[META] = _draw_leaders, META_CAPTION
    with matplotlib.rc_context(_STYLE):
        for name, draw in drawn.items():
            figure = Figure(figsize=(8.0, 3.2), layout="constrained")
            draw(figure, lines)
            # Without the date two equal plots are equal files.
            figure.savefig(folder / name, metadata={"Date": None})
    return captions


def _draw_fitness(figure: Any, lines: Sequence[Line]) -> None:
    """Figure 2, left: baselines are dashed lines where they end, on the left panel."""
    left, right = figure.subplots(1, 2, sharey=True)
    for number, line in enumerate(lines):
        color = f"C{number}"
        if line.baseline:
            _, mean, error = mean_band(line.runs, "programs", "fitness")
            left.axhline(mean[-1], color=color, linestyle="--", label=line.name)
            low, high = mean[-1] - error[-1], mean[-1] + error[-1]
            left.axhspan(low, high, color=color, alpha=0.15, linewidth=0)
        else:
            _plot(left, line, ("programs", "fitness"), color)
        _plot(right, line, ("steps", "fitness"), color, "--" if line.baseline else "-")
    left.set_xlabel("programs made")
    right.set_xlabel("training steps")
    left.set_ylabel("search fitness (lower is better)")
    right.legend()


def _draw_shares(figure: Any, lines: Sequence[Line]) -> None:
    """Figure 2, right: of the arms that are no baselines, or of all if all are."""
    chosen = [line for line in lines if not line.baseline] or lines
    titles = {"fitness": "search fitness", "hits": "cache hits", "dead": "dead share"}
    for panel, (y, title) in zip(figure.subplots(1, 3), titles.items(), strict=True):
        for number, line in enumerate(chosen):
            _plot(panel, line, ("programs", y), f"C{number}")
        panel.set_title(title)
        panel.set_xlabel("programs made")
        if y != "fitness":
            panel.set_ylim(0.0, 1.0)
    panel.legend()


def _draw_leaders(figure: Any, lines: Sequence[Line]) -> None:
    """Figure 3, left: a panel for each arm that has meta-validation."""
    chosen = [line for line in lines if line.leaders]
    panels = figure.subplots(1, len(chosen), sharey=True, squeeze=False)[0]
    for panel, line in zip(panels, chosen, strict=True):
        curves = {"search": "search fitness", "held_out": "meta-validation fitness"}
        for number, (y, label) in enumerate(curves.items()):
            band = mean_band(line.leaders, "programs", y)
            _plot_band(panel, band, label, f"C{number}")
        panel.set_title(line.name)
        panel.set_xlabel("programs made")
    panels[0].set_ylabel("fitness (lower is better)")
    panels[-1].legend()


def _plot(
    panel: Any, line: Line, axes: tuple[str, str], color: str, style: str = "-"
) -> None:
    _plot_band(panel, mean_band(line.runs, *axes), line.name, color, style)


def _plot_band(
    panel: Any,
    band: tuple[Array, Array, Array],
    label: str,
    color: str,
    style: str = "-",
) -> None:
    grid, mean, error = band
    panel.plot(grid, mean, style, color=color, label=label)
    panel.fill_between(
        grid, mean - error, mean + error, color=color, alpha=0.2, linewidth=0
    )
