"""A program as stand-alone source: written, then held against the program itself."""

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
