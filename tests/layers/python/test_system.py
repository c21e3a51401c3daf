"""The target's own Python: what is expected of it, and the environment that is laid out for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from relforge.layers import python
from relforge.layers.python import system
from relforge.model.release import Interpreter
from relforge.model.spec import PythonSettings
from relforge.support.errors import UserError

pytestmark = pytest.mark.process

SHORT = f"3.{sys.version_info.minor}"
BASE = Path(sys.executable).resolve()
FOREIGN = {"x86_64": "linux-aarch64", "aarch64": "linux-x86_64"}[os.uname().machine]


def find(version: str = SHORT, path: str = str(BASE), target: str | None = None) -> Interpreter:
    settings = PythonSettings(version=version, source="system", path=path)
    return python.find(settings, Path("/"), target)


def lay_out(interpreter: Interpreter, root: Path) -> Path:
    """As in a release; returns its ``python/bin/python3.X``."""
    (root / "python").mkdir(parents=True)
    system.make(interpreter, root / "python")
    (root / interpreter.site_packages / "own_module.py").write_text("")
    return root / interpreter.executable


def reported(program: Path, expression: str, *options: str) -> str:
    words = [str(program), *options, "-c", f"import sys, own_module; print({expression})"]
    done = subprocess.run(words, capture_output=True, text=True, check=True, cwd="/")
    return done.stdout.rstrip("\n")


def test_an_interpreter_that_this_host_has_too_is_used_to_test_the_release() -> None:
    found = find()
    assert (True, BASE, BASE) == (found.runs_here, found.origin, found.helper)
    assert (sys.version.split()[0], f"cp{SHORT.replace('.', '')}") == (found.version, found.tag)


def test_the_distributions_place_is_the_default() -> None:
    assert Path(f"/usr/bin/python{SHORT}") == find(path="").origin


def test_one_that_this_host_lacks_has_a_stand_in_of_the_same_version() -> None:
    found = find(path="/nonexistent/python")
    assert (False, SHORT) == (found.runs_here, found.short)
    assert found.helper is not None


def test_a_patch_in_the_settings_is_the_oldest_that_is_accepted() -> None:
    found = find(version=f"{SHORT}.99")
    assert (f"{SHORT}.99", False) == (found.version, found.runs_here)
    assert (f"{SHORT}.0", True) == (find(version=f"{SHORT}.0").version, find().runs_here)


def test_another_cpu_needs_no_interpreter_of_that_cpu() -> None:
    found = find(target=FOREIGN)
    assert (FOREIGN.removeprefix("linux-"), False) == (found.machine, found.runs_here)
    assert found.abi.endswith(f"{found.machine}-linux-gnu")


def test_a_patch_version_that_is_unknown_must_be_written() -> None:
    with pytest.raises(UserError) as caught:
        find(version="3.99", target=FOREIGN)
    assert 'version = "3.99.4"' in caught.value.hint


def test_the_environment_finds_its_packages_wherever_it_lies_and_hides_the_hosts(
    tmp_path: Path,
) -> None:
    root = tmp_path / "a b (ü)"
    program = lay_out(find(), root)
    assert str(program) == reported(program, "sys.executable")
    assert str(root / "python") == reported(program, "sys.prefix")
    root.rename(tmp_path / "moved")
    moved = tmp_path / "moved" / find().executable
    assert str(moved) == reported(moved, "sys.executable")
    assert "[]" == reported(
        moved,
        f"[path for path in sys.path if {str(BASE.parents[1])!r} in path "
        "and path.endswith('-packages')]",
    )


def test_processes_of_the_application_need_no_variable(tmp_path: Path) -> None:
    program = lay_out(find(), tmp_path)
    child = "__import__('subprocess').call([sys.executable, '-I', '-m', 'own_module'], env={})"
    assert "0" == reported(program, child)


def test_nothing_in_it_names_the_release(tmp_path: Path) -> None:
    lay_out(find(), tmp_path)
    text = (tmp_path / "python" / "pyvenv.cfg").read_text()
    assert f"home = {BASE.parent}\n" in text
    assert str(tmp_path) not in text
