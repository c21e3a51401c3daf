"""What of other people's is in each release beside the application: the console's libraries.

They are taken from relforge's own environment, and go where only the console
looks: an application may lock another version of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from importlib.util import find_spec
from pathlib import Path

from relforge import cache

NAMES = ("prompt_toolkit", "wcwidth")  # importable by these, and found by them
_RECORD = "%s-*.dist-info/RECORD"  # its version, and the digest of each of its files
# What runs elsewhere, or is data that the console has no use for.
LEFT_OUT = (
    *("prompt_toolkit/contrib/*", "*/win32*.py", "*/windows10.py", "*/conemu.py"),
    "wcwidth/table_grapheme_overrides/_known_*",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleLibrary:
    """One of them, as the bill of materials lists it."""

    name: str
    version: str
    licence: str
    summary: str


def key() -> str:
    """The digest of all that decides what `files` gives."""
    records = (place for name in NAMES for place in _directory(name).parent.glob(_RECORD % name))
    return cache.key(*LEFT_OUT, *(place.read_text(encoding="utf-8") for place in sorted(records)))


def libraries() -> tuple[ConsoleLibrary, ...]:
    """Their names and licenses."""
    # Late, here and below: the key is all that a build with nothing to do asks for.
    from importlib.metadata import distribution  # noqa: PLC0415 - slow to import, seldom needed

    from relforge.model import core_metadata  # noqa: PLC0415 - slow to import, seldom needed

    rows = []
    for name in NAMES:
        found = distribution(name)
        head = core_metadata.parse((found.read_text("METADATA") or "").encode())
        rows.append(
            ConsoleLibrary(
                name=name,
                version=found.version,
                licence=core_metadata.licence(head),
                summary=str(head.get("Summary", "")),
            )
        )
    return tuple(rows)


def files() -> Iterator[tuple[str, Path]]:
    """Where each file goes, relative to the directory of the libraries, and where it is; sorted."""
    rows = (row for name in NAMES for row in (*_modules(name), *_texts(name)))
    yield from sorted(rows)


def _modules(name: str) -> Iterator[tuple[str, Path]]:
    """Its Python sources: without shared objects they serve every CPU."""
    package = _directory(name)
    for path in cache.walk(package):
        to = path.relative_to(package.parent).as_posix()
        if path.suffix == ".py" and not any(fnmatch(to, pattern) for pattern in LEFT_OUT):
            yield to, path


def _directory(name: str) -> Path:
    spec = find_spec(name)
    assert spec is not None, f"{name} is a dependency of relforge"
    assert spec.origin is not None
    return Path(spec.origin).parent


def _texts(name: str) -> Iterator[tuple[str, Path]]:
    """Its license, and what `importlib.metadata` reads of it."""
    from importlib.metadata import files  # noqa: PLC0415 - slow to import, seldom needed

    for file in files(name) or ():
        directory, _, rest = file.as_posix().partition("/")
        if directory.endswith(".dist-info") and (
            rest == "METADATA" or rest.startswith("licenses/")
        ):
            yield file.as_posix(), Path(str(file.locate()))
