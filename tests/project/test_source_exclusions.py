"""What a build takes in is in the project, and is none of its sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from relforge.model.spec import (
    OciSettings,
    PackageSettings,
    PythonArchive,
    PythonSettings,
    Settings,
)
from relforge.pipeline import input_key
from relforge.project import source_exclusions
from tests import builder

NAMES = (
    "base.tar",
    "image/blobs/sha256/ab",
    "image/index.json",
    "image.py",
    "python.tar.gz",
    "shop/__init__.py",
    "vendor/README",
    "vendor/click-1.0-py3-none-any.whl",
    "vendor/old/click-0.9.tar.gz",
)


ARM = ("linux-aarch64", PythonArchive(where="", place="python.tar.gz", sha256=""))


def python(
    archive: str = "", archives: tuple[tuple[str, PythonArchive], ...] = ()
) -> PythonSettings:
    return PythonSettings(version="3.12", source="archive", archive=archive, archives=archives)


@pytest.mark.parametrize(
    ("settings", "apart"),
    [
        (builder.settings(), set()),
        (builder.settings(oci=OciSettings(base="base.tar")), {"base.tar"}),
        (
            builder.settings(oci=OciSettings(base="image")),
            {"image/blobs/sha256/ab", "image/index.json"},
        ),
        (builder.settings(python=python(archive="python.tar.gz")), {"python.tar.gz"}),
        (builder.settings(python=python(archive="https://x/python.tar.gz")), set()),
        (
            builder.settings(python=python(archives=(ARM,))),
            {"python.tar.gz"},
        ),
        (
            builder.settings(packages=PackageSettings(wheelhouse="vendor")),
            {"vendor/click-1.0-py3-none-any.whl"},
        ),
        (
            builder.settings(packages=PackageSettings(find_links=("./vendor/old",))),
            {"vendor/old/click-0.9.tar.gz"},
        ),
        (builder.settings(packages=PackageSettings(wheelhouse=".")), {"python.tar.gz"}),
    ],
)
def test_what_settings_name_is_apart(settings: Settings, apart: set[str], tmp_path: Path) -> None:
    left = source_exclusions.without(NAMES, tmp_path, tmp_path, settings)
    assert apart == {*NAMES} - {*left}


def test_a_wheelhouse_of_the_command_line_is_apart_and_so_is_a_link_to_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wheels").mkdir()
    (tmp_path / "vendor").symlink_to("wheels")
    monkeypatch.setenv("RELFORGE_WHEELHOUSE", str(tmp_path / "vendor"))
    names = ("vendor", "wheels/a-1.0-py3-none-any.whl", "wheels/notes")
    left = source_exclusions.without(names, tmp_path, tmp_path, builder.settings())
    assert ["wheels/notes"] == list(left)


@pytest.mark.process
def test_a_new_wheel_in_the_wheelhouse_does_not_move_the_key(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "vendor").mkdir()
    found = builder.release(tmp_path, app=None, packages=PackageSettings(wheelhouse="vendor"))
    before = input_key.key(found)
    (tmp_path / "vendor/click-1.0-py3-none-any.whl").write_text("")
    assert before == input_key.key(found)
    (tmp_path / "new.py").write_text("")
    assert before != input_key.key(found)
