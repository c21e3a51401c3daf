"""`steps`: a project's own functions between the two that are always there."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomli

from relforge.model.spec import Settings
from relforge.project import settings
from relforge.runtime.settings import LaidSettings
from relforge.support.errors import SettingsError
from tests import builder


def read(line: str) -> Settings:
    merged = tomli.loads(f"python.version = '3.12'\n{line}")
    project = builder.project(Path("/project"))
    return settings.read(project, LaidSettings(merged, ()), "prod", version="1", lock=None)[0]


def test_without_the_setting_there_is_nothing_of_the_projects() -> None:
    assert ("assemble", "pack") == read("").steps
    assert not read("").own_steps


def test_tar_is_another_name_of_pack() -> None:
    found = read("steps = ['assemble', 'mypkg.build:step', 'tar']")
    assert ("assemble", "mypkg.build:step", "pack") == found.steps
    assert found.own_steps


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ("['assembl', 'pack']", "steps[0]: 'assembl' is neither `assemble` nor `pack`"),
        ("['assemble', 'mypkg.build', 'pack']", "steps[1]: 'mypkg.build' is neither"),
        ("['assemble']", "`pack` is missing"),
        ("['assemble', 'pack', 'tar']", "`pack` occurs more than once"),
        ("['pack', 'assemble']", "`pack` comes before `assemble`"),
        ("'assemble'", "expected a list of strings"),
    ],
)
def test_a_list_that_makes_no_release_is_refused(steps: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(f"steps = {steps}")
    assert message in caught.value.message
