"""CPython's own regression tests, run by a moved interpreter whose origin is out of reach.

The tests of the original installation are laid into a copy of the moved tree,
and that installation's prefix is covered with an empty file system.
It takes one to three minutes for each version: `pytest -m stdlib`.
"""

from __future__ import annotations

import fnmatch
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from relforge import cache
from relforge.model.python_version import SUPPORTED
from tests.layers.python.conftest import UNSHARE, Moved

pytestmark = [pytest.mark.release, pytest.mark.stdlib]

TESTS = (
    *("test_ssl", "test_sqlite3", "test_ctypes", "test_zoneinfo", "test_hashlib", "test_bz2"),
    *("test_lzma", "test_zlib", "test_readline", "test_subprocess", "test_venv"),
    *("test_sysconfig", "test_multiprocessing_spawn"),
)

# Tests that pass on the original and cannot on any interpreter that finds itself by its own
# place.  Nothing else may fail; what the tests skip by themselves, they skip on the original too.
CANNOT = {
    "test_executable_without_cwd": (
        "starts the program under a name that is no path and not on PATH, and expects it to "
        "find the standard library at the prefix that was compiled in"
    ),
    "test_zippath_from_non_installed_posix": (
        "copies the program to a directory without its libraries and expects it to find libpython "
        "at the prefix that was compiled in"
    ),
}

# What else the tests need of the original: left out of a release on purpose.
BESIDE = (
    *("test", "ctypes/test", "distutils/tests", "ensurepip"),
    *("lib-dynload/_test*", "lib-dynload/_ctypes_test*", "lib-dynload/_xx*", "lib-dynload/xx*"),
)


@pytest.mark.parametrize("version", SUPPORTED)
def test_the_standard_librarys_own_tests_pass_on_a_moved_interpreter(
    version: str, moved: Callable[[str], Moved], namespaces: None, tmp_path: Path
) -> None:
    one = moved(version)
    original = one.original / "lib" / f"python{one.interpreter.short}"
    tests = [name for name in TESTS if list((original / "test").glob(f"{name}*"))]
    if "test_sysconfig" not in tests:
        pytest.skip(f"{original} has no tests")
    tree = tmp_path / "moved"
    cache.place(one.tree, tree)
    lay_beside(original, tree / "lib" / original.name)
    ignored = [word for name in CANNOT for word in ("--ignore", name)]

    done = run_hidden(
        one.original,
        tmp_path,
        *(tree / "bin" / one.program.name, "-m", "test", "-j2", "--timeout", "300"),
        *(*ignored, *tests),
    )

    assert 0 == done.returncode, done.stdout[-8000:]
    assert os.fspath(one.original) not in done.stdout


def lay_beside(original: Path, library: Path) -> None:
    """Copy the tests, and what only they need, from the original's standard library."""
    for path in original.rglob("*"):
        relative = path.relative_to(original)
        wanted = any(
            fnmatch.fnmatchcase(relative.as_posix(), pattern) or relative.is_relative_to(pattern)
            for pattern in BESIDE
        )
        target = library / relative
        if wanted and not path.is_dir() and "__pycache__" not in relative.parts:
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                shutil.copy(path, target, follow_symlinks=False)


def run_hidden(
    prefix: Path, directory: Path, *words: str | Path
) -> subprocess.CompletedProcess[str]:
    """Run a command that sees nothing below the prefix, and none of this process's environment."""
    script = """
        set -eu
        mount -t tmpfs tmpfs "$1"
        mount -t proc proc /proc
        shift
        exec "$@"
    """
    work = directory / "work"
    work.mkdir()
    return subprocess.run(
        [*UNSHARE, "sh", "-c", script, "sh", prefix, *words],
        cwd=work,
        env={"PATH": "/usr/bin:/bin", "HOME": str(work)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
        check=False,
    )
