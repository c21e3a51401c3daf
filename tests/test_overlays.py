"""Overlays: files and templates laid over the tree, never out of it, never through it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from relforge import overlays
from relforge.errors import UserError
from relforge.release import Overlay, Release
from tests import builder


def laid(root: Path, *rows: Overlay) -> Release:
    release = builder.release(root, overlays=rows)
    release.tree.mkdir(parents=True, exist_ok=True)
    return overlays.step(release)


def test_a_file_and_a_folder_are_copied(tmp_path: Path) -> None:
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
    with pytest.raises(UserError, match="written by relforge"):
        laid(tmp_path, Overlay(kind="copy", source="file", to=to))


def test_links_that_stay_inside_are_kept_and_others_refused(tmp_path: Path) -> None:
    (tmp_path / "good").mkdir()
    (tmp_path / "good" / "a").write_text("a")
    (tmp_path / "good" / "b").symlink_to("a")
    tree = laid(tmp_path, Overlay(kind="copy", source="good", to="app/good")).tree
    assert "a" == os.readlink(tree / "app" / "good" / "b")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "up").symlink_to("../../../../../../../../etc/passwd")
    with pytest.raises(UserError, match="leaves the release"):
        laid(tmp_path, Overlay(kind="copy", source="bad", to="app/bad"))
