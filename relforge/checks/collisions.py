"""What several packages bring under one name, and modules that another one hides."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from relforge.model import layout
from relforge.model.origins import Origins
from relforge.model.release import Collision, Finding, Release

RULE = "collisions"
_SCRIPT = re.compile(rf"{layout.SCRIPTS}/([^/]+)\.py")
_SUFFIXES = (".py", ".so")


def rule(release: Release) -> Iterator[Finding]:
    """Each file of two packages that matters, and each module that cannot be imported."""
    for row in release.collisions:
        if row.kind != "text" and not row.wanted:
            yield _of_collision(row)
    yield from _hidden(release)


def notes(release: Release) -> Iterator[str]:
    """Texts that several packages bring: nothing that runs depends on which of them is there."""
    rows = [row for row in release.collisions if row.kind == "text"]
    if rows:
        names = ", ".join(f"{posixpath.basename(row.path)} from {row.winner}" for row in rows[:3])
        more = f" and {len(rows) - 3} more" if len(rows) > 3 else ""
        yield (
            f"text files that several packages contain, of which the release has one: {names}{more}"
        )


def _of_collision(row: Collision) -> Finding:
    script = _SCRIPT.fullmatch(row.path)
    is_module = row.kind == "module"
    about = (
        f"is replaced by {row.winner}, which overwrites a file of {row.loser}"
        if row.kind == "laid"
        else f"is in {row.loser} and in {row.winner}, with different content; "
        f"the release has the one from {row.winner}"
    )
    one, other = _package(row.loser), _package(row.winner)
    return Finding(
        severity="error" if is_module else "warning",
        rule=RULE,
        path=f"{layout.PYTHON}/bin/{script[1]}" if script else row.path,
        message=about,
        hint="write to another directory, or exclude the file from the sources"
        if row.kind == "laid"
        else f'choose which one wins: dependencies.prefer = ["{one}"] or ["{other}"]; or leave one '
        "out",
        topic=about,
    )


def _package(name: str) -> str:
    """``html-min==1.0`` without its version."""
    return re.split(r"==| \(", name, maxsplit=1)[0]


def _hidden(release: Release) -> Iterator[Finding]:
    """Modules whose name another package, or the same name in another shape, takes first.

    An interpreter takes a package before an extension, that before a module, and what is
    in site-packages before what is in ``app/``.
    """
    roots = (release.python.site_packages, *layout.app_roots(release.settings.app_roots))
    paths = {
        path
        for layer in release.layers
        if layer.name != "python"
        for path in layer.paths
        if path.endswith(_SUFFIXES) and path.startswith(tuple(f"{root}/" for root in roots))
    }
    directories = {posixpath.dirname(path) for path in paths}
    extensions = {_stem(path): path for path in paths if path.endswith(".so")}
    pairs = [*_in_two_shapes(paths, directories, extensions), *_shadowed(roots, paths)]
    origins = Origins(release) if pairs else None
    for hidden, winner in sorted(pairs):
        assert origins is not None
        one, other = origins.name(hidden), origins.name(winner)
        if one != other:
            yield Finding(
                severity="warning",
                rule=RULE,
                path=hidden,
                message=f"belongs to {one} and is never imported: {winner} of {other} "
                "has the same name",
                hint="rename yours, or leave one of them out",
            )


def _in_two_shapes(
    paths: Iterable[str], directories: set[str], extensions: dict[str, str]
) -> Iterator[tuple[str, str]]:
    """Each hidden file with what hides it: ``multi.py`` with ``multi/``."""
    there = set(paths)
    for path in there:
        stem = _stem(path)
        if stem in directories:
            package = f"{stem}/__init__.py"
            inside = next((row for row in sorted(there) if row.startswith(f"{stem}/")), package)
            yield (path, package) if package in there else (inside, path)
        elif path.endswith(".py") and stem in extensions:
            yield path, extensions[stem]


def _shadowed(roots: Sequence[str], paths: Collection[str]) -> Iterator[tuple[str, str]]:
    """Each module of the application with the one in site-packages that comes before it."""
    packages, *own = roots
    for path in paths:
        root = next((row for row in own if path.startswith(f"{row}/")), "")
        if not root:
            continue
        name, _, rest = path.removeprefix(f"{root}/").partition("/")
        if rest not in ("", "__init__.py"):
            continue
        top = _stem(f"{packages}/{name}")
        for place in (f"{top}/__init__.py", f"{top}.py"):
            if place in paths:
                yield path, place
                break


def _stem(path: str) -> str:
    """Without all that follows the first dot of its name."""
    directory, _, name = path.rpartition("/")
    return f"{directory}/{name.partition('.')[0]}"
