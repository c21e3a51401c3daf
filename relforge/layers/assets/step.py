"""Assets: the project's own commands compile them, from declared inputs to declared outputs.

The commands run in a copy that holds the inputs and nothing else, so that what
they read is what the content key covers, and the user's tree stays as it is.

Where they run the release's own interpreter (see `own_python`), the key covers the
layers before this one, too.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from relforge import cache
from relforge.layers.assets import causes, fingerprint, python_word
from relforge.model import origins
from relforge.model.release import Collision, Layer, Part, Release
from relforge.model.spec import AssetSettings
from relforge.project import inputs, sources
from relforge.support import command, environment
from relforge.support.errors import UserError

FORMAT = "2"


def step(release: Release) -> Release:
    """Compile the assets and lay their outputs into the tree, as a part of the layer ``app``."""
    settings = release.settings.assets
    if not settings.run:
        return release
    started = time.perf_counter()
    digests = _digests(release.project.root, inputs.assets(release))
    key = _key(release, digests)
    tree = cache.tree("assets", key, lambda directory: _compile(release, digests, directory))
    made = cache.layer("assets", tree, started)
    found = tuple(_replaced(release, made))
    cache.place(tree, release.tree)
    others = origins.without(release.layers, made.entries)
    layers = (_joined(row, made) if row.name == "app" else row for row in others)
    return replace(
        release,
        layers=tuple(layers),
        collisions=(*release.collisions, *found),
        notes=(*release.notes, *_empty(settings, made)),
    )


def _replaced(release: Release, made: Layer) -> Iterator[Collision]:
    """Each file that was there before, with another content."""
    wanted = {entry.path: entry for entry in made.entries}
    known: origins.Origins | None = None
    for layer in release.layers:
        for row in layer.entries:
            new = wanted.get(row.path)
            if new and (new.sha256, new.link) != (row.sha256, row.link):
                known = known or origins.Origins(release)
                loser = known.name(row.path)
                yield Collision(path=row.path, kind="laid", winner="the assets", loser=loser)


def _empty(settings: AssetSettings, made: Layer) -> Iterator[str]:
    """A note for each output that came out with nothing in it."""
    for source, to in settings.outputs:
        if not any(path.startswith(f"{to}/") for path in made.paths):
            yield f"assets.outputs: the commands wrote nothing to {source}"


def check(release: Release) -> None:
    """Refuse commands whose programs this host does not have, before anything is done.

    What was compiled before needs none of them.
    """
    settings = release.settings.assets
    path = settings.env.get("PATH", _path())
    for index, words in enumerate(settings.run):
        word = words[0]
        if "/" in word or word == python_word.WORD or shutil.which(word, path=path):
            continue
        known = not python_word.is_asked(settings)
        digests = _digests(release.project.root, inputs.assets(release)) if known else {}
        if known and cache.find("assets", _key(release, digests)) is not None:
            return
        raise UserError(
            f"tool.relforge.assets.run[{index}]: `{word}` is not on PATH",
            hint=f"install {word}, or add its directory to PATH",
        )


def _key(release: Release, digests: dict[str, str]) -> str:
    settings = release.settings.assets
    below = python_word.facts(release) if python_word.is_asked(settings) else ()
    return cache.key("assets", FORMAT, repr(settings), *below, *map(" ".join, digests.items()))


def _joined(layer: Layer, part: Layer) -> Layer:
    known = {entry.path: entry for entry in (*layer.entries, *part.entries)}
    return replace(
        layer,
        key=cache.key(layer.key, part.key),
        cached=layer.cached and part.cached,
        seconds=layer.seconds + part.seconds,
        entries=tuple(known[path] for path in sorted(known)),
        parts=(*layer.parts, Part(origin="assets", name="the assets", entries=part.entries)),
    )


def _digests(root: Path, names: Iterable[str]) -> dict[str, str]:
    return {name: cache.sha256(root / name) for name in names}


def _compile(release: Release, digests: dict[str, str], directory: Path) -> None:
    settings = release.settings.assets
    with tempfile.TemporaryDirectory(prefix="relforge-assets-") as name:
        work = Path(name) / "project"
        asked = python_word.is_asked(settings)
        variables = python_word.variables(release, Path(name)) if asked else {}
        python = python_word.executable(release)
        for path in digests:
            target = work / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(release.project.root / path, target)
        if _digests(work, digests) != digests:
            raise sources.changed(release.project.root)
        for index, words in enumerate(settings.run):
            command.run(
                [word.replace(python_word.WORD, python) for word in words],
                what=f"tool.relforge.assets.run[{index}]",
                cwd=work / settings.cwd,
                base=environment.of_assets(),
                env={
                    "SOURCE_DATE_EPOCH": str(release.source_date),
                    "PATH": _path(),
                    **variables,
                    **settings.env,
                },
                hint=lambda output: causes.hint(output, work, release.project.root),
                tail=causes.tail,
            )
        for source, to in settings.outputs:
            if not (work / source).is_dir() and _collects(settings):
                continue  # Django's collectstatic makes no directory for nothing
            if not (work / source).is_dir():
                raise UserError(
                    "tool.relforge.assets.outputs: the commands did not create the directory "
                    f"{source!r}",
                    hint="the key is the directory that the commands write, relative to the "
                    "project",
                )
            sources.copy(work / source, _made(work, source), directory / to)
            if settings.digest:
                fingerprint.add(directory / to)


def _made(work: Path, source: str) -> list[str]:
    """What the commands wrote below an output, relative to it."""
    try:
        made = list(cache.walk(work / source))
    except UserError as error:
        inner = error.message.removeprefix(f"{work}/")
        raise UserError(f"tool.relforge.assets.outputs: {inner}", hint=error.hint) from None
    return [path.relative_to(work / source).as_posix() for path in made]


def _collects(settings: AssetSettings) -> bool:
    return any("collectstatic" in words for words in settings.run)


def _path() -> str:
    """PATH with this interpreter's scripts at its end: Node may be a Python package there."""
    return os.pathsep.join([command.path(), str(Path(sys.executable).parent)])
