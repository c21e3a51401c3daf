"""What got into the application by accident: histories, environments, caches, large files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from fnmatch import fnmatchcase

from relforge.model.release import Entry, Finding, Release

RULE = "leftovers"
LARGE = 50_000_000  # bytes
LARGE_TESTS = 1_000_000  # bytes, all of a directory's together
DIRECTORIES = {
    ".git": "a Git repository",
    ".hg": "a Mercurial repository",
    ".svn": "a Subversion working copy",
    "node_modules": "npm's packages",
    ".venv": "a virtual environment",
    "venv": "a virtual environment",
    ".tox": "tox's virtual environments",
    ".nox": "nox's virtual environments",
    ".pytest_cache": "pytest's cache",
    ".mypy_cache": "mypy's cache",
    ".ruff_cache": "ruff's cache",
    ".hypothesis": "hypothesis's examples",
    ".ipynb_checkpoints": "Jupyter's checkpoints",
    ".idea": "an editor's settings",
    ".vscode": "an editor's settings",
    "htmlcov": "a coverage report",
}
FILES = {
    ".coverage": "coverage data",
    ".DS_Store": "a macOS metadata file",
    "*.orig": "a leftover of a merge",
    "*.rej": "a leftover of a patch",
    "*.swp": "an editor's swap file",
    "*~": "an editor's backup copy",
    "core": "a core dump",
    "db.sqlite3": "a database",
    "*.whl": "a package archive",
}
TESTS = ("tests", "test")


def rule(release: Release) -> Iterator[Finding]:
    """Each such directory and file of what is not a dependency, with its size."""
    directories: defaultdict[str, list[Entry]] = defaultdict(list)
    for layer in release.layers:
        if layer.name in ("python", "deps"):
            continue
        for entry in layer.entries:
            if directory := _directory(entry.path):
                directories[directory].append(entry)
            else:
                yield from _file(entry)
    for directory, entries in directories.items():
        name = directory.rpartition("/")[2]
        size = sum(entry.size for entry in entries)
        if name in DIRECTORIES:
            what = f"is {DIRECTORIES[name]}"
        elif size > LARGE_TESTS:
            what = "holds tests"
        else:
            continue
        yield _leftover(directory, f"{what}: {len(entries)} files, {_size(size)}")


def _file(entry: Entry) -> Iterator[Finding]:
    name = entry.path.rpartition("/")[2]
    what = next((what for row, what in FILES.items() if fnmatchcase(name, row)), "")
    if what and entry.link is None:
        yield _leftover(entry.path, f"is {what}: {_size(entry.size)}")
    elif entry.size > LARGE:
        yield _leftover(entry.path, f"is large: {_size(entry.size)}")


def _directory(path: str) -> str:
    """The topmost directory above that file which has one of the names; or nothing."""
    parts = path.split("/")[:-1]
    for index, part in enumerate(parts):
        if part in DIRECTORIES or part in TESTS:
            return "/".join(parts[: index + 1])
    return ""


def _leftover(path: str, message: str) -> Finding:
    return Finding(
        severity="warning",
        rule=RULE,
        path=path,
        message=message,
        hint="exclude it: from a wheel in the settings of its build backend, otherwise in "
        "tool.relforge.app",
    )


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.1f} kB"
