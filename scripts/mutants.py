"""Break lines of the product on purpose, one at a time: the tests that guard them must turn red.

`scripts/mutants.toml` lists them.  The tracked files are copied into a temporary directory, and
only that copy is broken.  Each argument is a part of a path: only those files are broken.
With `--check` nothing is broken: each line of the list has to be there, once.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIST = Path(__file__).with_suffix(".toml")
IN_MEMORY = "not process and not network and not release and not rootfs"
SECONDS = 60.0  # that the tests of one mutant may take; a test that hangs counts as red
FAILED = 1  # pytest's status where tests have failed; others mean that they could not run
PYTEST = (sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--no-header")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """``old`` is a text that occurs once in ``file``; ``what`` says what ``new`` breaks.

    ``needs`` is the expression of marks that chooses among the tests.
    """

    file: str
    old: str
    new: str
    what: str
    tests: list[str]
    needs: str = IN_MEMORY


def copied(target: Path) -> None:
    """The tracked files, as they are in the working tree."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True)
    for name in map(os.fsdecode, filter(None, listed.stdout.split(b"\0"))):
        if os.path.lexists(ROOT / name):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name, follow_symlinks=False)


def status(tree: Path, tests: Iterable[str], needs: str, *, shown: bool = False) -> int:
    """pytest's exit status for these tests in the copy; `FAILED` where they do not end."""
    out = None if shown else subprocess.DEVNULL
    base = tree.with_name("t")  # short: the path of a socket holds 107 bytes
    with subprocess.Popen(
        [*PYTEST, f"--basetemp={base}", "-m", needs, *tests],
        cwd=tree,
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=out,
        start_new_session=True,
    ) as process:
        try:
            return process.wait(None if shown else SECONDS)
        except subprocess.TimeoutExpired:
            return FAILED
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def outcome(tree: Path, mutant: Mutant, number: int) -> tuple[str, int]:
    """``red`` or ``GREEN``, or why neither; and the line."""
    path = tree / mutant.file
    text, stamps = path.read_text(), path.stat()
    if text.count(mutant.old) != 1:
        return f"FOUND {text.count(mutant.old)} TIMES", 0
    line = text[: text.index(mutant.old)].count("\n") + 1
    path.write_text(text.replace(mutant.old, mutant.new))
    os.utime(path, (number, number))  # Python compares bytecode by size and whole seconds
    try:
        code = status(tree, mutant.tests, mutant.needs)
    finally:
        path.write_text(text)
        os.utime(path, ns=(stamps.st_atime_ns, stamps.st_mtime_ns))
    return {0: "GREEN", FAILED: "red"}.get(code, f"PYTEST EXITED WITH {code}"), line


def survivors(tree: Path, mutants: list[Mutant]) -> Iterator[Mutant]:
    """Print a line for each; those that are not red."""
    for number, mutant in enumerate(mutants, 1):
        began = time.monotonic()
        result, line = outcome(tree, mutant, number)
        seconds = time.monotonic() - began
        print(f"{result:<5} {seconds:5.1f} s  {mutant.file}:{line}  {mutant.what}", flush=True)
        if result != "red":
            yield mutant


def stale(mutants: list[Mutant]) -> list[Mutant]:
    """Those whose text does not occur once any more, each printed."""
    found = [row for row in mutants if (ROOT / row.file).read_text().count(row.old) != 1]
    for row in found:
        print(f"{LIST.name}: {row.file} does not contain once: {row.old!r}")
    return found


def main(parts: list[str]) -> int:
    """Print what becomes of each mutant; the exit status."""
    rows = [Mutant(**row) for row in tomllib.loads(LIST.read_text())["mutant"]]
    if parts == ["--check"]:
        return bool(stale(rows))
    mutants = [row for row in rows if not parts or any(part in row.file for part in parts)]
    if not mutants:
        print(f"no mutant of {' or '.join(parts)} in {LIST.name}")
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the copy goes then as well
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="rf.") as directory:
        tree = Path(directory) / "c"
        copied(tree)
        for needs in sorted({row.needs for row in mutants}):
            tests = sorted({test for row in mutants if row.needs == needs for test in row.tests})
            if status(tree, tests, needs, shown=True):
                print("the tests fail before anything is broken")
                return 1
        left = list(survivors(tree, mutants))
    minutes = (time.monotonic() - began) / 60
    print(f"{len(mutants) - len(left)} of {len(mutants)} mutants are red, in {minutes:.1f} minutes")
    if left:
        print("each of the others needs a test that fails for it, or a new line in mutants.toml")
    return bool(left)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
