"""Overlays: files and templates laid over the tree, never out of it, never through it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from relforge.layers import overlays
from relforge.model.release import Release
from relforge.model.spec import Overlay
from relforge.support.errors import UserError
from tests import builder


def laid(root: Path, *rows: Overlay) -> Release:
    release = builder.release(root, overlays=rows)
    release.tree.mkdir(parents=True, exist_ok=True)
    return overlays.step(release)


def test_a_file_and_a_directory_are_copied(tmp_path: Path) -> None:
    (tmp_path / "etc" / "deep").mkdir(parents=True)
    (tmp_path / "etc" / "deep" / "b.toml").write_text("b = 1")
    (tmp_path / "run.sh").write_text("#!/bin/sh\n")
    (tmp_path / "run.sh").chmod(0o700)
    tree = laid(
        tmp_path,
        Overlay(kind="copy", source="etc", to="release/etc"),
        Overlay(kind="copy", source="run.sh", to="release/hooks/run"),
    ).tree
    assert "b = 1" == (tree / "release/etc/deep/b.toml").read_text()
    assert 0o755 == (tree / "release/hooks/run").stat().st_mode & 0o777


def test_a_template_sees_the_release(tmp_path: Path) -> None:
    (tmp_path / "motd.j2").write_text("{{ name }} {{ version }} ({{ env }})\n")
    tree = laid(tmp_path, Overlay(kind="template", source="motd.j2", to="release/motd")).tree
    assert "shop 1.0 (prod)\n" == (tree / "release/motd").read_text()


def test_an_unknown_variable_is_an_error_that_lists_the_known_ones(tmp_path: Path) -> None:
    (tmp_path / "motd.j2").write_text("{{ nmae }}")
    with pytest.raises(UserError) as caught:
        laid(tmp_path, Overlay(kind="template", source="motd.j2", to="release/motd"))
    assert "tool.relforge.overlays[0].template" in caught.value.message
    assert "nmae" in caught.value.message
    assert "name" in caught.value.hint


def test_a_template_that_does_not_parse_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "motd.j2").write_text("one\n{{ name\n")
    with pytest.raises(UserError, match=r"motd\.j2:\d"):
        laid(tmp_path, Overlay(kind="template", source="motd.j2", to="release/motd"))


def test_what_lies_there_is_replaced_and_not_written_through(tmp_path: Path) -> None:
    release = builder.release(
        tmp_path, overlays=(Overlay(kind="copy", source="new", to="app/file"),)
    )
    (tmp_path / "new").write_text("new")
    (tmp_path / "cached").write_text("cached")
    (release.tree / "app").mkdir(parents=True)
    os.link(tmp_path / "cached", release.tree / "app" / "file")
    overlays.step(release)
    assert "cached" == (tmp_path / "cached").read_text()
    assert "new" == (release.tree / "app" / "file").read_text()


@pytest.mark.parametrize(
    "to", ["release/manifest.json", "runtime/x.py", "bin/shop", "var/x", "release/SHA256SUMS"]
)
def test_what_relforge_writes_cannot_be_laid_over(tmp_path: Path, to: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="relforge itself writes"):
        laid(tmp_path, Overlay(kind="copy", source="file", to=to))


@pytest.mark.parametrize(
    ("to", "message"),
    [
        ("app/out/x", "points outside the release through a link"),
        ("app/in/manifest.json", "relforge itself writes"),
        ("app/file/x", "a parent of that path is a file"),
        ("app", "is a directory of the release"),
        ("release", "contains files that relforge itself writes"),
        ("../x", "points outside the release"),
        ("/etc/x", "points outside the release"),
    ],
)
def test_where_nothing_can_be_laid(tmp_path: Path, to: str, message: str) -> None:
    row = Overlay(kind="copy", source="file", to=to)
    release = builder.release(tmp_path, overlays=(row,))
    (tmp_path / "file").write_text("")
    (release.tree / "app").mkdir(parents=True)
    (release.tree / "app" / "file").write_text("")
    (release.tree / "app" / "out").symlink_to(tmp_path)
    (release.tree / "app" / "in").symlink_to("../release")
    if to != "release":
        (release.tree / "release").mkdir()
    with pytest.raises(UserError, match=message) as caught:
        overlays.step(release)
    assert "tool.relforge.overlays[0]: " in caught.value.message
    assert 78 == caught.value.code


def test_a_link_leads_to_a_path_of_the_release(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    tree = laid(
        tmp_path,
        Overlay(kind="copy", source="file", to="app/deep/file"),
        Overlay(kind="link", source="app/deep/file", to="bin/tool"),
        Overlay(kind="link", source="release/manifest.json", to="app/about.json"),
    ).tree
    assert "../app/deep/file" == os.readlink(tree / "bin" / "tool")
    assert "../release/manifest.json" == os.readlink(tree / "app" / "about.json")


def test_a_link_to_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"overlays\[0\]: the release has no 'app/x'"):
        laid(tmp_path, Overlay(kind="link", source="app/x", to="app/y"))


def test_a_directory_is_made_and_may_be_there(tmp_path: Path) -> None:
    row = Overlay(kind="mkdir", to="app/data/in")
    assert (laid(tmp_path, row, row).tree / "app" / "data" / "in").is_dir()


def test_a_mode_is_given_to_a_file_of_the_cache_without_touching_it(tmp_path: Path) -> None:
    release = builder.release(tmp_path, overlays=(Overlay(kind="mode", to="app/x", mode=0o755),))
    (release.tree / "app").mkdir(parents=True)
    (tmp_path / "cached").write_text("cached")
    (tmp_path / "cached").chmod(0o644)
    os.link(tmp_path / "cached", release.tree / "app" / "x")
    overlays.step(release)
    assert 0o644 == (tmp_path / "cached").stat().st_mode & 0o777
    assert 0o755 == (release.tree / "app" / "x").stat().st_mode & 0o777
    assert "cached" == (release.tree / "app" / "x").read_text()


def test_rows_are_laid_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("one")
    (tmp_path / "two").write_text("two")
    rows = (Overlay(kind="copy", source=name, to="app/x") for name in ("one", "two"))
    assert "two" == (laid(tmp_path, *rows).tree / "app" / "x").read_text()


def test_what_is_no_file_is_not_copied(tmp_path: Path) -> None:
    (tmp_path / "directory").mkdir()
    os.mkfifo(tmp_path / "directory" / "pipe")
    with pytest.raises(UserError, match="pipe: is a FIFO"):
        laid(tmp_path, Overlay(kind="copy", source="directory", to="app/x"))


def test_a_source_outside_of_the_project_is_refused(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "x").write_text("")
    root = tmp_path / "project"
    root.mkdir()
    (root / "link").symlink_to("../outside")
    with pytest.raises(UserError, match="leads out of the project"):
        laid(root, Overlay(kind="copy", source="link/x", to="app/x"))


def test_links_that_stay_inside_are_kept_and_others_refused(tmp_path: Path) -> None:
    (tmp_path / "good").mkdir()
    (tmp_path / "good" / "a").write_text("a")
    (tmp_path / "good" / "b").symlink_to("a")
    tree = laid(tmp_path, Overlay(kind="copy", source="good", to="app/good")).tree
    assert "a" == os.readlink(tree / "app" / "good" / "b")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "up").symlink_to("../../../../../../../../etc/passwd")
    with pytest.raises(UserError, match="points outside the release"):
        laid(tmp_path, Overlay(kind="copy", source="bad", to="app/bad"))
