"""S24: nobody else's command line says that a version is in use."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from relforge.runtime.versions import live
from tests.runtime.supervise.waiting import eventually

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user"),
]

NOBODY = 65534
# The words of its command line, and a file that it maps or not, as a process of another user.
SLEEPS = """
import ctypes, mmap, os, sys
libc = ctypes.CDLL(None)
file, uid, dumpable = sys.argv[1], int(sys.argv[2]), sys.argv[3]  # and the word
held = mmap.mmap(os.open(file, os.O_RDONLY), 0, prot=mmap.PROT_READ) if file else None
os.setgroups([]); os.setresgid(uid, uid, uid); os.setresuid(uid, uid, uid)
libc.prctl(4, int(dumpable))
print("up", flush=True); sys.stdin.read()
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for directory in (tmp_path, *tmp_path.parents):
        os.chmod(directory, 0o755)
    for version in ("1.0.0", "2.0.0"):
        (tmp_path / "releases" / version / "lib").mkdir(parents=True)
        (tmp_path / "releases" / version / "lib" / "x.so").write_bytes(b"x" * 4096)
    return tmp_path


@contextmanager
def process(word: str, uid: int, *, maps: str = "", dumpable: bool = True) -> Iterator[None]:
    words = [sys.executable, "-c", SLEEPS, maps, str(uid), str(int(dumpable)), word]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as made:
        assert made.stdout is not None
        assert b"up\n" == made.stdout.readline()
        yield
        made.kill()


def used(root: Path) -> set[str]:
    return live.versions(str(root / "releases"), ["1.0.0", "2.0.0"])


@pytest.mark.parametrize("dumpable", [True, False])
def test_the_words_of_a_stranger_do_not_count(root: Path, dumpable: bool) -> None:
    with process(str(root / "releases/1.0.0/x"), NOBODY, dumpable=dumpable):
        assert set() == used(root)


def test_those_of_root_and_of_the_owner_of_the_state_do(root: Path) -> None:
    word = str(root / "releases/1.0.0/x")
    with process(word, 0):
        assert {"1.0.0"} == used(root)
    (root / "var").mkdir()
    os.chown(root / "var", NOBODY, NOBODY)
    with process(word, NOBODY):
        assert {"1.0.0"} == used(root)


def test_what_a_stranger_really_runs_or_maps_does(root: Path) -> None:
    with process("x", NOBODY, maps=str(root / "releases/2.0.0/lib/x.so")):
        assert {"2.0.0"} == used(root)
    own = root / "releases/1.0.0/sleep"
    shutil.copy("/bin/sleep", own)
    with subprocess.Popen([own, "60"], user=NOBODY, group=NOBODY, extra_groups=[]) as made:
        eventually(lambda: {"1.0.0"} == used(root))
        made.kill()


def test_a_name_that_begins_alike_is_another_version(root: Path) -> None:
    with process(str(root / "releases/1.0.0.post1/x"), 0):
        assert set() == used(root)
