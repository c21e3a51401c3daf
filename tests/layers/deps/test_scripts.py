"""Programs of packages: they start from anywhere, by any shell."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from relforge.layers.deps import scripts

pytestmark = pytest.mark.process

MODULE = """
import json, os, sys

class App:
    @staticmethod
    def main():
        print(json.dumps([sys.argv, sys.flags.no_user_site, "PYTHONPATH" in os.environ,
                          sys.path[0]]))
        return 3
"""


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    """A prefix with an interpreter and the program `tool`, in a directory with an odd name."""
    directory = tmp_path / "a b (c) ü'$x" / "python"
    (directory / "bin").mkdir(parents=True)
    (directory / "share/scripts").mkdir(parents=True)
    (directory / "bin/python3").symlink_to(sys.executable)
    library = directory / "lib"
    library.mkdir()
    (library / "tool.py").write_text(MODULE)
    half = scripts.python_half("tool", "tool", "App.main").decode()
    half = half.replace("import sys\n", f"import sys\nsys.path.append({str(library)!r})\n")
    (directory / "share/scripts/tool.py").write_text(half)
    program = directory / "bin/tool"
    program.write_bytes(scripts.launcher())
    program.chmod(0o755)
    return directory


def run(*words: str | Path, cwd: Path | None = None) -> tuple[int, str]:
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": "/nowhere", "PYTHONHOME": "/nowhere"}
    done = subprocess.run(
        [str(word) for word in words], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )
    assert "" == done.stderr
    return done.returncode, done.stdout


def expected(prefix: Path, arguments: str) -> str:
    rest = json.loads(arguments)
    return json.dumps([[str(prefix / "bin/tool"), *rest], 1, False])


def test_it_runs_its_entry_point_with_the_arguments_and_the_status(
    prefix: Path, shell: list[str]
) -> None:
    status, output = run(*shell, prefix / "bin/tool", "a b", "", "*", "$HOME")
    assert 3 == status
    assert output.startswith(expected(prefix, '["a b", "", "*", "$HOME"]')[:-1])


def test_the_directory_of_programs_is_not_on_the_path(prefix: Path) -> None:
    _, output = run(prefix / "bin/tool")
    assert str(prefix / "share/scripts") not in output


def test_it_finds_itself_through_any_chain_of_links(
    prefix: Path, shell: list[str], tmp_path: Path
) -> None:
    far = tmp_path / "far away"
    far.mkdir()
    (far / "directory").symlink_to(os.path.relpath(prefix / "bin", far))
    (far / "relative").symlink_to("directory/tool")
    (far / "renamed").symlink_to(far / "relative")
    (tmp_path / "last").symlink_to("far away/renamed")
    for link in (far / "relative", far / "renamed", tmp_path / "last", far / "directory/tool"):
        status, output = run(*shell, link)
        assert (3, True) == (status, output.startswith(expected(prefix, "[]")[:-1])), link
    assert 3 == run(*shell, "./last", cwd=tmp_path)[0]
    assert 3 == run(*shell, "tool", cwd=prefix / "bin")[0]


def test_a_link_with_dots_through_a_linked_directory_is_followed_as_the_kernel_does(
    prefix: Path, shell: list[str], tmp_path: Path
) -> None:
    (tmp_path / "x").symlink_to(prefix / "bin")
    (prefix / "bin/sideways").symlink_to("../bin/tool")
    assert 3 == run(*shell, tmp_path / "x/sideways")[0]
    assert 3 == run(*shell, tmp_path / "x/../bin/tool")[0]


def test_the_script_is_clean_for_shellcheck() -> None:
    found = shutil.which("shellcheck") or shutil.which(
        "shellcheck", path=Path(sys.executable).parent
    )
    if found is None:
        pytest.skip("no shellcheck on this host")
    done = subprocess.run([found, "-"], input=scripts.launcher(), capture_output=True, check=False)
    assert (0, b"") == (done.returncode, done.stdout)
