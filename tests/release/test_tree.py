"""The built tree: what it holds, and what it must not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.release.workshop import PYTHON, Workshop, called

pytestmark = pytest.mark.release


@pytest.fixture(scope="module")
def unpacked(built: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("a place with [brackets] and ümlauts")
    (artifact,) = (built.root / "dist").iterdir()
    subprocess.run(["tar", "-xzf", artifact, "-C", place], check=True, timeout=60)
    return place / "shop-1.0"


def files(tree: Path) -> list[Path]:
    return [path for path in tree.rglob("*") if path.is_file() and not path.is_symlink()]


def test_the_digests_are_those_of_every_file(unpacked: Path) -> None:
    sums = unpacked / "release" / "SHA256SUMS"
    words = ["sha256sum", "--quiet", "--strict", "-c", str(sums)]
    subprocess.run(words, cwd=unpacked, check=True, timeout=60)
    listed = [line.split("  ", 1)[1] for line in sums.read_text().splitlines()]
    there = [path.relative_to(unpacked).as_posix() for path in files(unpacked)]
    assert sorted({*listed, "release/SHA256SUMS"}) == sorted(there)
    assert sorted(listed) == listed


def test_the_tree_of_the_build_is_the_one_that_is_packed(built: Workshop, unpacked: Path) -> None:
    assert [] == list(built.tree.rglob("var"))
    rows = [
        {
            path.relative_to(tree).as_posix(): os.readlink(path)
            if path.is_symlink()
            else path.read_bytes()
            for path in tree.rglob("*")
            if path.is_symlink() or path.is_file()
        }
        for tree in (built.tree, unpacked)
    ]
    assert rows[0] == rows[1]


def test_no_path_of_the_build_host(built: Workshop, unpacked: Path) -> None:
    repository = Path(__file__).parents[2]
    needles = [str(built.root), str(built.cache), "/.draft", ".draft/", str(repository)]
    if sys.base_prefix not in ("/usr", "/usr/local"):
        needles.append(sys.base_prefix)
    found = [
        f"{path.relative_to(unpacked)}: {needle}"
        for path in files(unpacked)
        for needle in needles
        if needle.encode() in path.read_bytes()
    ]
    assert [] == found


def test_modes(unpacked: Path) -> None:
    modes = {path.stat().st_mode & 0o7777 for path in files(unpacked)}
    assert {0o644, 0o755} == modes
    assert os.access(unpacked / "bin" / "shop", os.X_OK)


def test_links_stay_inside(unpacked: Path) -> None:
    for path in unpacked.rglob("*"):
        if path.is_symlink():
            assert not os.path.isabs(os.readlink(path)), path
            assert path.resolve(strict=True).is_relative_to(unpacked), path


def test_the_manifest(built: Workshop, unpacked: Path) -> None:
    text = (unpacked / "release" / "manifest.json").read_text()
    manifest: dict[str, Any] = json.loads(text)
    assert json.dumps(manifest, indent=1, sort_keys=True) == text
    assert ("shop", "1.0", "prod") == tuple(manifest[key] for key in ("name", "version", "env"))
    assert PYTHON == ".".join(manifest["python"]["version"].split(".")[:2])
    assert "shop.worker:main" == manifest["services"]["worker"]["target"]
    launch = dict(
        line.split(" ", 1) for line in (unpacked / "release" / "launch").read_text().splitlines()
    )
    (artifact,) = (built.root / "dist").iterdir()
    assert artifact.name == f"shop-1.0-linux-{launch['machine']}-glibc{launch['glibc']}.tar.gz"


def test_the_layers_name_every_file_once(unpacked: Path) -> None:
    manifest = json.loads((unpacked / "release" / "manifest.json").read_text())
    (total,) = (sum(row["size"] for row in manifest["layers"]),)
    assert ["python", "deps", "app"] == [row["name"] for row in manifest["layers"]]
    assert 0 < total <= sum(path.stat().st_size for path in files(unpacked))


def test_its_python_is_its_own(unpacked: Path) -> None:
    program = "import sys, ssl, sqlite3; print(sys.prefix); print(sys.version_info[1])"
    prefix, minor = called(unpacked / "bin" / "python", "-c", program).split("\n")[:2]
    assert str(unpacked / "python") == prefix
    assert PYTHON == f"3.{minor}"


def test_its_commands(unpacked: Path) -> None:
    program = unpacked / "bin" / "shop"
    assert "shop 1.0\n" == called(program, "version")
    assert "hello a b c\n" == called(program, "hello", "a b", "c")
    said = called(program, "help")
    assert "hello" in said
    assert "say hello" in said


def test_the_archive_has_one_directory_at_its_top(built: Workshop) -> None:
    (artifact,) = (built.root / "dist").iterdir()
    with tarfile.open(artifact) as archive:
        assert {"shop-1.0"} == {row.name.split("/")[0] for row in archive}
