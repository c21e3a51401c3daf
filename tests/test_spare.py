"""The interpreter of the tree before: what the next tree has, too, stays; all else of it goes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from relforge import cache, spare
from relforge.release import Release
from tests import builder

FILES = {"same.py": "s = 1\n", "changed.py": "c = 1\n", "gone/inner/old.py": "o = 1\n"}


@pytest.fixture
def release(own_cache: Path, tmp_path: Path) -> Release:
    """A release with an empty draft, and the tree of its last build."""
    release = builder.release(tmp_path)
    site = release.python.site_packages

    def build(folder: Path) -> None:
        for path, text in FILES.items():
            (folder / site / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / site / path).write_text(text)
        (folder / site / "link").symlink_to("same.py")

    cache.place(cache.tree("wheel", "k", build), old(release))
    release.tree.mkdir(parents=True)
    return release


def old(release: Release) -> Path:
    return release.build_dir / "old"


def settled(release: Release, *names: str) -> frozenset[str]:
    """What is kept of the old tree where the new one has these files of it."""
    tree = cache.find("wheel", "k")
    assert tree is not None
    spare.keep(release, old(release))
    spare.take(release, ())
    wanted = {f"{release.python.site_packages}/{name}" for name in names}
    return spare.settle(release, [row for row in tree.entries if row.path in wanted])


def left(release: Release) -> list[str]:
    site = release.tree / release.python.site_packages
    return sorted(path.relative_to(site).as_posix() for path in site.rglob("*"))


def test_what_the_next_tree_has_stays_and_all_else_goes(release: Release) -> None:
    site = release.python.site_packages
    inode = (old(release) / site / "same.py").stat().st_ino
    (old(release) / site / "brought.py").write_text("by the application")
    kept = settled(release, "same.py", "link")
    assert {f"{site}/same.py", f"{site}/link"} == kept
    assert ["link", "same.py"] == left(release)
    assert inode == (release.tree / site / "same.py").stat().st_ino


def test_what_was_written_to_goes(release: Release) -> None:
    site = old(release) / release.python.site_packages
    for name, text in {"same.py": "s = 2\n", "link": "no link"}.items():
        (site / name).unlink()
        (site / name).write_text(text)
    assert frozenset() == settled(release, "same.py", "link")
    assert not (release.tree / release.python.site_packages).exists()


def test_a_link_to_a_folder_is_not_followed(release: Release, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("mine")
    (old(release) / release.python.site_packages / "folder").symlink_to(tmp_path / "mine")
    settled(release, "same.py")
    assert ["same.py"] == left(release)
    assert "mine" == (tmp_path / "mine" / "file").read_text()


def test_a_step_that_comes_first_finds_an_empty_draft(release: Release) -> None:
    first = ("shop.build:step", "assemble", "pack")
    release = replace(release, settings=replace(release.settings, steps=first))
    assert frozenset() == settled(release, "same.py")
    assert [] == list(release.tree.iterdir())


def test_a_draft_without_packages_is_left_as_it_is(release: Release) -> None:
    (release.tree / "mine").write_text("")
    spare.take(release, ())
    assert frozenset() == spare.settle(release, ())
    assert ["mine"] == [path.name for path in release.tree.iterdir()]


def test_the_interpreter_stays_where_it_is_the_same(release: Release) -> None:
    files = ("python/bin/python3", "python/lib/os.py", "python/lib/old/gone.py")
    for path in files:
        (old(release) / path).parent.mkdir(parents=True, exist_ok=True)
        (old(release) / path).write_text(path)
    entries = [cache.look(old(release) / path, path) for path in files[:2]]
    (old(release) / files[1]).write_text("another")
    spare.keep(release, old(release))
    assert {files[0]} == spare.take(release, entries)
    found = {path.name for path in (release.tree / "python").rglob("*")}
    assert {"python3", "same.py"} <= found
    assert not {"os.py", "gone.py", "old"} & found
    assert "gone/inner/old.py" in left(release)  # until it is settled


def test_packages_of_another_python_go(release: Release) -> None:
    spare.keep(release, old(release))
    newer = replace(release, python=replace(release.python, version="3.13.0", tag="cp313"))
    assert frozenset() == spare.take(newer, ())
    assert not list(release.tree.rglob("*.py"))
