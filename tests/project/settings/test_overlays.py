"""Rows of overlays: one thing each, and nothing that no release may have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tomli

from relforge.model.spec import Overlay
from relforge.project import settings
from relforge.runtime.settings import LaidSettings
from relforge.support.errors import SettingsError
from tests import builder


def read(rows: str) -> tuple[Overlay, ...]:
    merged: dict[str, Any] = tomli.loads(f"python.version = '3.12'\noverlays = [{rows}]")
    project = builder.project(Path("/project"))
    return settings.read(project, LaidSettings(merged, ()), "prod", version="1", lock=None)[
        0
    ].overlays


def test_each_row_does_what_its_key_says() -> None:
    rows = read("""
        { copy = "a/", to = "app/a", mode = "0755" }, { template = "t", to = "app/t" },
        { link = "app/a", to = "bin/a" }, { mkdir = "app/d" }, { mode = 0o644, to = "app/t" },
        """)
    expected = (
        Overlay(kind="copy", source="a", to="app/a", mode=0o755),
        Overlay(kind="template", source="t", to="app/t"),
        Overlay(kind="link", source="app/a", to="bin/a"),
        Overlay(kind="mkdir", to="app/d"),
        Overlay(kind="mode", to="app/t", mode=0o644),
    )
    assert expected == rows


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("{ to = 'x' }", "overlays[0]: this row has no action"),
        ("{ copy = 'a', link = 'b', to = 'x' }", "`copy` and `link`"),
        ("{ copy = 'a' }", "overlays[0].to: a path is required"),
        ("{ mkdir = '' }", "overlays[0].mkdir: a path is required"),
        ("{ mkdir = 'x', mode = '0755' }", "overlays[0].mode: unknown key"),
        ("{ copy = '/etc/x', to = 'x' }", "overlays[0].copy: '/etc/x' leads out of the tree"),
        ("{ link = '../x', to = 'x' }", "overlays[0].link: '../x' leads out of the tree"),
        ("{ mkdir = 'a/../../x' }", "overlays[0].mkdir"),
        ('{ mkdir = "a\\u0000b" }', "contains an unprintable character"),
        ("{ link = 'a', to = 'x', mode = '0644' }", "a link has no mode"),
        ("{ copy = 'a', to = 'x', mode = '4755' }", "'4755' sets the setuid, setgid or sticky bit"),
        ("{ copy = 'a', to = 'x', mode = 0o777 }", "0o777 allows writing to others than root"),
        ("{ copy = 'a', to = 'x', mode = '0600' }", "must be able to read it"),
        ("{ copy = 'a', to = 'x', mode = 'rwx' }", "'rwx' is neither"),
        ("{ copy = 'a', to = 'x', mode = [] }", "[] is neither"),
        ("{ copy = 'a', to = 'x', mode = 1.5 }", "1.5 is neither"),
        ("{ copy = 'a', to = 'x', mode = true }", "overlays[0].mode"),
    ],
)
def test_what_no_release_may_have_is_refused(row: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(row)
    assert message in caught.value.message
    assert 78 == caught.value.code
