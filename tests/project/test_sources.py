"""The project's files while somebody writes to them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from relforge.project import sources
from relforge.support.errors import UserError


@pytest.mark.parametrize("content", ["other", None])
def test_a_file_that_changes_between_listing_and_copying_is_told(
    tmp_path: Path, content: str | None
) -> None:
    root = tmp_path / "project"
    root.mkdir()
    file = root / "a.py"
    file.write_text("one")
    expected = sources.digest(root, ["a.py"])
    sources.snapshot(root, ["a.py"], tmp_path / "same", expected)
    file.unlink()
    if content:
        file.write_text(content)
    with pytest.raises(UserError, match="files of the project changed while it was built"):
        sources.snapshot(root, ["a.py"], tmp_path / "other", expected)


def test_a_file_that_goes_away_while_it_is_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="changed while it was built"):
        sources.digest(tmp_path, ["gone.py"])


@pytest.mark.process
def test_artifacts_that_git_does_not_ignore_are_no_sources(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    (tmp_path / "dist").mkdir()
    artifact = "dist/shop-1.0-linux-x86_64-glibc2.34.tar.gz"
    for name in ("a.py", "dist/app.js", artifact, f"{artifact}.sha256.sig"):
        (tmp_path / name).write_text("")
    assert ("a.py", "dist/app.js") == sources.files(tmp_path)
