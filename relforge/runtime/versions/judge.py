"""Is an unpacked tree a release, whole, of this name, for this host?"""

from __future__ import annotations

import os
import subprocess

from .. import owner
from ..contract import archive, tree_list
from ..contract import manifest as manifests
from ..errors import Refusal
from ..wire import launcher
from .unpack import UnpackedTree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SUMS = "release/SHA256SUMS"
_PATIENCE = 60  # seconds for its launcher


def check(directory: str, tree: UnpackedTree, name: str | None) -> dict[str, Any]:
    """Its manifest, after every file, its name, version, CPU and glibc fit; raises Refusal.

    ``name`` is what it has to be a release of.  Nothing of the tree is run.
    """
    _check_digests(directory, tree)
    release = manifests.load(directory)
    _check_identity(release, "")
    if name is not None and release["name"] != name:
        raise Refusal(f"this is a release of {release['name']}, but {name} is installed here")
    _check_tree(directory, tree)
    _check_host(release.get("target"))
    _check_identity(release, tree.top)
    return release


def check_start(directory: str, name: str, user: owner.User | None) -> None:
    """Its own launcher and its interpreter have to start, as that user; raises Refusal."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("RELEASE_")}
    try:
        done = launcher.ask(
            directory, name, "describe", "--json", environ=environ, seconds=_PATIENCE, user=user
        )
    except subprocess.TimeoutExpired:
        raise Refusal(f"its launcher did not end within {_PATIENCE} s") from None
    except OSError as error:
        raise Refusal(f"bin/{name}: {error.strerror}") from None
    if done.returncode:
        lines = done.stderr.strip().removeprefix(f"{name}: ").splitlines() or ["no reason given"]
        raise Refusal(lines[0], hint="\n".join(line.strip() for line in lines[1:]))


def _check_identity(release: dict[str, Any], top: str) -> None:
    wrong = archive.identity_problem(release, top)
    if wrong:
        raise Refusal(f"{manifests.PATH}: {wrong}", hint="build it again")


def _check_host(target: object) -> None:
    wanted = target if isinstance(target, dict) else {}
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(os.uname().machine, os.uname().machine)
    if wanted.get("machine") not in ("", None, machine):
        raise Refusal(
            f"it is for {wanted['machine']} CPUs, this host is {machine}",
            hint=f"use the artifact that was built for linux-{machine}",
        )
    here, needed = _numbers(_glibc()), _numbers(str(wanted.get("glibc") or ""))
    if here and needed and here < needed:
        raise Refusal(
            f"it needs glibc {wanted['glibc']} or newer, this host has {_glibc()}",
            hint="build it on an older system, or upgrade this one",
        )


def _glibc() -> str:
    """The version of this host's glibc; "" where it has none."""
    try:
        return (os.confstr("CS_GNU_LIBC_VERSION") or "").rpartition(" ")[2]
    except (ValueError, OSError):
        return ""


def _numbers(version: str) -> tuple[int, ...]:
    parts = version.split(".")
    return tuple(map(int, parts)) if all(part.isdecimal() for part in parts) else ()


def _check_tree(directory: str, tree: UnpackedTree) -> None:
    """Links, modes and empty directories; a release of relforge 0.1.0 has no list of them."""
    if tree_list.PATH not in tree.digests:
        return
    with open(os.path.join(directory, tree_list.PATH), "rb") as file:
        content = file.read(archive.MOST_TEXT + 1)
    try:
        listed = tree_list.parse(content)
    except ValueError as error:
        raise Refusal(f"{tree_list.PATH}: {error}", hint="build it again") from None
    found = tree_list.TreeFacts(
        directories=tree.directories, executable=tree.executable, links=tree.links
    )
    for path, what in tree_list.problems(listed, found, tree.digests.keys()):
        raise Refusal(f"{path}: {what}", hint="it is damaged: copy it again")


def _check_digests(directory: str, tree: UnpackedTree) -> None:
    try:
        with open(
            os.path.join(directory, SUMS), encoding="utf-8", errors="surrogateescape"
        ) as file:
            text = file.read(archive.MOST_TEXT + 1)
    except OSError:
        raise Refusal(f"{SUMS} is missing: this is not a release, or an old one") from None
    if len(text) > archive.MOST_TEXT:
        raise Refusal(f"{SUMS}: larger than {archive.MOST_TEXT:,} bytes")
    listed: dict[str, str] = {}
    for number, digest, path in archive.digests(text):
        if not path:
            raise Refusal(f"{SUMS}:{number}: not a digest and a path", hint="copy it again")
        listed[path] = digest
    for path, digest in listed.items():
        if tree.digests.get(path) != digest:
            what = "it is missing" if path not in tree.digests else "its content has changed"
            raise Refusal(f"{path}: {what}", hint="it is damaged: copy it again")
    extra = sorted(tree.digests.keys() - listed.keys() - {SUMS})
    if extra:
        raise Refusal(f"{extra[0]}: {SUMS} does not list it: it was added later")
