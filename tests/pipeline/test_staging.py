"""Staging: one build at a time, whole trees only, and state survives a rebuild."""

from __future__ import annotations

import fcntl
import sys
from pathlib import Path
from types import FrameType

import pytest

from relforge.pipeline import staging
from relforge.support.errors import Exit, UserError
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


def test_the_state_directory_of_the_replaced_tree_stays(tmp_path: Path) -> None:
    release = builder.release(tmp_path)
    (release.final_tree / "var").mkdir(parents=True)
    (release.final_tree / "var" / "shop.db").write_text("tickets")
    (release.final_tree / "stale").write_text("")
    with staging.workspace(release):
        staging.publish(release)
    assert "tickets" == (release.final_tree / "var" / "shop.db").read_text()
    assert not (release.final_tree / "stale").exists()


def test_a_second_build_at_once_is_reported(tmp_path: Path) -> None:
    release = builder.release(tmp_path)
    with (
        staging.workspace(release),
        pytest.raises(UserError, match="another build") as caught,
        staging.workspace(release),
    ):
        pytest.fail("two builds in one workspace")
    assert Exit.LOCKED == caught.value.code


def test_the_build_directory_ignores_itself(tmp_path: Path) -> None:
    with staging.workspace(builder.release(tmp_path)):
        pass
    assert "*\n" == (tmp_path / "_build" / ".gitignore").read_text()


@pytest.mark.parametrize("moment", ["no new tree", "state not moved"])
def test_a_publication_that_was_killed_loses_no_tree_and_no_state(
    tmp_path: Path, moment: str
) -> None:
    release = builder.release(tmp_path)
    old = release.build_dir / f".{release.final_tree.name}.old"
    (old / "var").mkdir(parents=True)
    (old / "var" / "shop.db").write_text("tickets")
    if moment == "state not moved":
        release.final_tree.mkdir()
    with staging.workspace(release):
        assert "tickets" == (release.final_tree / "var" / "shop.db").read_text()
        assert not old.exists()


def test_the_final_name_is_there_at_every_moment(tmp_path: Path) -> None:
    release = builder.release(tmp_path)
    release.final_tree.mkdir(parents=True)
    seen = []

    def look(_frame: FrameType, _event: str, _argument: object) -> None:
        seen.append(release.final_tree.is_dir())  # before and after each call

    with staging.workspace(release):
        sys.setprofile(look)
        try:
            staging.publish(release)
        finally:
            sys.setprofile(None)
    assert len(seen) > 10
    assert all(seen)


@pytest.mark.parametrize("place", ["var", "var/instances/two"])
def test_a_tree_that_runs_is_refused(tmp_path: Path, place: str) -> None:
    release = builder.release(tmp_path)
    lock = release.final_tree / place / "lock"
    lock.parent.mkdir(parents=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(UserError, match="this release is running") as caught:
            staging.refuse_running(release)
        assert Exit.LOCKED == caught.value.code
        assert f"{release.final_tree}/bin/shop stop" in caught.value.hint
    staging.refuse_running(release)


def test_no_two_drafts_have_one_name(tmp_path: Path) -> None:
    assert staging.draft(tmp_path, "shop", "1") != staging.draft(tmp_path, "shop", "1")


def test_a_failed_write_names_the_directory(tmp_path: Path) -> None:
    release = builder.release(tmp_path)
    with pytest.raises(OSError) as caught, staging.workspace(release):
        raise OSError(28, "No space left on device")
    assert str(release.build_dir) == caught.value.filename
