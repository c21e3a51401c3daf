"""S8: a tree is as it was built in its links, modes, owners and directories, too."""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from relforge.artifacts.reading import reader, verify
from relforge.cli.main import app
from relforge.runtime.contract import tree_list
from relforge.tree import extraction
from tests.artifacts.reading import archives
from tests.artifacts.reading.archives import TOP, member, members

SITE = "python/lib/python3.12/site-packages"


def reported(place: Path) -> str:
    return "\n".join(map(str, verify.problems(reader.read(place))))


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    return archives.write(tmp_path / f"{TOP}.tar.gz", members())


@pytest.fixture
def tree(artifact: Path) -> Path:
    with tarfile.open(artifact) as tar:
        extraction.extract(tar, artifact.parent)
    return artifact.parent / TOP


def _retarget(tree: Path) -> None:
    (tree / "bin/python").unlink()
    (tree / "bin/python").symlink_to("nothing")


def _fill(tree: Path) -> None:
    (tree / "bin/python").unlink()
    (tree / "bin/python").write_text("")


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "retargeted": (_retarget, "bin/python: the link leads to nothing, and led to ../python/bin/"),
    "removed": (lambda tree: (tree / "bin/python").unlink(), "bin/python: the link is missing"),
    "a file": (_fill, "bin/python: it is no longer a link: it led to ../python/bin/python3.12"),
    "added": (
        lambda tree: (tree / SITE / "sitecustomize.py").symlink_to("/tmp/x.py"),
        f"{SITE}/sitecustomize.py: the link was added later: release/tree.json does not list it",
    ),
    "mode": (
        lambda tree: (tree / "bin/shop").chmod(0o644),
        "bin/shop: its mode has changed: it was executable when it was built",
    ),
    "directory": (
        lambda tree: (tree / "app").mkdir(),
        "app: the directory was added later: release/tree.json does not list it",
    ),
    "writable": (
        lambda tree: (tree / "bin").chmod(0o777),
        "bin: it is world-writable (mode 0777)",
    ),
}


@pytest.mark.parametrize(("change", "said"), CHANGES.values(), ids=CHANGES)
def test_what_a_digest_cannot_say_is_compared(
    tree: Path, change: Callable[[Path], object], said: str
) -> None:
    assert "" == reported(tree)
    change(tree)
    assert said in reported(tree)


@pytest.mark.skipif(os.geteuid() != 0, reason="it needs root: another owner")
def test_a_tree_belongs_to_root_or_to_the_owner_of_its_directory(tree: Path) -> None:
    os.chown(tree / "bin", 1000, 0)
    whose = "neither to root nor to the owner of the release's directory"
    assert f"bin: it belongs to uid 1000, {whose}" == reported(tree)
    for path in (tree, *tree.rglob("*")):
        os.chown(path, 1000, 1000, follow_symlinks=False)
    assert "" == reported(tree)
    (tree / "bin/shop").chmod(0o775)
    assert "" == reported(tree)
    os.chown(tree / "bin/shop", 1000, 2000)
    assert "bin/shop: it is writable by the group 2000 (mode 0775)" == reported(tree)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([member(f"{TOP}/app/x", type=tarfile.SYMTYPE, linkname="../bin/shop")], "app/x: the link"),
        ([member(f"{TOP}/app", type=tarfile.DIRTYPE, mode=0o755)], "app: the directory was added"),
    ],
)
def test_an_artifact_without_a_digest_file_is_judged_as_well(
    tmp_path: Path, rows: list[tuple[tarfile.TarInfo, bytes]], said: str
) -> None:
    assert said in reported(archives.write(tmp_path / "a.tar.gz", [*members(), *rows]))
    dropped = [row for row in members() if not row[0].issym()]
    assert "bin/python: the link is missing" in reported(
        archives.write(tmp_path / "b.tar.gz", dropped)
    )
    plain = [row for row in members() if row[0].name != f"{TOP}/bin/shop"]
    plain.append(member(f"{TOP}/bin/shop", "#!/bin/sh\n", mode=0o644))
    assert "bin/shop: its mode" in reported(archives.write(tmp_path / "c.tar.gz", plain))


def test_an_empty_directory_is_listed() -> None:
    one = tree_list.TreeFacts(directories={"app/static"}, executable=set(), links={})
    none = tree_list.TreeFacts(directories={"app"}, executable=set(), links={})
    rows = list(tree_list.problems(one, none, {"app/x"}))
    assert [("app/static", "the empty directory is missing")] == rows
    full = tree_list.TreeFacts(directories={"app", "app/static"}, executable=set(), links={})
    assert [] == list(tree_list.problems(one, full, {"app/x"}))
    again = tree_list.parse(tree_list.text(one).encode())
    assert ({"app/static"}, frozenset(), {}) == (again.directories, again.executable, again.links)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"links": []}', "[" * 100_000, '{"links": {"a": 1}}', "\xff"]
)
def test_a_damaged_list_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        tree_list.parse(text.encode("latin-1"))


def test_a_release_of_relforge_0_1_0_has_no_such_list(tmp_path: Path, tree: Path) -> None:
    sums = tree / "release/SHA256SUMS"
    lines = [line for line in sums.read_text().splitlines() if "tree.json" not in line]
    (tree / "release/tree.json").unlink()
    assert "release/tree.json: it is missing" == reported(tree)
    sums.write_text("\n".join(lines) + "\n")
    assert "" == reported(tree)


def test_a_tree_is_compared_with_its_artifact(tree: Path, artifact: Path) -> None:
    """A tree's own lists are no proof: here all of them are made to fit."""
    runner = CliRunner()
    same = runner.invoke(app, ["verify", str(tree), "--against", str(artifact)])
    assert same.exit_code == 0
    assert same.stdout == "shop 1.0: 7 files, all unchanged since the build\n"
    (tree / "bin/shop").write_text("#!/bin/sh\nevil\n")
    (tree / "bin/new").symlink_to("shop")
    listed = tree_list.TreeFacts(
        directories=set(),
        executable={"bin/shop"},
        links={**archives.LINKS, "bin/new": "shop"},
    )
    (tree / "release/tree.json").write_text(tree_list.text(listed))
    files = [path for path in tree.rglob("*") if path.is_file() and not path.is_symlink()]
    sums = "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(tree)}\n"
        for path in files
        if path.name != "SHA256SUMS"
    )
    (tree / "release/SHA256SUMS").write_text(sums)
    assert "" == reported(tree)
    other = runner.invoke(app, ["verify", str(tree), "--against", str(artifact)])
    assert 1 == other.exit_code
    assert "bin/shop: its content is not that in shop-1.0.tar.gz\n" in other.stdout
    assert "bin/new: the link was added later" in other.stdout
    for pair in ((tree, tree), (artifact, artifact)):
        wrong = runner.invoke(app, ["verify", str(pair[0]), "--against", str(pair[1])])
        assert 2 == wrong.exit_code
