"""A deploy root, and tarballs to install into it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import tarfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from relforge.runtime.contract import tree_list
from tests.runtime.conftest import MiniRelease

Member = tuple[tarfile.TarInfo, bytes]


class Shop:
    """Releases of a shop: ``one`` is in the deploy root, others are made as tarballs."""

    def __init__(self, make: Callable[..., MiniRelease], directory: Path, **parts: Any) -> None:
        self._make = make
        self.directory = directory
        self.one = make(at="releases/1.0.0", version="1.0.0", **parts)
        self.root = self.one.root.parents[1]

    def run(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        return self.one.run(*words, env=env)

    def done(self, *words: str) -> dict[str, Any]:
        """The JSON of a command that has to succeed."""
        done = self.run(*words, "--json")
        assert 0 == done.returncode, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def refused(self, code: int, *words: str) -> str:
        done = self.run(*words)
        assert code == done.returncode, done.stdout + done.stderr
        assert "" == done.stdout
        assert "Traceback" not in done.stderr
        return done.stderr

    def tree(self, version: str, **parts: Any) -> Path:
        """A release elsewhere, with its list of digests."""
        root = self._make(at=f"built/{version}", version=version, **parts).root
        sums(root)
        return root

    def tarball(self, version: str, **parts: Any) -> Path:
        return self.pack(self.tree(version, **parts), f"shop-{version}")

    def pack(self, tree: Path, name: str, extra: Iterable[Member] = ()) -> Path:
        """``<name>.tar.gz`` of the tree, and its digest beside it; ``extra`` members at its end."""
        place = self.directory / f"{name}.tar.gz"
        with tarfile.open(place, "w:gz", compresslevel=1) as tar:
            tar.add(tree, name)
            for member, data in extra:
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
        digest(place)
        return place

    def pointed(self) -> str:
        return os.path.basename(os.readlink(self.root / "current"))

    def installed(self) -> list[str]:
        return sorted(name for name in os.listdir(self.root / "releases") if name[0] != ".")

    def left(self) -> set[str]:
        """What is in the directory of ours, beside lock and journal."""
        return set(os.listdir(self.root / "releases/.relforge")) - {"lock", "journal"}


def list_tree(tree: Path) -> None:
    """The list of links, modes and empty directories, as a build writes it; then the digests."""
    rows = {str(path.relative_to(tree)): path for path in tree.rglob("*")}
    plain = {name: path for name, path in rows.items() if not path.is_symlink()}
    listed = tree_list.TreeFacts(
        directories={
            name for name, path in plain.items() if path.is_dir() and not any(path.iterdir())
        },
        executable={
            name for name, path in plain.items() if path.is_file() and path.stat().st_mode & 0o100
        },
        links={name: os.readlink(path) for name, path in rows.items() if path.is_symlink()},
    )
    (tree / tree_list.PATH).write_text(tree_list.text(listed))
    sums(tree)


def sums(tree: Path) -> None:
    files = sorted(path for path in tree.rglob("*") if path.is_file() and not path.is_symlink())
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(tree)}\n"
        for path in files
        if path.name != "SHA256SUMS"
    ]
    (tree / "release/SHA256SUMS").write_text("".join(lines))


def digest(artifact: Path) -> None:
    text = f"{hashlib.sha256(artifact.read_bytes()).hexdigest()}  {artifact.name}\n"
    artifact.with_name(f"{artifact.name}.sha256").write_text(text)


@pytest.fixture
def shop(mini_release: Callable[..., MiniRelease], tmp_path: Path) -> Shop:
    return Shop(mini_release, tmp_path)
