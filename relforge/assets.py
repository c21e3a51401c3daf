"""Assets: the project's own commands compile them, from declared inputs to declared outputs.

The commands run in a copy that holds the inputs and nothing else, so that what
they read is what the content key covers, and the user's tree stays as it is.

A command that has the word ``{python}`` runs the interpreter of the draft, as
Django's collectstatic has to; then the key covers the layers before this one, too.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from relforge import cache, command, fingerprint, inputs, sources
from relforge.errors import UserError
from relforge.release import AssetSettings, Layer, Release

FORMAT = "1"
PYTHON = "{python}"  # in a command: the interpreter of the release


def step(release: Release) -> Release:
    """Compile the assets and lay their outputs into the tree, as a part of the layer ``app``."""
    settings = release.settings.assets
    if not settings.run:
        return release
    started = time.perf_counter()
    root = release.project.root
    names = inputs.assets(release)
    digests = (f"{path} {cache.sha256(root / path)}" for path in names)
    key = cache.key("assets", FORMAT, repr(settings), *_below(release), *digests)
    tree = cache.tree("assets", key, lambda folder: _compile(release, names, folder))
    cache.place(tree, release.tree)
    made = cache.layer("assets", key, tree, started)
    layers = (_joined(row, made) if row.name == "app" else row for row in release.layers)
    return replace(release, layers=tuple(layers))


def _joined(layer: Layer, part: Layer) -> Layer:
    known = {entry.path: entry for entry in (*layer.entries, *part.entries)}
    return replace(
        layer,
        key=cache.key(layer.key, part.key),
        cached=layer.cached and part.cached,
        seconds=layer.seconds + part.seconds,
        entries=tuple(known[path] for path in sorted(known)),
    )


def _compile(release: Release, names: tuple[str, ...], folder: Path) -> None:
    settings = release.settings.assets
    own = release.tree / release.python.executable
    python = str(own if release.python.runs_here else release.python.helper or sys.executable)
    with tempfile.TemporaryDirectory(prefix="relforge-assets-") as name:
        work = Path(name)
        for path in names:
            target = work / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(release.project.root / path, target)
        for index, words in enumerate(settings.run):
            command.run(
                [word.replace(PYTHON, python) for word in words],
                what=f"tool.relforge.assets.run[{index}]",
                cwd=work / settings.cwd,
                env={**_variables(release), **settings.env},
                hint="it runs in a copy that holds only what `assets.inputs` names",
            )
        for source, to in settings.outputs:
            if not (work / source).is_dir():
                raise UserError(
                    f"tool.relforge.assets.outputs: the commands made no folder {source!r}",
                    hint="the key is the folder that the commands write, relative to the project",
                )
            made = (path.relative_to(work / source) for path in cache.walk(work / source))
            sources.copy(work / source, (path.as_posix() for path in made), folder / to)
            if settings.digest:
                fingerprint.add(folder / to)


def _asks_python(settings: AssetSettings) -> bool:
    return any(PYTHON in word for words in settings.run for word in words)


def _below(release: Release) -> tuple[str, ...]:
    """What decides what the release's own interpreter does, where one of the commands is it."""
    if not _asks_python(release.settings.assets):
        return ()
    layers = (f"{layer.name} {layer.key}" for layer in release.layers)
    return (*layers, repr(sorted(release.settings.check.env.items())))


def _variables(release: Release) -> dict[str, str]:
    own = {"SOURCE_DATE_EPOCH": str(release.source_date), "PATH": _path()}
    if not _asks_python(release.settings.assets):
        return own
    # The draft is not written to, and nothing of the builder's Python gets into its own.
    nothing = {"PYTHONPATH": "", "PYTHONHOME": "", "PYTHONUSERBASE": ""}
    nothing |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONNOUSERSITE": "1"}
    return {**own, **nothing, **release.settings.check.env}


def _path() -> str:
    """PATH with this interpreter's scripts at its end: Node may be a Python package there."""
    return os.pathsep.join([command.path(), str(Path(sys.executable).parent)])
