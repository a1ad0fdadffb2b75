"""A generated source as a module, imported from a temporary file."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

from evosearch.errors import InputError


def need(library: str, what: str) -> None:
    """Ask for a library without which an export cannot be checked.

    Raises:
        InputError: it is not installed, or cannot be imported.
    """
    needs = f"{what} is checked before it is written, which needs {library}"
    if importlib.util.find_spec(library) is None:
        raise InputError(
            f'{needs}: pip install --editable ".[{library}]" where evosearch lies'
        )
    try:
        importlib.import_module(library)
    except (ImportError, OSError) as error:  # OSError: of a library that it loads
        raise InputError(
            f"{needs}, and that is installed but cannot be imported ({error}): mend it "
            f"with pip install --force-reinstall {library}"
        ) from None


def load(source: str, name: str) -> ModuleType:
    """Import a source; whatever it raises is a fault of ours and passes through."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.py"
        path.write_text(source, encoding="utf-8")
        spec = importlib.util.spec_from_file_location(f"exported_{name}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module
