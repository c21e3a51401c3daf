"""Which interpreter goes in, decided before anything is built."""

from __future__ import annotations

from pathlib import Path

from relforge import cache, elf
from relforge.errors import UserError
from relforge.python import archive, download, host, installation, selection
from relforge.release import Interpreter, PythonSettings


def find(settings: PythonSettings, root: Path) -> Interpreter:
    """The interpreter of the settings; raises UserError where there is none.

    Nothing is written but the cache: an archive that was fetched, and what was
    found out about files that have not changed since.
    """
    selection.check(settings)
    if settings.source == "archive":
        return _in_archive(settings, root)
    found = host.find(settings.version)
    chosen = selection.select(installation.of_host(found), settings)
    return Interpreter(
        version=found.version,
        tag=f"cp{found.short.replace('.', '')}",
        source="host",
        origin=Path(found.executable),
        key=chosen.key,
    )


def machine(interpreter: Interpreter) -> str:
    """The CPU that the interpreter is for, as ``uname -m`` says it."""
    if interpreter.source == "archive":
        return archive.inspect(interpreter.origin).machine
    found = elf.read(interpreter.origin)
    assert found is not None  # else it would not have been found
    return found.machine


def _in_archive(settings: PythonSettings, root: Path) -> Interpreter:
    path, digest = download.fetch(settings, root)
    contents = archive.inspect(path)
    if settings.version not in (contents.version, contents.short):
        raise UserError(
            f"tool.relforge.python.archive: {settings.archive} holds CPython {contents.version}, "
            f"and tool.relforge.python.version asks for {settings.version}",
            hint=f'set version = "{contents.version}", or take another archive',
        )
    return Interpreter(
        version=contents.version,
        tag=f"cp{contents.short.replace('.', '')}",
        source="archive",
        origin=path,
        key=cache.key(selection.FORMAT, "archive", digest, *selection.inputs(settings)),
    )
