"""Assets: the project's own commands compile them, from declared inputs to declared outputs.

The commands run in a copy that holds the inputs and nothing else, so that what
they read is what the content key covers, and the user's tree stays as it is.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from relforge import cache, command, sources
from relforge.errors import UserError
from relforge.release import AssetSettings, Layer, Release

FORMAT = "1"
MANIFEST = "cache_manifest.json"
_URL = re.compile(r"""url\(\s*(['"]?)([^'")?#]+)([?#][^'")]*)?\1\s*\)""")


def step(release: Release) -> Release:
    """Compile the assets and lay their outputs into the tree, as a part of the layer ``app``."""
    settings = release.settings.assets
    if not settings.run:
        return release
    started = time.perf_counter()
    root = release.project.root
    inputs = sorted(set(_inputs(root, settings)))
    if not inputs:
        raise UserError(
            "tool.relforge.assets.inputs: no file matches " + ", ".join(settings.inputs),
            hint="patterns are relative to the project, for instance assets/**",
        )
    digests = (f"{path} {cache.sha256(root / path)}" for path in inputs)
    key = cache.key("assets", FORMAT, repr(settings), *digests)
    tree = cache.tree("assets", key, lambda folder: _compile(release, inputs, folder))
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


def _inputs(root: Path, settings: AssetSettings) -> Iterator[str]:
    """The files that the patterns match, but for outputs and installed packages."""
    outputs = tuple(f"{source}/" for source, _ in settings.outputs)
    for pattern in settings.inputs:
        # A trailing ** matches folders only before Python 3.13.
        wide = f"{pattern}/*" if pattern.endswith("**") else pattern
        for path in root.glob(wide):
            relative = path.relative_to(root).as_posix()
            if "node_modules" in path.parts or relative.startswith(outputs):
                continue
            if path.is_file():
                yield relative


def _compile(release: Release, inputs: list[str], folder: Path) -> None:
    settings = release.settings.assets
    with tempfile.TemporaryDirectory(prefix="relforge-assets-") as name:
        work = Path(name)
        for path in inputs:
            target = work / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(release.project.root / path, target)
        for index, words in enumerate(settings.run):
            command.run(
                words,
                what=f"tool.relforge.assets.run[{index}]",
                cwd=work / settings.cwd,
                env={"SOURCE_DATE_EPOCH": str(release.source_date), "PATH": _path()},
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
                fingerprint(folder / to)


def fingerprint(folder: Path) -> None:
    """Put a copy under a name with its digest beside each file, and list them all.

    ``app.css`` gets ``app-0a1b2c3d.css``; references of style sheets to other
    files of the folder are rewritten in the copies.  ``cache_manifest.json``
    maps the plain names to the fingerprinted ones.
    """
    names: dict[str, str] = {}
    plain = sorted(
        path.relative_to(folder).as_posix() for path in cache.walk(folder) if not path.is_symlink()
    )
    # Style sheets come last: their digests cover the names that they refer to.
    for name in sorted(plain, key=lambda name: (name.endswith(".css"), name)):
        data = (folder / name).read_bytes()
        if name.endswith(".css"):
            data = _rewrite(data, name, names)
        stem, suffix = posixpath.splitext(name)
        names[name] = f"{stem}-{cache.digest(data)[:8]}{suffix}"
        (folder / names[name]).write_bytes(data)
    (folder / MANIFEST).write_text(json.dumps(names, indent=2, sort_keys=True) + "\n")


def _rewrite(data: bytes, sheet: str, names: dict[str, str]) -> bytes:
    def to_fingerprinted(match: re.Match[str]) -> str:
        quote, reference, rest = match[1], match[2].strip(), match[3] or ""
        target = posixpath.normpath(posixpath.join(posixpath.dirname(sheet), reference))
        if target not in names:
            return match[0]
        there = posixpath.relpath(names[target], posixpath.dirname(sheet) or ".")
        return f"url({quote}{there}{rest}{quote})"

    return _URL.sub(to_fingerprinted, data.decode("utf-8", "surrogateescape")).encode(
        "utf-8", "surrogateescape"
    )


def _path() -> str:
    """PATH with this interpreter's scripts at its end: Node may be a Python package there."""
    return os.pathsep.join([command.path(), str(Path(sys.executable).parent)])
