"""What of other people's lies in each release beside the application: the console's libraries.

They are taken from relforge's own environment, and go where only the console
looks: an application may lock another version of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from importlib.metadata import Distribution, distribution
from importlib.util import find_spec
from pathlib import Path

from relforge import cache, metadata

NAMES = ("prompt_toolkit", "wcwidth")  # importable by these, and found by them
# What runs elsewhere, or is data that the console has no use for.
LEFT_OUT = (
    *("prompt_toolkit/contrib/*", "*/win32*.py", "*/windows10.py", "*/conemu.py"),
    "wcwidth/table_grapheme_overrides/_known_*",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """One of them, as the bill of materials tells it."""

    name: str
    version: str
    licence: str
    summary: str


def key() -> str:
    """The digest of all that decides what `files` gives."""
    found = [distribution(name) for name in NAMES]
    return cache.key(*LEFT_OUT, *(f"{row.version} {row.read_text('RECORD')}" for row in found))


def libraries() -> tuple[Library, ...]:
    """Their names and licences."""
    rows = []
    for name in NAMES:
        found = distribution(name)
        head = metadata.parse((found.read_text("METADATA") or "").encode())
        rows.append(
            Library(
                name=name,
                version=found.version,
                licence=metadata.licence(head),
                summary=str(head.get("Summary", "")),
            )
        )
    return tuple(rows)


def files() -> Iterator[tuple[str, Path]]:
    """Where each file goes, relative to the folder of the libraries, and where it is; sorted."""
    rows = (row for name in NAMES for row in (*_modules(name), *_texts(distribution(name))))
    yield from sorted(rows)


def _modules(name: str) -> Iterator[tuple[str, Path]]:
    """Its Python sources: without shared objects they serve every CPU."""
    spec = find_spec(name)
    assert spec is not None, f"{name} is a dependency of relforge"
    assert spec.origin is not None
    package = Path(spec.origin).parent
    for path in cache.walk(package):
        to = path.relative_to(package.parent).as_posix()
        if path.suffix == ".py" and not any(fnmatch(to, pattern) for pattern in LEFT_OUT):
            yield to, path


def _texts(found: Distribution) -> Iterator[tuple[str, Path]]:
    """Its licence, and what `importlib.metadata` reads of it."""
    for file in found.files or ():
        folder, _, rest = file.as_posix().partition("/")
        if folder.endswith(".dist-info") and (rest == "METADATA" or rest.startswith("licenses/")):
            yield file.as_posix(), Path(str(file.locate()))
