"""Where the files of a release come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from relforge.model import layout
from relforge.model.release import Entry, Layer, Origin, Part, Release

_BY_LAYER: dict[str, Origin] = {"python": "interpreter", "deps": "wheel", "app": "built"}


class Origins:
    """The part that each path of a release belongs to; made once for many questions."""

    def __init__(self, release: Release) -> None:
        self._parts = {
            path: part
            for layer in release.layers
            for part, paths in _of_layer(layer)
            for path in paths
        }

    def of(self, path: str) -> Part | None:
        """The part; None for a path that no layer has."""
        return self._parts.get(path)

    def kind(self, path: str) -> Origin:
        """The origin alone; what no layer has was laid over the tree."""
        part = self._parts.get(path)
        if part is None:
            return "overlay"
        if part.origin == "built" and path.startswith(f"{layout.APP}/"):
            return "source"
        return part.origin

    def name(self, path: str) -> str:
        """How a message calls the place that the file comes from."""
        part = self._parts.get(path)
        return part.name if part else "an overlay"


def searched(release: Release) -> tuple[str, ...]:
    """The directories of this host in which what was built here looked for libraries."""
    rows = (row for layer in release.layers for part in layer.parts for row in part.searched)
    return tuple(dict.fromkeys(rows))


def without(layers: tuple[Layer, ...], entries: Iterable[Entry]) -> tuple[Layer, ...]:
    """The layers without what one that is laid over them replaces."""
    gone = {entry.path for entry in entries}
    kept = []
    for layer in layers:
        if gone.isdisjoint(layer.paths):
            kept.append(layer)
        else:
            left = tuple(entry for entry in layer.entries if entry.path not in gone)
            kept.append(replace(layer, entries=left))
    return tuple(kept)


def _of_layer(layer: Layer) -> Iterator[tuple[Part, Iterator[str]]]:
    there = set(layer.paths)
    if layer.name == "release":
        own, laid = _own(layer), Part(origin="overlay", name="an overlay", entries=())
        known = {entry.path: entry for entry in own.entries}
        new = [entry.path for entry in layer.entries if known.get(entry.path) != entry]
        yield own, iter(there)
        yield laid, iter(path for path in new if path not in layout.SEALED)
        return
    whole = Part(origin=_BY_LAYER.get(layer.name, "source"), name=layer.name, entries=())
    yield whole, iter(there)
    for part in layer.parts:
        yield part, (entry.path for entry in part.entries if entry.path in there)


def _own(layer: Layer) -> Part:
    return layer.parts[0] if layer.parts else Part(origin="relforge", name="relforge", entries=())
