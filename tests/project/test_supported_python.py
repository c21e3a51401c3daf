"""One check of the Python that a project supports."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from relforge.project import supported_python
from relforge.support.errors import SettingsError
from tests import builder


def test_a_python_that_the_project_does_not_support_is_refused(tmp_path: Path) -> None:  # P7
    project = builder.project(tmp_path, requires_python=">=3.13")
    with pytest.raises(SettingsError) as caught:
        supported_python.refuse(project, "3.12.4")
    assert "would have CPython 3.12.4" in caught.value.message
    assert 'the project requires ">=3.13" (project.requires-python)' in caught.value.message
    supported_python.refuse(project, "3.13.0")
    supported_python.refuse(replace(project, requires_python=""), "3.12.4")


def test_a_member_counts_as_the_project_does(tmp_path: Path) -> None:  # P7
    member = builder.project(tmp_path / "core", name="core", requires_python="<3.12")
    project = builder.project(tmp_path, members=(member,))
    with pytest.raises(SettingsError, match=r"core: project\.requires-python"):
        supported_python.refuse(project, "3.12.1")


@pytest.mark.parametrize(
    ("asked", "version", "expected"),
    [(">=3.12", "3.12", True), (">=3.12.4", "3.12", True), ("<3.12", "3.12", False)],
)
def test_a_minor_version_stands_for_its_newest_patch(  # P7
    tmp_path: Path, asked: str, version: str, expected: bool
) -> None:
    project = builder.project(tmp_path, requires_python=asked)
    assert expected == supported_python.supports(project, version)


def test_what_is_no_specifier_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"project\.requires-python: "):
        supported_python.refuse(builder.project(tmp_path, requires_python="3"), "3.12.1")
