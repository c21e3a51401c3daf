"""Which interpreter goes in, decided before anything is built."""

from __future__ import annotations

from pathlib import Path

from relforge.layers.python import host, installation, selection, system, tree_key, uv
from relforge.model.release import Interpreter
from relforge.model.spec import PythonSettings


def find(
    settings: PythonSettings,
    root: Path,
    target: str | None = None,
    asked: str = "tool.relforge.python.version",
) -> Interpreter:
    """The interpreter of the settings; raises UserError where there is none.

    ``target`` is such as ``linux-aarch64``; None is this host's kind, or what
    the settings' only archive is for; ``asked`` is where the user wrote the
    version.  Nothing is written but the cache: an
    archive or interpreter that was fetched, and what was found out about files
    that have not changed since.
    """
    selection.check(settings)
    if settings.source == "system":
        return system.find(settings, target or host.target())
    if settings.source == "archive" or target not in (None, host.target()):
        # Late: most interpreters are in no archive, and what reads one takes long to import.
        from relforge.layers.python import from_archive  # noqa: PLC0415 - seldom needed

        return from_archive.find(settings, root, target)
    version = settings.version
    found = uv.find(version) if settings.source == "uv" else host.find(version, asked)
    return Interpreter(
        version=found.version,
        tag=found.tag,
        machine=found.machine,
        source=settings.source,
        origin=Path(found.executable),
        key=tree_key.key(installation.of_host(found), settings),
        helper=Path(found.executable),
    )
