"""The key of all inputs: it moves when, and only when, the release would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from relforge.model.release import Release
from relforge.model.spec import AssetSettings, Overlay
from relforge.pipeline import input_key
from tests import builder
from tests.layers.deps.test_building import git


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def release(tmp_path: Path) -> Release:
    for name in ("shop/web.py", "assets/app.css", "deploy/unit.j2", "deploy/part.j2", "other.txt"):
        write(tmp_path / name, "1\n")
    write(tmp_path / "requirements.lock", "")
    return builder.release(
        tmp_path,
        app=("shop",),
        lock="requirements.lock",
        assets=AssetSettings(run=(("true",),), inputs=("assets/**",)),
        overlays=(
            Overlay(kind="template", source="deploy/unit.j2", to="app/unit"),
            Overlay(kind="copy", source="deploy", to="app/deploy"),
        ),
    )


@pytest.mark.parametrize(
    "name",
    ["shop/web.py", "assets/app.css", "deploy/unit.j2", "deploy/part.j2", "requirements.lock"],
)
def test_each_file_that_goes_in_counts(release: Release, name: str) -> None:
    before = input_key.key(release)
    write(release.project.root / name, "2\n")
    assert before != input_key.key(release)


@pytest.mark.parametrize("name", ["shop/new.py", "assets/new.css", "deploy/new"])
def test_a_new_file_counts(release: Release, name: str) -> None:
    before = input_key.key(release)
    write(release.project.root / name, "")
    assert before != input_key.key(release)


def test_the_executable_bit_counts(release: Release) -> None:
    before = input_key.key(release)
    (release.project.root / "shop/web.py").chmod(0o755)
    assert before != input_key.key(release)


def test_a_file_that_no_setting_names_does_not_count(release: Release) -> None:
    before = input_key.key(release)
    write(release.project.root / "other.txt", "2\n")
    (release.project.root / "shop/web.py").touch()
    assert before == input_key.key(release)


@pytest.mark.parametrize(
    "change",
    [
        lambda row: replace(row, env="dev"),
        lambda row: replace(row, source_date=1),
        lambda row: replace(row, revision="def"),
        lambda row: replace(row, settings=replace(row.settings, version="2.0")),
        lambda row: replace(row, python=replace(row.python, key="other")),
        lambda row: replace(row, target=replace(row.target, machine="aarch64")),
    ],
)
def test_each_setting_counts(release: Release, change: Callable[[Release], Release]) -> None:
    assert input_key.key(release) != input_key.key(change(release))


@pytest.mark.process
@pytest.mark.parametrize(
    ("lock", "text"),
    [
        ("uv.lock", 'source = { editable = "near" }'),
        ("pylock.toml", 'directory = { path = "near", editable = false }'),
        ("pylock.toml", '[packages.directory]\npath = "near"'),
    ],
)
def test_a_directory_that_the_lock_takes_a_package_from_counts(
    release: Release, lock: str, text: str
) -> None:
    root = release.project.root
    write(root / lock, text)
    write(root / "near" / "near.py", "1\n")
    taken = replace(release, settings=replace(release.settings, lock=lock))
    before = input_key.key(taken)
    write(root / "near" / "near.py", "2\n")
    assert before != input_key.key(taken)


@pytest.mark.process
def test_a_tag_counts_for_a_local_package_that_computes_its_version(release: Release) -> None:  # B2
    root = release.project.root
    write(root / "pylock.toml", '[[packages]]\nname = "a"\ndirectory = { path = "vendor/a" }\n')
    write(
        root / "vendor" / "a" / "pyproject.toml", '[project]\nname = "a"\ndynamic = ["version"]\n'
    )
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "one")
    locked = replace(release, settings=replace(release.settings, lock="pylock.toml"))
    before = input_key.key(locked)
    git(root, "tag", "v2.0")
    tagged = input_key.key(locked)
    assert before != tagged
    write(root / "vendor" / "a" / "pyproject.toml", '[project]\nname = "a"\nversion = "1"\n')
    written = input_key.key(locked)
    git(root, "tag", "v3.0")
    assert written == input_key.key(locked) != tagged
