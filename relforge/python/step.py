"""The step of a build that lays the interpreter into the release."""

from __future__ import annotations

import logging
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from relforge import cache, layout
from relforge.errors import UserError
from relforge.python import archive, installation, relocate, selection
from relforge.python.probe import probe
from relforge.release import Entry, Interpreter, PythonSettings, Release

log = logging.getLogger("relforge.python")

LINK = "bin/python"


def step(release: Release) -> Release:
    """Lay the relocated interpreter into the tree, as the layer ``python``."""
    started = time.perf_counter()
    interpreter, settings = release.python, release.settings.python
    tree = cache.tree("python", interpreter.key, lambda draft: make(interpreter, settings, draft))
    cache.place(tree, release.tree / layout.PYTHON)
    link = release.tree / LINK
    link.parent.mkdir(exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(f"../{interpreter.executable}")
    made = cache.layer("python", interpreter.key, tree, started)
    ours = Entry(path=LINK, mode=0o777, size=0, sha256="", link=os.readlink(link))
    below = (replace(row, path=f"{layout.PYTHON}/{row.path}") for row in made.entries)
    layer = replace(made, entries=(ours, *below))
    return replace(release, layers=(*release.layers, layer))


def make(interpreter: Interpreter, settings: PythonSettings, draft: Path) -> None:
    """Fill the folder with the relocated tree of that interpreter; raises UserError."""
    log.info("relocating CPython %s from %s", interpreter.version, interpreter.origin)
    if interpreter.source == "archive":
        with tempfile.TemporaryDirectory(prefix="relforge-", dir=draft.parent) as scratch:
            root = archive.unpack(interpreter.origin, Path(scratch))
            found = installation.of_archive(root, archive.inspect(interpreter.origin))
            relocate.build(found, selection.select(found, settings), draft, settings.strip)
        return
    probed = probe(interpreter.origin)
    if probed is None:
        raise UserError(f"{interpreter.origin}: the interpreter is no longer there")
    found = installation.of_host(probed)
    relocate.build(found, selection.select(found, settings), draft, settings.strip)
