"""Is an unpacked tree a release, whole, of this name, for this host?"""

from __future__ import annotations

import os
import subprocess

from ..contract import manifest as manifests
from ..errors import Refusal
from ..wire import launcher
from .unpack import Tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SUMS = "release/SHA256SUMS"
_PATIENCE = 60  # seconds for its launcher


def check(folder: str, tree: Tree, name: str | None) -> dict[str, Any]:
    """Its manifest; raises Refusal.  ``name`` is what it has to be a release of."""
    _check_digests(folder, tree)
    release = manifests.load(folder)
    if name is not None and release["name"] != name:
        raise Refusal(f"this is a release of {release['name']}, and {name} is installed here")
    target = release["target"]
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(os.uname().machine, os.uname().machine)
    if target["machine"] and target["machine"] != machine:
        raise Refusal(
            f"it needs a {target['machine']} CPU, this host is {machine}",
            hint=f"use the artifact that was built for linux-{machine}",
        )
    _check_start(folder, release["name"])
    return release


def _check_digests(folder: str, tree: Tree) -> None:
    try:
        with open(os.path.join(folder, SUMS), encoding="utf-8", errors="surrogateescape") as file:
            lines = file.read().splitlines()
    except OSError:
        raise Refusal(f"{SUMS} is missing: this is no release, or an old one") from None
    listed: dict[str, str] = {}
    for line in lines:
        digest, _, path = line.partition("  ")
        listed[path] = digest
    for path, digest in listed.items():
        if tree.digests.get(path) != digest:
            what = "it is missing" if path not in tree.digests else "its content has changed"
            raise Refusal(f"{path}: {what}", hint="it is damaged: copy it again")
    extra = sorted(tree.digests.keys() - listed.keys() - {SUMS})
    if extra:
        raise Refusal(f"{extra[0]}: {SUMS} does not list it: it was added later")


def _check_start(folder: str, name: str) -> None:
    """Its own launcher compares CPU and glibc, and its interpreter has to start."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("RELEASE_")}
    try:
        done = launcher.ask(folder, name, "describe", "--json", environ=environ, seconds=_PATIENCE)
    except subprocess.TimeoutExpired:
        raise Refusal(f"its launcher did not end within {_PATIENCE} s") from None
    except OSError as error:
        raise Refusal(f"bin/{name}: {error.strerror}") from None
    if done.returncode:
        lines = done.stderr.strip().removeprefix(f"{name}: ").splitlines() or ["no reason given"]
        raise Refusal(lines[0], hint="\n".join(line.strip() for line in lines[1:]))
