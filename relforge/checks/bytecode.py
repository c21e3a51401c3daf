"""Bytecode that is not of the source beside it: the interpreter would run it all the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from relforge.checks import content_memo
from relforge.model import layout
from relforge.model.release import Finding, Release
from relforge.tree import bytecode

RULE = "bytecode"


def rule(release: Release) -> Iterator[Finding]:
    """Each source whose bytecode was made of another one."""
    said: dict[str, list[str]] = {}  # what bytecode says that it was made of
    for layer in release.layers:
        if layer.name != "python":  # which is compiled as a whole
            said |= content_memo.look(
                release, layer, "bytecode", "", _header, lambda path: path.endswith(".pyc")
            )
    sources = {bytecode.source_of(path): (path, rows) for path, rows in said.items()}
    for layer in release.layers:
        if layer.name == "python":
            continue
        for entry in layer.entries:
            compiled, rows = sources.get(entry.path, ("", []))
            if rows and not _is_of(release.tree / entry.path, rows, release):
                yield Finding(
                    severity="error",
                    rule=RULE,
                    path=compiled,
                    message=f"was compiled from other source than {entry.path}, and is "
                    "what Python runs",
                    hint="a step that writes modules must not write their bytecode, or "
                    "must run between "
                    "`assemble` and `pack`",
                )


def _header(path: Path) -> list[str]:
    """The interpreter's mark, and the hash of the source that is never looked at again."""
    with path.open("rb") as file:
        found = bytecode.made_of(file.read(16))
    return [row.hex() for row in found] if found else []


def _is_of(source: Path, rows: list[str], release: Release) -> bool:
    if source.is_symlink() or source.as_posix().startswith(
        (release.tree / layout.RUNTIME).as_posix()
    ):
        return True  # the runtime is relforge's own, compiled as a whole
    magic, digest = (bytes.fromhex(row) for row in rows)
    return bytecode.source_hash(magic, source.read_bytes()) == digest
