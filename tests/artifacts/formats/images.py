"""Images made and read by tools of others: skopeo and umoci."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

NEEDED = pytest.mark.skipif(
    not (shutil.which("skopeo") and shutil.which("umoci")),
    reason="skopeo or umoci is not installed here; CI installs them",
)


def tool(*words: str | Path) -> str:
    done = subprocess.run(
        words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=120
    )
    assert 0 == done.returncode, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


def inspect(archive: Path, *words: str) -> dict[str, Any]:
    """What skopeo makes of it."""
    found: dict[str, Any] = json.loads(tool("skopeo", "inspect", *words, f"oci-archive:{archive}"))
    return found


def unpack(archive: Path, directory: Path) -> Path:
    """The root file system of an image, its layers laid over each other."""
    directory.mkdir()
    tool("skopeo", "copy", "--quiet", f"oci-archive:{archive}", f"oci:{directory}/layout:it")
    tool("umoci", "raw", "unpack", "--image", f"{directory}/layout:it", directory / "root")
    return directory / "root"


def make(tree: Path, directory: Path, *config: str) -> Path:
    """An OCI layout whose image is that tree, with `umoci config` options."""
    directory.mkdir()
    layer, layout = directory / "layer.tar", directory / "layout"
    tool("tar", "-C", tree, "--numeric-owner", "-cf", layer, ".")
    tool("umoci", "init", "--layout", layout)
    tool("umoci", "new", "--image", f"{layout}:base")
    tool("umoci", "raw", "add-layer", "--image", f"{layout}:base", layer)
    if config:
        tool("umoci", "config", "--image", f"{layout}:base", *config)
    layer.unlink()
    return layout
