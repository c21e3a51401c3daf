"""What the runtime reads: sorted, complete, without the build host."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from relforge.layers import manifest
from relforge.model.release import Entry, Layer, Release
from relforge.model.spec import AssetSettings
from relforge.runtime.contract.command import Command
from relforge.runtime.contract.service import Service
from relforge.support.errors import UserError
from relforge.tree import draft
from tests import builder

CONFIG = {"providers": [], "schema": {}, "export": {}, "strict": True}


@pytest.fixture
def release(tmp_path: Path) -> Release:
    service = Service(name="web", kind="app", target="shop.web:app", server="uvicorn")
    command = Command(name="migrate", call="shop.ops:migrate", help="migrate")
    entries = (
        Entry(path="a", mode=0o644, size=7, sha256="0" * 64),
        Entry(path="b", mode=0o777, size=0, sha256="", link="a"),
    )
    layer = Layer(name="python", key="k", cached=True, seconds=1.5, entries=entries)
    return builder.release(tmp_path, services=(service,), commands=(command,), layers=(layer,))


def test_the_manifest_names_services_commands_and_layers(release: Release) -> None:
    found = manifest.describe(release, CONFIG)
    assert 1 == found["manifest"]
    assert {"system": "linux", "machine": "x86_64", "glibc": "2.34"} == found["target"]
    assert [{"name": "python", "key": "k", "files": 2, "size": 7}] == found["layers"]
    assert ["migrate"] == list(found["commands"])
    command = found["commands"]["migrate"]
    assert ("shop.ops:migrate", "migrate", "eval") == (
        command["call"],
        command["help"],
        command["mode"],
    )
    web = found["services"]["web"]
    assert "name" not in web
    assert ("app", "shop.web:app", 20.0, "notify") == tuple(
        web[key] for key in ("kind", "target", "drain", "ready")
    )
    assert found["lock"] is None


def test_directories_of_assets_are_named_where_their_names_have_digests(tmp_path: Path) -> None:
    outputs = (("web/dist", "app/static"), ("dist", "app/more"))
    for digest, directories in ((True, ["app/more", "app/static"]), (False, [])):
        assets = AssetSettings(run=(("make",),), outputs=outputs, digest=digest)
        found = manifest.describe(builder.release(tmp_path, assets=assets), CONFIG)
        assert directories == found["assets"]


def test_it_says_nothing_of_the_build_host_or_of_how_long_it_took(release: Release) -> None:
    text = json.dumps(manifest.describe(release, CONFIG))
    assert str(release.project.root) not in text
    assert str(release.python.origin) not in text
    assert "seconds" not in text


def test_the_lock_is_named_by_its_digest(tmp_path: Path) -> None:
    (tmp_path / "requirements.lock").write_text("")
    found = manifest.describe(builder.release(tmp_path, lock="requirements.lock"), CONFIG)
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert {"file": "requirements.lock", "sha256": empty} == found["lock"]


def test_the_launch_file(release: Release) -> None:
    assert (
        "name shop\nversion 1.0\nenv prod\npython python/bin/python3.12\n"
        "machine x86_64\nglibc 2.34\n"
    ) == manifest.launch(release)


def test_a_written_file_is_new_and_has_plain_modes(release: Release) -> None:
    shared = release.project.root / "in the cache"
    shared.write_text("old")
    place = release.tree / "release" / "file"
    place.parent.mkdir(parents=True)
    os.link(shared, place)
    mask = os.umask(0)
    try:
        draft.seal(release, "release/file", "new")
    finally:
        os.umask(mask)
    assert ("new", "old") == (place.read_text(), shared.read_text())
    assert 0o644 == place.stat().st_mode & 0o777


@pytest.mark.parametrize("name", ["a\nb", "a\rb", "a\x1bb", "a\udcffb", "a\u2028b"])
def test_a_name_that_no_line_can_hold_is_refused(name: str) -> None:
    entry = Entry(path=f"app/{name}", mode=0o644, size=0, sha256="0" * 64)
    with pytest.raises(UserError, match="contains a control character or is not UTF-8"):
        manifest._tree_list([entry], [])


def test_a_link_is_listed_by_its_target_alone(release: Release) -> None:
    listed = json.loads(manifest._tree_list(release.layers[0].entries, ["var"]))
    assert {"links": {"b": "a"}, "executable": [], "directories": ["var"]} == listed


def test_a_name_in_any_language_can_be_listed() -> None:
    entry = Entry(path="app/größe 中文", mode=0o755, size=0, sha256="0" * 64)
    assert ["app/größe 中文"] == json.loads(manifest._tree_list([entry], []))["executable"]
