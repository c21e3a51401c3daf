"""Artifacts of two environments have one name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from relforge.artifacts import formats
from relforge.model.release import Release
from tests.artifacts.formats import shop

NOTE = "was built with --env prod and is replaced by one built with --env dev"


def packed(release: Release, env: str) -> tuple[str, ...]:
    return formats.step(replace(release, env=env)).notes


def test_who_replaces_the_artifact_of_another_environment_is_warned(
    own_cache: Path, tmp_path: Path
) -> None:
    release = formats.choose(shop.prepared(tmp_path), ("tar.gz", "run"))
    assert () == packed(release, "prod")
    notes = packed(release, "dev")
    assert 2 == len(notes)
    assert all(NOTE in note for note in notes)
    assert () == packed(release, "dev")


def test_nobody_is_warned_of_an_artifact_that_is_gone(own_cache: Path, tmp_path: Path) -> None:
    release = formats.choose(shop.prepared(tmp_path), ("tar.gz",))
    packed(release, "prod")
    for path in (tmp_path / "dist").iterdir():
        path.unlink()
    assert () == packed(release, "dev")
