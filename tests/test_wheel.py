"""A wheel of the repository is complete and works in an environment outside it."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]

PARSE_SHIPPED = """
import sys
from importlib.resources import files
import dsl, evosearch
for package in (dsl, evosearch):
    assert package.__file__.startswith(sys.prefix), package.__file__
text = (files(dsl) / "programs" / "adamw.opt").read_text(encoding="utf-8")
program = dsl.parse(text)
assert dsl.parse(dsl.unparse(program)) == program
print(len(program.statements))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", folder, ROOT)
    (path,) = folder.glob("*.whl")
    return path


def run(*command: str | Path, folder: Path = ROOT) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_holds_both_packages_whole(wheel: Path) -> None:
    sources = {
        path.relative_to(ROOT).as_posix()
        for folder in ("dsl", "evosearch")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == sources
    assert names >= {"dsl/grammar.lark", "dsl/programs/adamw.opt"}
    assert names >= {"dsl/py.typed", "evosearch/py.typed"}


def test_the_wheel_works_outside_the_repository(wheel: Path, tmp_path: Path) -> None:
    folder = tmp_path / "environment"
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    # Its dependencies come from the environment that the tests run in, as a plain
    # path: the .pth files there, which point at the repository, are not read again.
    site = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))")
    dependencies = Path(site.strip()) / "dependencies.pth"
    dependencies.write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    # --ignore-installed: pip must not mind the evosearch that it can see there.
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet")
    run(*pip, "--no-index", "--no-deps", "--ignore-installed", wheel)
    assert int(run(python, "-I", "-c", PARSE_SHIPPED, folder=tmp_path)) == 9
    script = run(folder / "bin" / "evosearch", "--help", folder=tmp_path)
    assert "Usage" in script
