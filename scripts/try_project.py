"""The whole way for one project, in a copy of it: init, lock, release, start, a page, stop.

    python scripts/try_project.py DIR [--add PACKAGE]... [--settings FILE] [--env KEY=VALUE]...

Prints one row: what each step took, the edits that it needed, the page's status, the size.
``--add`` writes a further dependency, ``--settings`` replaces what init wrote: each counts
as edits, by the lines that differ.  ``--env`` is what the release is started with, as on a
host, in addition to the values that init wrote to build with: not an edit, and listed.
"""

from __future__ import annotations

import argparse
import difflib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import tomli

LIMIT = 1200  # seconds for a step


class Failed(Exception):
    """A step that did not work, with its last words."""


@dataclass
class Row:
    """What was found out about one project."""

    name: str
    seconds: dict[str, float] = field(default_factory=dict)
    failed: str = ""
    edits: int = 0
    page: str = ""
    size: float = 0.0
    env: tuple[str, ...] = ()

    def __str__(self) -> str:
        steps = " ".join(f"{step} {took:.0f}s" for step, took in self.seconds.items())
        result = f"FAILED at {self.failed}" if self.failed else f"page {self.page}"
        env = f"env {' '.join(self.env) or '-'}"
        return f"{self.name} | {result} | edits {self.edits} | {env} | {steps} | {self.size:.1f} MB"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("project", type=Path)
    parser.add_argument("--add", action="append", default=[], metavar="PACKAGE")
    parser.add_argument("--settings", type=Path, help="a relforge.toml in the place of init's")
    parser.add_argument("--before", action="append", default=[], help="a command to run first")
    parser.add_argument("--env", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--path", default="/", help="the page to ask for")
    parser.add_argument("--host", default="", help="the host's name in the request, as by a proxy")
    parser.add_argument("--keep", action="store_true", help="leave the copy where it is")
    given = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="try-"))
    row = Row(given.project.resolve().name)
    try:
        _try(given, directory, row)
    except Failed as error:
        print(error, file=sys.stderr)
    finally:
        if given.keep:
            print(f"kept: {directory}", file=sys.stderr)
        else:
            shutil.rmtree(directory, ignore_errors=True)
    print(row)
    return 1 if row.failed else 0


def _try(given: argparse.Namespace, directory: Path, row: Row) -> None:
    root = directory / "project"
    shutil.copytree(given.project, root, symlinks=True)
    if given.add:
        with (root / "requirements.txt").open("a") as file:
            file.write("".join(f"\n{name}" for name in given.add))
        row.edits += len(given.add)
    _step(row, "init", lambda: print(_relforge(root, "init"), file=sys.stderr))
    if given.settings:
        row.edits += _replace(root, given.settings)
    _step(row, "lock", lambda: _relforge(root, "lock"))
    _step(row, "release", lambda: _relforge(root, "release"))
    (artifact,) = (root / "dist").glob("*.tar.*")
    row.size = artifact.stat().st_size / 1e6
    place = directory / "unpacked"
    place.mkdir()
    subprocess.run(["tar", "-xf", artifact, "-C", place], check=True)
    _step(row, "start", lambda: _serve(given, root, place, directory / "state", row))


def _serve(given: argparse.Namespace, root: Path, place: Path, state: Path, row: Row) -> None:
    (program,) = (path for path in place.glob("*/bin/*") if path.name != "python")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    state.mkdir()
    settings = _settings(root)
    check = settings.get("check", {})
    values = dict(check.get("env", {}) if isinstance(check, dict) else {})
    values |= dict(text.split("=", 1) for text in given.env)
    row.env = tuple(values)
    environ = {
        **{key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ},
        "RELEASE_STATE_DIR": str(state),
        "PORT": str(port),
        **values,
    }
    for words in given.before:
        print(_run([program, *words.split()], place, environ), file=sys.stderr)
    try:
        _run([program, "start", "--wait", "120s"], place, environ)
        row.page = _page(f"http://127.0.0.1:{port}{given.path}", settings, given.host)
    except Failed:
        log = state / "log"
        print(*(path.read_text()[-3000:] for path in log.glob("*")), sep="\n", file=sys.stderr)
        raise
    finally:
        subprocess.run([program, "stop"], env=environ, capture_output=True, check=False)


def _page(address: str, settings: dict[str, object], host: str) -> str:
    services = settings.get("services", {})
    if isinstance(services, dict) and "web" not in services:
        return "none: no web service"
    request = urllib.request.Request(address, headers={"Host": host} if host else {})
    for _ in range(20):
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return f"{answer.status}, {len(answer.read())} bytes"
        except urllib.error.HTTPError as error:
            if error.code < 500:
                return str(error.code)
            raise Failed(f"{address}: {error.code}") from None
        except OSError:
            time.sleep(0.5)
    raise Failed(f"{address}: nobody answers")


def _step(row: Row, name: str, do: Callable[[], object]) -> None:
    started = time.monotonic()
    try:
        do()
    except Failed:
        row.failed = name
        raise
    finally:
        row.seconds[name] = time.monotonic() - started


def _relforge(root: Path, *words: str) -> str:
    environ = {**os.environ, "NO_COLOR": "1"}
    return _run([sys.executable, "-m", "relforge", *words], root, environ)


def _run(words: list[object], directory: Path, environ: dict[str, str]) -> str:
    done = subprocess.run(
        [str(word) for word in words],
        cwd=directory,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    if done.returncode:
        shown = " ".join(str(word) for word in words[-2:])
        raise Failed(f"--- {shown}: {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done.stderr + done.stdout


def _settings(root: Path) -> dict[str, object]:
    own = root / "relforge.toml"
    if own.is_file():
        return tomli.loads(own.read_text())
    found = tomli.loads((root / "pyproject.toml").read_text())
    return dict(found.get("tool", {}).get("relforge", {}))


def _replace(root: Path, settings: Path) -> int:
    """Put other settings in the place of those that init wrote; the lines that differ."""
    own = root / "relforge.toml"
    before = own.read_text() if own.is_file() else (root / "pyproject.toml").read_text()
    after = settings.read_text()
    target = own if own.is_file() else root / "pyproject.toml"
    target.write_text(after)
    rows = difflib.ndiff(before.splitlines(), after.splitlines())
    return sum(line.startswith("+ ") for line in rows)


if __name__ == "__main__":
    sys.exit(main())
