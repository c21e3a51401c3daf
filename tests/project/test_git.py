"""The history that a backend sees."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from relforge.project import git

pytestmark = pytest.mark.process


def run(root: Path, *words: str) -> str:
    identity = ("-c", "user.name=x", "-c", "user.email=x@x")
    done = subprocess.run(
        ["git", *identity, *words], cwd=root, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A tagged project, in a directory of its checkout, of which a part was copied."""
    for name in ("shop/a.py", "shop/vendor/b.whl", "top.txt"):
        path = tmp_path / "checkout" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("1\n")
    run(tmp_path / "checkout", "init", "-q")
    run(tmp_path / "checkout", "add", ".")
    run(tmp_path / "checkout", "commit", "-qm", "one")
    run(tmp_path / "checkout", "tag", "v1.0")
    (tmp_path / "copy/shop").mkdir(parents=True)
    (tmp_path / "copy/shop/a.py").write_text("1\n")
    return tmp_path / "checkout/shop"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return tmp_path / "copy/shop"


def test_what_was_not_copied_does_not_make_the_version_dirty(project: Path, copy: Path) -> None:
    git.lend(project, copy, copy.parent)
    assert "v1.0" == run(copy, "describe", "--tags", "--dirty")


def test_what_was_changed_does(project: Path, copy: Path) -> None:
    (copy / "a.py").write_text("2\n")
    git.lend(project, copy, copy.parent)
    assert "v1.0-dirty" == run(copy, "describe", "--tags", "--dirty")


def test_what_the_project_itself_lacks_does(project: Path, copy: Path) -> None:
    (project / "vendor/b.whl").unlink()
    git.lend(project, copy, copy.parent)
    assert "v1.0-dirty" == run(copy, "describe", "--tags", "--dirty")


def test_a_worktree_lends_its_own_commit(project: Path, copy: Path, tmp_path: Path) -> None:
    run(project, "worktree", "add", "-q", "--detach", str(tmp_path / "other"))
    run(tmp_path / "other", "commit", "-q", "--allow-empty", "-m", "two")
    git.lend(tmp_path / "other/shop", copy, copy.parent)
    assert run(tmp_path / "other", "rev-parse", "HEAD") == run(copy, "rev-parse", "HEAD")


def test_the_project_and_its_repository_stay_as_they_are(project: Path, copy: Path) -> None:
    git.lend(project, copy, copy.parent)
    run(copy.parent, "update-index", "--no-skip-worktree", "top.txt")
    assert "" == run(project, "ls-files", "--deleted")
    assert "H shop/a.py\nH shop/vendor/b.whl\nH top.txt" == run(project.parent, "ls-files", "-v")


@pytest.mark.process
def test_the_callers_repository_is_left_alone(  # B3
    project: Path, copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    run(other, "init", "-q")
    run(other, "commit", "-q", "--allow-empty", "-m", "x")
    run(other, "tag", "v9.9")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    assert "1.0" == git.describe(project)
    git.lend(project, copy, copy.parent)
    assert (copy.parent / ".git" / "HEAD").is_file()
