"""Staging: one build at a time, whole trees only, and state survives a rebuild."""

from __future__ import annotations

from pathlib import Path

import pytest

from relforge import staging
from relforge.errors import Exit, UserError
from tests import builder


def test_the_tree_appears_under_its_final_name(tmp_path: Path) -> None:
    release = builder.release(tmp_path)
    with staging.workspace(release):
        (release.tree / "file").write_text("1")
        assert not release.final_tree.exists()
        built = staging.publish(release)
    assert "1" == (built.tree / "file").read_text()
    assert not release.tree.exists()


def test_a_failure_leaves_the_tree_of_the_last_build(tmp_path: Path) -> None:
    release = builder.release(tmp_path)
    with staging.workspace(release):
        (release.tree / "file").write_text("good")
        staging.publish(release)
    with pytest.raises(RuntimeError), staging.workspace(release):
        (release.tree / "file").write_text("half")
        raise RuntimeError
    assert "good" == (release.final_tree / "file").read_text()
    assert not release.tree.exists()


def test_what_a_killed_build_left_is_removed(tmp_path: Path) -> None:
    release = builder.release(tmp_path)
    left = release.build_dir / ".shop-0.9.draft"
    (left / "python").mkdir(parents=True)
    with staging.workspace(release):
        assert not left.exists()
        assert [] == list(release.tree.iterdir())


def test_the_state_folder_of_the_replaced_tree_stays(tmp_path: Path) -> None:
    release = builder.release(tmp_path)
    (release.final_tree / "var").mkdir(parents=True)
    (release.final_tree / "var" / "shop.db").write_text("tickets")
    (release.final_tree / "stale").write_text("")
    with staging.workspace(release):
        staging.publish(release)
    assert "tickets" == (release.final_tree / "var" / "shop.db").read_text()
    assert not (release.final_tree / "stale").exists()


def test_a_second_build_at_once_is_told_so(tmp_path: Path) -> None:
    release = builder.release(tmp_path)
    with (
        staging.workspace(release),
        pytest.raises(UserError, match="another build") as caught,
        staging.workspace(release),
    ):
        pytest.fail("two builds in one workspace")
    assert Exit.LOCKED == caught.value.code


def test_the_build_folder_ignores_itself(tmp_path: Path) -> None:
    with staging.workspace(builder.release(tmp_path)):
        pass
    assert "*\n" == (tmp_path / "_build" / ".gitignore").read_text()
