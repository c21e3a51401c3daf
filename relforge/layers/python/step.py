"""The step of a build that lays the interpreter into the release."""

from __future__ import annotations

import logging
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from relforge import cache
from relforge.layers.python import archive, installation, relocate, selection, system
from relforge.layers.python.probe import probe
from relforge.model import layout
from relforge.model.release import Entry, Interpreter, Release
from relforge.model.spec import PythonSettings
from relforge.support.errors import UserError

log = logging.getLogger("relforge.layers.python")

LINK = "bin/python"


def step(release: Release) -> Release:
    """Lay the relocated interpreter into the tree, as the layer ``python``."""
    started = time.perf_counter()
    interpreter, settings = release.python, release.settings.python
    tree = cache.tree("python", interpreter.key, lambda draft: make(interpreter, settings, draft))
    entries = tuple(replace(row, path=f"{layout.PYTHON}/{row.path}") for row in tree.entries)
    cache.place(tree, release.tree / layout.PYTHON)
    made = cache.layer("python", tree, started)
    layer = replace(made, entries=(_way_in(release), *entries))
    notes = (*release.notes, *_unchecked(interpreter))
    return replace(release, layers=(*release.layers, layer), notes=notes)


def make(interpreter: Interpreter, settings: PythonSettings, draft: Path) -> None:
    """Fill the directory with the relocated tree of that interpreter; raises UserError."""
    if interpreter.source == "system":
        system.make(interpreter, draft)
        return
    log.info("relocating CPython %s from %s", interpreter.version, interpreter.origin)
    if interpreter.source == "archive":
        with tempfile.TemporaryDirectory(prefix="relforge-", dir=draft.parent) as scratch:
            root = archive.unpack(interpreter.origin, Path(scratch))
            found = installation.of_archive(root, archive.inspect(interpreter.origin))
            selected = selection.select(found, settings)
            helper = interpreter.helper
            relocate.build(found, selected, draft, strip=settings.strip, helper=helper)
        return
    probed = probe(interpreter.origin)
    if probed is None:
        raise UserError(f"{interpreter.origin}: the interpreter has been removed")
    found = installation.of_host(probed)
    relocate.build(found, selection.select(found, settings), draft, strip=settings.strip)


def _way_in(release: Release) -> Entry:
    """Make ``bin/python``: a link, or a script where a link would hide the environment."""
    place = release.tree / LINK
    place.parent.mkdir(exist_ok=True)
    place.unlink(missing_ok=True)
    if release.python.source == "system":
        place.write_bytes(files("relforge").joinpath("templates", system.WAY_IN).read_bytes())
        place.chmod(0o755)
        return cache.look(place, LINK)
    place.symlink_to(f"../{release.python.executable}")
    return Entry(path=LINK, mode=0o777, size=0, sha256="", link=os.readlink(place))


def _unchecked(interpreter: Interpreter) -> Iterator[str]:
    """What this host cannot do for that interpreter."""
    if interpreter.helper is None and not interpreter.runs_here:
        yield (
            f"no bytecode: this host has no CPython {interpreter.short} to compile it for "
            f"{interpreter.machine}; the release starts more slowly"
        )
