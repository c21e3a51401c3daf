"""The version of a release: written, the project's, or git's; never made up."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from relforge.model.spec import Project
from relforge.project import version
from relforge.support.errors import Exit, SettingsError
from tests import builder


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return builder.project(tmp_path)


def git(root: Path, *words: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    subprocess.run(["git", *who, *words], cwd=root, check=True, capture_output=True, timeout=30)


def unasked() -> str:
    raise AssertionError("no backend is to be asked")


def refusal(project: Project, setting: Any) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        version.resolve(project, setting, unasked)
    assert Exit.CONFIG == caught.value.code
    assert caught.value.message.startswith("tool.relforge.version: ")
    return caught.value


@pytest.mark.parametrize("setting", [None, {"from": "project"}])
def test_the_project_s(project: Project, setting: Any) -> None:
    assert "1.0" == version.resolve(project, setting, unasked)


def test_a_written_one_wins(project: Project) -> None:
    assert "2.0" == version.resolve(project, "2.0", unasked)


def test_none_at_all_is_refused(project: Project) -> None:
    error = refusal(replace(project, version=None, has_build_system=False), None)
    assert "neither `project.version` nor a build system" in error.message
    assert 'version = "1.0.0"' in error.hint


@pytest.mark.parametrize("setting", [3, {"from": "git"}, {"git": "describe", "x": 1}, []])
def test_what_is_no_version(project: Project, setting: Any) -> None:
    assert "expected" in refusal(project, setting).message


@pytest.mark.process
def test_git_describe(project: Project) -> None:
    git(project.root, "init", "-q")
    (project.root / "a").write_text("1")
    git(project.root, "add", "a")
    git(project.root, "commit", "-qm", "one")
    error = refusal(project, {"git": "describe"})
    assert "finds no tag" in error.message
    assert "git tag v1.0.0" in error.hint
    git(project.root, "tag", "v1.2.3")
    assert "1.2.3" == version.resolve(project, {"git": "describe"}, unasked)
    (project.root / "a").write_text("2")
    assert "1.2.3-dirty" == version.resolve(project, {"git": "describe"}, unasked)


@pytest.mark.process
def test_git_describe_outside_of_a_checkout(project: Project) -> None:
    assert "finds no tag" in refusal(project, {"git": "describe"}).message


@pytest.mark.process
def test_tags_that_are_no_versions_do_not_count_and_a_pattern_may_choose(  # B15
    project: Project,
) -> None:
    git(project.root, "init", "-q")
    git(project.root, "commit", "-q", "--allow-empty", "-m", "one")
    git(project.root, "tag", "docs-7")
    error = refusal(project, {"git": "describe"})
    assert "the nearest tag, docs-7, does not start with a version" in error.message
    assert 'match = "docs-*"' in error.hint
    git(project.root, "tag", "v1.2.3")
    git(project.root, "tag", "web/v1.4.0")
    for match, expected in (("v*", "1.2.3"), ("docs-*", "7"), ("web/v*", "1.4.0")):
        setting = {"git": "describe", "match": match}
        assert expected == version.resolve(project, setting, unasked)
    assert "1.2.3" == version.resolve(project, {"git": "describe"}, unasked)
    assert (
        "no tag that matches 'x*'" in refusal(project, {"git": "describe", "match": "x*"}).message
    )


@pytest.mark.process
def test_a_shallow_clone_is_named(project: Project, tmp_path: Path) -> None:  # B15
    git(project.root, "init", "-q")
    for _ in range(2):
        git(project.root, "commit", "-q", "--allow-empty", "-m", "one")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth=1", project.root.as_uri(), str(clone))
    error = refusal(replace(project, root=clone), {"git": "describe"})
    assert "this clone is shallow" in error.message
    assert "git fetch --tags --unshallow" in error.hint
