"""A small tree that stands for a release, in layers, ready to be packed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from relforge import cache
from relforge.artifacts import formats
from relforge.model.release import Artifact, Layer, Release
from tests import builder

LONG = "python/" + "/".join(["a_rather_long_directory_name"] * 6) + "/file.py"
# Stands for the launcher: prints where it is, and what it was given.
PROGRAM = """#!/bin/sh
echo "${0%/bin/*}" "$@"
echo "state ${RELEASE_STATE_DIR-${RELFORGE_RUN_STATE-unset}}"
"""
PLACES = {
    "python": {"python/bin/python3.12": "ELF", LONG: "x = 1\n"},
    "app": {"app/manage.py": "import sys\n", "app/größe.txt": "ü" * 1000},
    "release": {"bin/shop": PROGRAM, "release/env.sh": ""},
}


def prepared(root: Path, change: str = "", **settings: Any) -> Release:
    """A release of that tree below the directory; ``change`` goes into the application."""
    tree = root / "tree"
    for files in PLACES.values():
        for path, text in files.items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_text(text + (change if path == "app/manage.py" else ""))
            (tree / path).chmod(0o700 if "bin/" in path else 0o600)
    link = tree / "bin" / "python"
    if not link.is_symlink():
        link.symlink_to("../python/bin/python3.12")
    return layered(builder.release(root, tree=tree, **settings))


def layered(release: Release) -> Release:
    """The release with a layer for each part of what is in its tree."""
    owners = {path: name for name, files in PLACES.items() for path in files}
    found = cache.scan(release.tree)
    layers = tuple(
        Layer(
            name=name,
            key="k",
            cached=False,
            seconds=0.0,
            entries=tuple(row for row in found if owners.get(row.path, "release") == name),
        )
        for name in PLACES
    )
    return replace(release, layers=layers)


def packed(root: Path, kind: str, change: str = "", **settings: Any) -> Artifact:
    """The artifact of that format; the first where it has several."""
    root.mkdir(parents=True, exist_ok=True)
    release = formats.step(formats.choose(prepared(root, change, **settings), (kind,)))
    for artifact in release.artifacts:
        assert cache.sha256(artifact.path) == artifact.sha256
        assert artifact.path.stat().st_size == artifact.size
        assert kind == artifact.format
    return release.artifacts[0]
