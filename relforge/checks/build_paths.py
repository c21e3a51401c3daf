"""Places of the build host that a release must neither depend on nor reveal."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from relforge import cache
from relforge.checks import byte_patterns, content_memo
from relforge.layers import libraries
from relforge.model import layout
from relforge.model.origins import Origins
from relforge.model.release import Finding, Release

RULE, RUN_PATHS = "build-paths", "run-paths"


def rule(release: Release) -> Iterator[Finding]:
    """Each file that names a place of this host: a text, bytecode or a program."""
    named = places(release)
    words = tuple(sorted(named))
    for layer in release.layers:
        found = content_memo.look(
            *(release, layer, "places", "\n".join(words)),
            lambda path: byte_patterns.places_in(path, words),
        )
        for path, rows in found.items():
            # The longest says it all: the project's directory often is in the home.
            place, line = max(rows, key=lambda row: len(row[0]))
            yield Finding(
                severity="warning",
                rule=RULE,
                path=path,
                message=f"{_at(line)}contains the path of {named[place]} on this host, {place}",
                hint="this path does not exist on other hosts; make the tool that writes "
                "the file use "
                "relative paths",
                topic=f"contains the path of {named[place]} on this host, {place}",
                detail=_at(line).strip(),
            )


def run_paths(release: Release) -> Iterator[Finding]:
    """Each ELF file that looks for its libraries at a fixed place.

    A locked wheel is judged by whether it works: what it needs is a matter of the rule
    `libraries`, and no user of the wheel can change where else it looks.
    """
    named = places(release)
    known: Origins | None = None
    for library in libraries.survey(release):
        fixed = [row for row in library.run_path if not row.startswith("$")]
        if not fixed:
            continue
        known = known or Origins(release)
        is_wheel = known.kind(library.path) == "wheel"
        for directory in fixed:
            of_ours = next(
                (name for place, name in named.items() if layout.is_below(directory, place)), ""
            )
            if is_wheel and directory.startswith("/") and not of_ours:
                continue
            yield _run_path(library.path, directory, of_ours, known.name(library.path), is_wheel)


def _run_path(path: str, directory: str, of_ours: str, owner: str, is_wheel: bool) -> Finding:
    about = f"looks for libraries in {directory!r}"
    if of_ours:
        about += f": {of_ours} on this host"
    elif not directory.startswith("/"):
        about += ", relative to the working directory of the process"
    if is_wheel:
        hint = f"{owner} is unchanged, and its libraries are found without this path; a newer "
        hint += "version may fix it"
    else:
        hint = "use a run path relative to the file: "
        hint += f"patchelf --set-rpath '$ORIGIN' {Path(path).name}"
    is_error = not is_wheel and (of_ours or not directory.startswith("/"))
    return Finding(
        severity="error" if is_error else "warning",
        rule=RUN_PATHS,
        path=path,
        message=about,
        hint=hint,
        topic=about,
    )


def places(release: Release) -> dict[str, str]:
    """The places that reveal this host, each with what it is.

    One of a single component, such as ``/app`` or ``/root``, is none: half of
    the files that were ever written name it.
    """
    found = {
        os.path.join(tempfile.gettempdir(), "relforge-app-"): "a directory of the build",
        os.path.expanduser("~"): "your home directory",
        sys.prefix: "relforge's installation",
        os.environ.get("VIRTUAL_ENV", ""): "a virtual environment",
        str(cache.home()): "relforge's cache",
        str(release.project.root): "the project directory",
        str(release.build_dir): "the build directory",
    }
    if release.python.source == "host":
        found[str(release.python.origin.parent.parent)] = "the interpreter's directory"
    public = ("/usr/local", f"/{layout.PYTHON}")
    return {
        place: name
        for place, name in found.items()
        if place.count("/") > 1 and place not in public and not place.startswith("/usr/lib/python")
    }


def _at(line: int) -> str:
    return f"line {line} " if line else ""
