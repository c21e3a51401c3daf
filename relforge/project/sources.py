"""The files of the user's project that decide what its wheel becomes.

In a git checkout: what is tracked, and what is new and not ignored.  What git
ignores counts only inside a package, since generated code often is, and build
backends take it.  Elsewhere: everything.  Never: caches, virtual environments,
what was built before, releases that were unpacked here, and what only relforge
and lock tools read.  What the build backend's settings name counts in any case.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from relforge import cache
from relforge.model import layout
from relforge.model.spec import ADD_LOCK
from relforge.project import backend_paths, git
from relforge.project.toml_document import read_toml
from relforge.support.errors import UserError

LEFT_OUT = frozenset(
    {
        ".git",
        ".hg",
        ".idea",
        ".mypy_cache",
        ".nox",
        ".pytest_cache",
        ".relforge",
        ".ruff_cache",
        ".tox",
        ".venv",
        ".vscode",
        "__pycache__",
        "node_modules",
    }
)
OUTPUTS = frozenset({"_build", "build", "dist"})  # inside a package these are names like any other
ARTIFACT = re.compile(  # what a release writes, where no .gitignore names dist/
    r"dist/[^/]+\.(tar\.gz|tar\.zst|oci\.tar|deb|run)"
    r"(\.(sha256(\.sig)?|provenance\.json|sigstore\.json))?"
)
BOOT = f"{layout.RUNTIME}/relforge/runtime/boot.py"  # what only a release has
SETTINGS_ONLY = frozenset(
    {
        *("relforge.toml", "pylock.toml", "uv.lock", "requirements.lock"),
        *("poetry.lock", "pdm.lock", "Pipfile.lock", ADD_LOCK),
    }
)


def files(root: Path) -> tuple[str, ...]:
    """The project's files and links, relative to its directory, sorted."""
    found = _tracked(root)
    names = set(found if found is not None else below(root, root))
    for place in backend_paths.outputs(root, OUTPUTS):
        path = root / place
        names.update(below(path, root) if path.is_dir() else [place])
    own = _cache_in(root)
    return tuple(
        sorted(name for name in names if name not in SETTINGS_ONLY and not name.startswith(own))
    )


def is_output(name: str, packages: Collection[str]) -> bool:
    """Whether a file is in a directory of what was built, and in none of these packages."""
    directories = name.split("/")[:-1]
    for index, directory in enumerate(directories):
        if directory in OUTPUTS:
            path = "/".join(directories[: index + 1])
            return path not in packages and not _is_inside(path, packages)
    return False


def below(
    directory: Path, root: Path, left_out: frozenset[str] = LEFT_OUT, *, inside: bool = False
) -> Iterator[str]:
    """Files and links below a directory, relative to the root; bytecode stays out.

    ``inside`` a package nothing counts as the output of a build.
    """
    with os.scandir(directory) as rows:
        entries = sorted(rows, key=lambda row: row.name)
    inside = inside or (directory != root and any(row.name == "__init__.py" for row in entries))
    for row in entries:
        if row.is_dir(follow_symlinks=False):
            built = row.name in OUTPUTS and not inside and not _is_package(row.path)
            if not (
                built
                or row.name in left_out
                or row.name.endswith(".egg-info")
                or _foreign(row.path)
            ):
                yield from below(Path(row.path), root, left_out, inside=inside)
        elif not row.name.endswith((".pyc", ".pyo")) and (row.is_file() or row.is_symlink()):
            yield Path(row.path).relative_to(root).as_posix()


def digest(root: Path, names: Iterable[str]) -> str:
    """One content key of these files: path, content and executable bit, or a link's target.

    Of the project's ``pyproject.toml`` relforge's own settings do not count.
    """
    try:
        return cache.key(*(_row(root, name) for name in names))
    except FileNotFoundError:  # it was there when they were listed
        raise changed(root) from None


def snapshot(root: Path, names: Collection[str], into: Path, expected: str) -> None:
    """Copy these files as they were when they had that digest.

    Raises UserError where somebody has changed one since: what is made of them
    would be kept under the key of what they were.
    """
    try:
        copy(root, names, into)
    except FileNotFoundError:
        raise changed(root) from None
    if digest(into, names) != expected:
        raise changed(root)


def checkout(
    root: Path, names: Collection[str], top: Path, expected: str, *, history: bool
) -> Path:
    """A `snapshot` at its place below ``top``, as in the checkout that the project is in.

    With ``history``, git answers there as it does in the project.
    """
    inner = git.output(root, "rev-parse", "--show-prefix")
    into = top / (inner or "").strip()
    snapshot(root, names, into, expected)
    if history:
        git.lend(root, into, top)
    return into


def changed(root: Path) -> UserError:
    """The error of a build during which somebody writes to the project."""
    return UserError(f"{root}: files of the project changed while it was built", hint="build again")


def copy(root: Path, names: Iterable[str], into: Path) -> None:
    """Copy these files, links as links."""
    for name in names:
        source, target = root / name, into / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_symlink():
            target.symlink_to(os.readlink(source))
        else:
            target.write_bytes(source.read_bytes())
            target.chmod(0o755 if source.stat().st_mode & 0o100 else 0o644)


def _row(root: Path, name: str) -> str:
    path = root / name
    if path.is_symlink():
        return f"{name} -> {os.readlink(path)}"
    if name == "pyproject.toml":
        data = read_toml(path)
        tools = {key: value for key, value in data.pop("tool", {}).items() if key != "relforge"}
        return f"{name} {json.dumps([data, tools], sort_keys=True, default=str)}"
    return f"{name} {path.stat().st_mode & 0o100} {cache.sha256(path)}"


def _tracked(root: Path) -> set[str] | None:
    """What git says, None where it knows nothing of the directory."""
    listed = git.output(root, "ls-files", "-z", "-co", "--exclude-standard")
    if not listed:  # no checkout, or a directory that the one around it ignores
        return None
    own = _cache_in(root)
    rows = (
        name
        for name in listed.split("\0")
        if name and not (name.startswith(own) or ARTIFACT.fullmatch(name))
    )
    names = {name for name in rows if _counts(root, name)}
    unpacked = tuple(name.removesuffix(BOOT) for name in names if name.endswith(f"/{BOOT}"))
    names = {name for name in names if not name.startswith(unpacked)}
    packages = {os.path.dirname(name) for name in names if name.endswith("/__init__.py")}
    ignored = git.output(
        root, "ls-files", "-z", "-oi", "--exclude-standard", "--directory", "--no-empty-directory"
    )
    for name in (ignored or "").split("\0"):
        path = name.rstrip("/")
        if not path or not _is_inside(path, packages) or set(path.split("/")) & LEFT_OUT:
            continue
        if name.endswith("/"):
            names.update(below(root / path, root, inside=True))
        elif not path.endswith((".pyc", ".pyo")):
            names.add(path)
    return names


def _cache_in(root: Path) -> str:
    """Where below the project relforge's own cache lies, as CI systems have it; else no path."""
    place = os.path.relpath(cache.home().absolute(), root)
    return "/" if place.startswith("..") else f"{place}/"


def _foreign(directory: str) -> bool:
    """Whether a directory is a virtual environment or a release that was unpacked."""
    return any(os.path.exists(os.path.join(directory, name)) for name in ("pyvenv.cfg", BOOT))


def _counts(root: Path, name: str) -> bool:
    """Whether a file that git lists is one to take: there, and no submodule's directory."""
    path = root / name
    return path.is_symlink() or path.is_file()


def _is_package(directory: str) -> bool:
    return os.path.exists(os.path.join(directory, "__init__.py"))


def _is_inside(path: str, directories: Collection[str]) -> bool:
    while path := os.path.dirname(path):
        if path in directories:
            return True
    return False
