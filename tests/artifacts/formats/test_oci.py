"""Images: what skopeo and umoci make of them, with a base and without."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from relforge.artifacts import formats
from relforge.model.release import Release
from relforge.model.spec import Metadata, OciSettings
from relforge.runtime.contract.service import Service
from relforge.support.errors import SettingsError, UserError
from relforge.support.zstd import zstd
from tests.artifacts.formats import images, shop

pytestmark = images.NEEDED
TITLE = "org.opencontainers.image.title"


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base of one file, with a configuration of its own."""
    directory = tmp_path_factory.mktemp("base")
    (directory / "tree/etc").mkdir(parents=True)
    (directory / "tree/etc/os-release").write_text("ID=tiny\n")
    config = ["--config.env=PATH=/base/bin", "--config.env=LANG=C.UTF-8"]
    config += ["--config.label=base=yes", "--config.user=0", "--config.cmd=/bin/sh"]
    return images.make(directory / "tree", directory / "made", *config)


def image(root: Path, change: str = "", **settings: Any) -> Path:
    return shop.packed(root, "oci", change, **settings).path


def config(archive: Path) -> dict[str, Any]:
    return images.inspect(archive, "--config")


@pytest.mark.process
def test_an_image_without_a_base(own_cache: Path, tmp_path: Path) -> None:
    archive = image(tmp_path / "project")
    found = images.inspect(archive)
    assert ("amd64", "linux") == (found["Architecture"], found["Os"])
    root = images.unpack(archive, tmp_path / "out")
    assert "import sys\n" == (root / "opt/shop/app/manage.py").read_text()
    assert "../python/bin/python3.12" == os.readlink(root / "opt/shop/bin/python")
    assert 0o755 == (root / "opt/shop/bin/shop").stat().st_mode & 0o777
    state = (root / "var/lib/shop").stat()
    if os.geteuid() == 0:
        assert (65532, 65532) == (state.st_uid, state.st_gid)
        assert 0 == (root / "opt/shop/app").stat().st_uid


@pytest.mark.process
def test_what_the_image_says_of_itself(own_cache: Path, tmp_path: Path) -> None:
    web = Service(name="web", kind="app", target="a:b", listen=("0.0.0.0:8000", "127.0.0.1:9"))
    other = Service(name="api", kind="app", target="a:b", listen=("${http.host}:80", "unix:/x"))
    about = Metadata(
        description="a shop", authors=("Ada <ada@example.org>",), urls=(("Source", "https://s"),)
    )
    release = shop.prepared(
        tmp_path,
        services=(web, other),
        oci=OciSettings(env={"LANG": "C.UTF-8"}, labels={"team": "tickets"}),
    )
    release = replace(release, project=replace(release.project, metadata=about))
    (artifact,) = formats.step(formats.choose(release, ("oci",))).artifacts
    found = config(artifact.path)
    own = found["config"]
    assert "65532:65532" == own["User"]
    assert (["/opt/shop/bin/shop"], ["foreground"]) == (own["Entrypoint"], own["Cmd"])
    assert {"80/tcp": {}, "8000/tcp": {}} == own["ExposedPorts"]
    assert "LANG=C.UTF-8" in own["Env"]
    assert "RELEASE_STATE_DIR=/var/lib/shop" in own["Env"]
    # B14: uid 65532 has no entry in /etc/passwd
    assert {"HOME=/var/lib/shop", "USER=shop", "LOGNAME=shop"} <= set(own["Env"])
    (path,) = (row for row in own["Env"] if row.startswith("PATH="))
    assert path.endswith(":/bin:/opt/shop/bin")
    assert "2023-11-14T22:13:20Z" == found["created"]
    prefix = "org.opencontainers.image."
    assert {
        "team": "tickets",
        f"{prefix}title": "shop",
        f"{prefix}version": "1.0",
        f"{prefix}revision": "abc",
        f"{prefix}created": "2023-11-14T22:13:20Z",
        f"{prefix}description": "a shop",
        f"{prefix}authors": "Ada <ada@example.org>",
        f"{prefix}source": "https://s",
    } == own["Labels"]


@pytest.mark.process
@pytest.mark.parametrize("kind", ["directory", "archive"])
@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_an_image_on_a_base(
    own_cache: Path, tmp_path: Path, layout: Path, kind: str, compression: Any
) -> None:
    base = tmp_path / "base"
    if kind == "directory":
        shutil.copytree(layout, base)
    else:
        images.tool("skopeo", "copy", "--quiet", f"oci:{layout}:base", f"oci-archive:{base}")
    archive = image(tmp_path / "project", oci=OciSettings(base=str(base), compression=compression))
    own = config(archive)["config"]
    assert {"PATH=/base/bin:/opt/shop/bin", "LANG=C.UTF-8"} < set(own["Env"])
    assert ("yes", "shop") == (own["Labels"]["base"], own["Labels"][TITLE])
    assert (["help"], "65532:65532") == (own["Cmd"], own["User"])
    if compression == "gzip":
        root = images.unpack(archive, tmp_path / "out")
        assert "ID=tiny\n" == (root / "etc/os-release").read_text()
        assert (root / "opt/shop/app/manage.py").exists()
    assert config(archive)["rootfs"]["diff_ids"] == [
        f"sha256:{hashlib.sha256(data).hexdigest()}" for data in plain_layers(archive)
    ]


def plain_layers(archive: Path) -> Iterator[bytes]:
    """The layers' tar archives, each blob checked against its name."""
    manifest = images.inspect(archive, "--raw")
    with tarfile.open(archive) as opened:
        for row in manifest["layers"]:
            digest = row["digest"].removeprefix("sha256:")
            file = opened.extractfile(f"blobs/sha256/{digest}")
            assert file
            data = file.read()
            assert (digest, row["size"]) == (hashlib.sha256(data).hexdigest(), len(data))
            if row["mediaType"].endswith("+zstd"):
                yield zstd.decompress(data)
            else:
                yield gzip.decompress(data)


@pytest.mark.process
def test_docker_s_own_form_is_in_it(own_cache: Path, tmp_path: Path, layout: Path) -> None:
    archive = image(tmp_path / "project", oci=OciSettings(base=str(layout)))
    found = json.loads(images.tool("skopeo", "inspect", f"docker-archive:{archive}"))
    assert "shop" == found["Labels"][TITLE]
    with tarfile.open(archive) as opened:
        (row,) = json.load(opened.extractfile("manifest.json"))  # type: ignore[arg-type]  # None is no file
    assert ["shop:1.0"] == row["RepoTags"]


@pytest.mark.process
def test_equal_trees_give_equal_images(own_cache: Path, tmp_path: Path, layout: Path) -> None:
    settings = OciSettings(base=str(layout))
    first = image(tmp_path / "one", oci=settings).read_bytes()
    shutil.rmtree(own_cache)
    assert first == image(tmp_path / "two", oci=settings).read_bytes()


@pytest.mark.process
def test_a_new_version_shares_the_layers_that_did_not_change(
    own_cache: Path, tmp_path: Path
) -> None:
    def layers(release: Release) -> list[str]:
        (artifact,) = formats.step(formats.choose(release, ("oci",))).artifacts
        found: list[str] = images.inspect(artifact.path)["Layers"]
        return found

    first = shop.prepared(tmp_path / "one")
    second = shop.prepared(tmp_path / "two", change="# changed\n", version="1.1")
    second = replace(second, source_date=first.source_date + 1000)
    one, two = layers(first), layers(second)
    assert 4 == len(one) == len(two), "python, app, release, and the directory for the state"
    assert (one[0], one[3]) == (two[0], two[3])
    assert one[1] != two[1]


@pytest.mark.process
@pytest.mark.parametrize("what", ["missing", "no layout", "damaged", "another CPU", "compressed"])
def test_a_base_that_is_of_no_use_is_refused(
    own_cache: Path, tmp_path: Path, layout: Path, what: str
) -> None:
    base = tmp_path / "base"
    match what:
        case "no layout":
            base.mkdir()
        case "damaged":
            shutil.copytree(layout, base)
            for path in (base / "blobs/sha256").iterdir():
                path.write_bytes(path.read_bytes().replace(b"linux", b"Linux"))
        case "another CPU":
            made = images.make(layout / "blobs", tmp_path / "arm", "--architecture=arm64")
            made.rename(base)
        case "compressed":
            base.write_bytes(b"\x1f\x8b" * 600)
    release = shop.prepared(tmp_path / "project", oci=OciSettings(base=str(base)))
    with pytest.raises(SettingsError) as refusal:
        formats.choose(release, ("oci",))
    expected = {
        "missing": "no such file: ",
        "no layout": "it has no index.json",
        "damaged": "cannot be used: ",
        "another CPU": "has no image for linux/amd64, only for linux/arm64",
        "compressed": "is not an uncompressed tar archive",
    }
    assert f"tool.relforge.oci.base: {'' if what == 'missing' else base}" in refusal.value.message
    assert expected[what] in refusal.value.message
    assert refusal.value.hint.startswith(("convert any image with: skopeo", "skopeo copy"))


@pytest.mark.process
def test_a_layer_of_the_base_that_is_damaged_is_never_shipped(
    own_cache: Path, tmp_path: Path, layout: Path
) -> None:
    base = tmp_path / "base"
    shutil.copytree(layout, base)
    release = shop.prepared(tmp_path / "project", oci=OciSettings(base=str(base)))
    chosen = formats.choose(release, ("oci",))
    largest = max((base / "blobs/sha256").iterdir(), key=lambda path: path.stat().st_size)
    data = bytearray(largest.read_bytes())
    data[len(data) // 2] ^= 1
    largest.write_bytes(data)
    with pytest.raises(UserError, match="damaged"):
        formats.step(chosen)
    assert [] == list((tmp_path / "project").glob("dist/*"))


def test_without_a_base_the_build_says_what_is_missing(own_cache: Path, tmp_path: Path) -> None:
    (note,) = formats.step(formats.choose(shop.prepared(tmp_path), ("oci",))).notes
    assert "an image that has a shell and glibc" in note
