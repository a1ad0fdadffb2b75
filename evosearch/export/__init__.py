"""A program as stand-alone source: written, then held against the program itself.

A function of the language needs a formula in `jax_formulas`, `torch_formulas` and
`latex_formulas`; where that is long, a function of its own in `templates/*.txt`. What
else PyTorch's file lists makes a step faster, but for `VIEWS`, which it cannot do
without. A target needs a writer of traces (as `torch_source`), a table of formulas, a
stepper for `verify` (as `torch_run`) and a row in `exporting.TARGETS`.
"""

from __future__ import annotations

from evosearch.export.exporting import (
    TARGETS,
    Export,
    checked_name,
    checked_target,
    export,
    latex_of,
)

__all__ = ["TARGETS", "Export", "checked_name", "checked_target", "export", "latex_of"]
