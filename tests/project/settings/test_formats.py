"""``formats`` and the tables of formats."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from relforge.model.spec import DebSettings, OciSettings, Settings
from relforge.project import settings
from relforge.runtime.settings import LaidSettings
from relforge.support.errors import SettingsError
from tests import builder


def read(**table: Any) -> Settings:
    merged = {"python": {"version": "3.12"}, **table}
    return settings.read(
        builder.project(Path("/p")), LaidSettings(merged, ()), "prod", version="1", lock=None
    )[0]


def test_a_tarball_is_the_default() -> None:
    found = read()
    assert ("tar.gz",) == found.formats
    assert (OciSettings(), DebSettings()) == (found.oci, found.deb)


def test_formats_in_their_order() -> None:
    assert ("oci", "tar.zst") == read(formats=["oci", "tar.zst"]).formats


@pytest.mark.parametrize(
    ("table", "message", "hint"),
    [
        ({"formats": ["tar.gx"]}, "formats[0]: 'tar.gx' is none of ", "did you mean `tar.gz`?"),
        ({"formats": ["run", "run"]}, "formats[1]: 'run' occurs twice", ""),
        ({"formats": []}, "formats: a release has at least one format", ""),
        ({"formats": "deb"}, "formats: expected a list of strings, found a string ('deb')", ""),
        ({"oci": {"bas": "x"}}, "oci.bas: unknown key", "did you mean `base`?"),
        ({"oci": {"compression": "xz"}}, "oci.compression: 'xz' is none of ", ""),
        ({"oci": {"env": {"A": 1}}}, "oci.env.A: expected a string, found a number (1)", ""),
        ({"deb": {"hardening": "none"}}, "deb.hardening: 'none' is none of ", ""),
        ({"deb": {"conffiles": {"../a": "/etc/a"}}}, "deb.conffiles.../a: '../a' leads out ", ""),
    ],
)
def test_what_is_wrong_is_named(table: dict[str, Any], message: str, hint: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        read(**table)
    assert refusal.value.message.startswith(f"tool.relforge.{message}")
    assert hint in refusal.value.hint
