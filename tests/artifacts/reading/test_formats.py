"""`relforge verify` on run files, packages and images: the same mistrust as of tarballs."""

from __future__ import annotations

import gzip
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relforge.artifacts.formats.oci.base import MANIFEST
from relforge.artifacts.reading import reader, summary, verify
from relforge.cli import main
from relforge.support.errors import UserError
from tests.artifacts.formats import images
from tests.artifacts.reading import archives, wrapped
from tests.artifacts.reading.archives import member
from tests.artifacts.reading.wrapped import DEB_ROOT, OCI_ROOT, moved

WHOLE: dict[str, Callable[[Path], Path]] = {
    "a.run": wrapped.run,
    "a.deb": wrapped.deb,
    "main.deb": wrapped.main_deb,
    "a.oci.tar": wrapped.image,
}


def reported(place: Path) -> str:
    return "\n".join(map(str, verify.problems(reader.read(place))))


@pytest.mark.parametrize("name", WHOLE)
def test_what_is_whole_has_no_problem(tmp_path: Path, name: str) -> None:
    place = WHOLE[name](tmp_path / name)
    assert "" == reported(place)
    assert 0 == main(["verify", str(place)])


@pytest.mark.parametrize("name", ["a.run", "a.deb", "a.oci.tar"])
def test_every_format_holds_the_same_release(tmp_path: Path, name: str) -> None:
    tarball = reader.read(archives.write(tmp_path / "a.tar.gz", archives.members(wrapped.OWN)))
    found = reader.read(WHOLE[name](tmp_path / name))
    assert (tarball.files, tarball.links) == (found.files, found.links)
    assert 0 == main(["diff", str(tmp_path / "a.tar.gz"), str(tmp_path / name)])


@pytest.mark.parametrize("name", WHOLE)
@given(at=st.integers(0, 100_000), cut=st.booleans())
@settings(max_examples=60, deadline=None)
def test_one_that_is_cut_or_goes_on_never_passes(
    tmp_path_factory: pytest.TempPathFactory, name: str, at: int, cut: bool
) -> None:
    place = WHOLE[name](tmp_path_factory.mktemp("damaged") / name)
    data = place.read_bytes()
    # An archive of blocks is filled up with zeros: some may be missing.
    most = len(data.rstrip(b"\0")) if name == "a.oci.tar" else len(data) - 1
    place.write_bytes(data[: at % most] if cut else data + b"evil"[: at % 4 + 1])
    try:
        assert "" != reported(place)
    except UserError as error:
        assert str(place) in error.message


def test_the_members_of_a_run_file_are_mistrusted(tmp_path: Path) -> None:
    rows = [*archives.members(wrapped.OWN), member("shop-1.0/../x", "x"), member("other/x", "x")]
    said = reported(wrapped.run(tmp_path / "a.run", rows))
    assert "shop-1.0/../x: unpacking would write outside" in said
    assert "a.run: more than one top-level directory: other, shop-1.0" in said


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"script": "#!/bin/sh\nrm -rf /\n"}, "run.sh: it differs from what relforge"),
        ({"name": "other"}, "a.run: it runs bin/other, which it does not contain"),
        (
            {"top": "elsewhere"},
            "a.run: its top directory is shop-1.0, but its header says elsewhere",
        ),
        ({"key": "../../etc"}, "a.run: it unpacks itself to ../../etc, which does not match"),
        ({"skip": 7}, "but its header says 7"),
        ({"size": 7}, "bytes, but its header says 7"),
    ],
)
def test_the_head_of_a_run_file_is_what_relforge_writes(
    tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    assert words in reported(wrapped.run(tmp_path / "a.run", **change))


def test_the_script_of_another_version_cannot_be_compared(tmp_path: Path) -> None:
    place = wrapped.run(tmp_path / "a.run", archives.members(), script="#!/bin/sh\n# older\n")
    assert "" == reported(place)


def test_a_script_without_an_archive_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.run").write_text("#!/bin/sh\necho hello\n")
    with pytest.raises(UserError, match="the offset of the archive are missing"):
        reader.read(tmp_path / "a.run")


DEB_HOSTILE = {
    "elsewhere": (member("./etc/cron.d/evil", "x"), "/etc/cron.d/evil: it is outside"),
    "set-uid elsewhere": (
        member("./usr/bin/su", "x", mode=0o4755),
        "/usr/bin/su: it is owned by 0:0 with mode 4755",
    ),
    "a link elsewhere": (
        member("./usr/bin/sh", type=tarfile.SYMTYPE, linkname="/tmp/x"),
        "/usr/bin/sh: it is outside",
    ),
    "parent": (member(f"{DEB_ROOT}/../../../etc/x", "x"), "would write outside"),
    "absolute": (member("/etc/x", "x"), "would write outside"),
    "twice": (member(f"{DEB_ROOT}/bin/shop", "x"), "bin/shop: it is in the archive twice"),
    "set-uid": (member(f"{DEB_ROOT}/bin/su", "x", mode=0o4755), "bin/su: it is set-uid"),
    "link out": (
        member(f"{DEB_ROOT}/app/l", type=tarfile.SYMTYPE, linkname="../../2.0/x"),
        "app/l: the link to ../../2.0/x points outside",
    ),
    "another version": (
        member("./opt/shop/releases/2.0/bin/shop", "x"),
        "/opt/shop/releases/2.0/bin/shop: it is outside",
    ),
    "no directory on the way": (
        member("./opt/shop", type=tarfile.SYMTYPE, linkname="/srv"),
        "opt/shop: it is a parent directory of the release, but not a directory",
    ),
}


@pytest.mark.parametrize("name", DEB_HOSTILE)
def test_what_a_package_of_a_version_must_not_hold_is_reported(tmp_path: Path, name: str) -> None:
    row, expected = DEB_HOSTILE[name]
    assert expected in reported(wrapped.deb(tmp_path / "a.deb", row))


def test_what_a_package_runs_and_says_is_compared(tmp_path: Path) -> None:
    place = tmp_path / "a.deb"
    assert "prerm: it differs from what" in reported(
        wrapped.deb(place, scripts={"prerm": "#!/bin/sh\n"})
    )
    assert "control/preinst: a package written" in reported(
        wrapped.deb(place, scripts={"preinst": "x"})
    )
    assert "control/triggers: a package written" in reported(
        wrapped.deb(place, scripts={"triggers": "x"})
    )
    assert "it is shop-1.0 2.0, but" in reported(wrapped.deb(place, control={"Version": "2.0"}))
    said = reported(wrapped.deb(place, control={"Conflicts": "libc6"}))
    assert "control/control: a package written by relforge has no field Conflicts" in said
    said = reported(wrapped.deb(place, facts="name shop\nversion 2.0\n"))
    assert "/usr/share/shop-1.0/release: it does not name shop 1.0" in said


def test_the_package_that_leads_to_a_version_holds_what_that_takes(tmp_path: Path) -> None:
    place = tmp_path / "shop.deb"
    assert "postrm: it differs from what" in reported(
        wrapped.main_deb(place, scripts={"postrm": "x"})
    )
    said = reported(wrapped.main_deb(place, member("./etc/passwd", "x")))
    assert "/etc/passwd: a package written by relforge has no such file" in said
    said = reported(wrapped.main_deb(place, scripts={"conffiles": "/root/.profile\n"}))
    assert "/root/.profile: it is listed as a configuration file, but is outside of /etc" in said
    said = reported(wrapped.main_deb(place, links={"./usr/bin/shop": "/tmp/x"}))
    assert "/usr/bin/shop: it is a link to /tmp/x, expected /opt/shop/current/bin/shop" in said
    assert "/opt/shop/current: it is a link to nothing, expected releases/1.0" in said
    said = reported(wrapped.main_deb(place, control={"Depends": "shop-1.0"}))
    assert "it does not depend on the package of 1.0" in said


def test_the_package_that_leads_to_a_version_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = str(wrapped.main_deb(tmp_path / "shop.deb"))
    assert 0 == main(["inspect", place])
    said = capsys.readouterr().out
    assert "package    shop 1.0, no release inside" in said
    assert "/usr/bin/shop" in said
    assert 0 == main(["inspect", "--json", place])
    assert "shop" == json.loads(capsys.readouterr().out)["package"]["Package"]
    other = wrapped.main_deb(tmp_path / "b.deb", control={"Version": "1.0.1"})
    assert 1 == main(["diff", place, str(other)])
    assert 'Version: "1.0" -> "1.0.1"' in capsys.readouterr().out


@pytest.mark.parametrize(
    "data",
    [
        b"!<arch>\n",
        wrapped.ar(("debian-binary", b"3.0\n")),
        wrapped.ar(("control.tar.gz", b""), ("debian-binary", b"2.0\n")),
        wrapped.ar(("debian-binary", b"2.0\n"), ("control.tar.gz", b"x"), ("data.tar.xz", b"x")),
        wrapped.ar(("debian-binary", b"2.0\n")).replace(b"4         `", b"99999999  `"),
    ],
)
def test_an_archive_that_is_no_such_package_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.deb").write_bytes(data)
    with pytest.raises(UserError, match=r"a\.deb: reading it failed"):
        reader.read(tmp_path / "a.deb")


OCI_HOSTILE = {
    "twice": (member(f"{OCI_ROOT}/bin/shop", "x"), "bin/shop: it is in the archive twice"),
    "added": (member(f"{OCI_ROOT}/app/evil.py", "x"), "app/evil.py: release/SHA256SUMS does not"),
    "parent": (member(f"{OCI_ROOT}/../../etc/x", "x"), "would write outside"),
    "removed": (member(f"{OCI_ROOT}/bin/.wh.shop"), "bin/.wh.shop: it would remove a file"),
    "not plain": (member(f"{OCI_ROOT}//app/x", "x"), "the path is not normalized"),
    "twice, dotted": (
        member(f"./{OCI_ROOT}/bin/shop", "x"),
        "bin/shop: it is in the archive twice",
    ),
    "removed, dotted": (member("./opt/.wh.shop"), "it removes the release again"),
    "all removed": (member("opt/.wh.shop"), "opt/.wh.shop: it removes the release again"),
    "hidden": (member(f"{OCI_ROOT}/.wh..wh..opq"), ".wh..wh..opq: it would remove"),
    "hidden above": (member("opt/.wh..wh..opq"), "it removes the release again"),
    "hidden at the top": (member(".wh..wh..opq"), "it removes the release again"),
    "a link on the way": (
        member("opt", type=tarfile.SYMTYPE, linkname="srv"),
        "opt: it is a parent directory of the release, but not a directory",
    ),
    "owner": (member(f"{OCI_ROOT}/app/x", "x", uid=65532), "app/x: it is owned by 65532:0"),
}


@pytest.mark.parametrize("name", OCI_HOSTILE)
def test_a_layer_that_changes_the_release_is_reported(tmp_path: Path, name: str) -> None:
    row, expected = OCI_HOSTILE[name]
    layers = [wrapped.base_layer(), moved(OCI_ROOT), [row]]
    assert expected in reported(wrapped.image(tmp_path / "a.oci.tar", *layers))


def test_the_files_of_a_base_are_not_the_releases(tmp_path: Path) -> None:
    found = reader.read(wrapped.image(tmp_path / "a.oci.tar"))
    assert not [path for path in found.files if path.startswith(("usr/", "etc/", "home/"))]
    assert [] == found.problems


def test_layers_may_be_uncompressed(tmp_path: Path) -> None:
    place = wrapped.image(tmp_path / "a.oci.tar", compressed=False)
    assert "" == reported(place)
    assert 0 == main(["inspect", "--sizes", str(place)])


@pytest.mark.process
@images.NEEDED
def test_an_image_that_skopeo_copied_is_still_the_release(tmp_path: Path) -> None:
    place = wrapped.image(tmp_path / "a.oci.tar")
    copied = tmp_path / "b.oci.tar"
    images.tool("skopeo", "copy", "--quiet", f"oci-archive:{place}", f"oci-archive:{copied}")
    assert "" == reported(copied)
    assert 0 == main(["diff", str(place), str(copied)])


def test_blobs_must_be_what_they_are_called(tmp_path: Path) -> None:
    place = tmp_path / "a.oci.tar"
    layer = gzip.compress(archives.tar(wrapped.state_layer()), mtime=0)
    path = wrapped.blob(layer)
    other = gzip.compress(archives.tar([member("etc/shadow", "x")]), mtime=0)
    said = reported(wrapped.image(place, blob={path: other}))
    assert f"{path}: its content does not match its digest and size" in said
    assert "its content does not match sha256:" in said
    said = reported(wrapped.image(place, files={f"blobs/sha256/{'0' * 64}": b"x"}))
    assert f"blobs/sha256/{'0' * 64}: it is not part of the image" in said
    said = reported(wrapped.image(place, files={"evil.sh": b"x"}))
    assert "evil.sh: an image archive written by relforge has no such file" in said
    docker = b'[{"Config": "blobs/sha256/0", "RepoTags": [], "Layers": []}]'
    said = reported(wrapped.image(place, blob={"manifest.json": docker}))
    assert "manifest.json: docker would load a different image" in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"{", "reading it failed"),
        (b"[]", "is malformed"),
        (b"[" * 100_000, "is malformed"),
        (b'{"manifests": []}', "with exactly one image"),
        (
            json.dumps({"manifests": [{"mediaType": MANIFEST, "digest": "sha256:../x"}]}).encode(),
            r"the blob sha256:\.\./x is missing",
        ),
    ],
)
def test_an_index_that_nobody_can_follow_is_refused(
    tmp_path: Path, text: bytes, words: str
) -> None:
    place = wrapped.image(tmp_path / "a.oci.tar", blob={"index.json": text})
    with pytest.raises(UserError, match=words):
        reader.read(place)


def test_an_image_of_something_else_is_refused(tmp_path: Path) -> None:
    place = wrapped.image(tmp_path / "a.oci.tar", entry=["/bin/sh", "-c", "x"])
    with pytest.raises(UserError, match=r"its entry point, .+, is not the program of a release"):
        reader.read(place)


def test_a_name_that_says_another_format_is_reported(tmp_path: Path) -> None:
    place = archives.write(tmp_path / "a.tar.gz", archives.members())
    place.rename(tmp_path / "a.deb")
    assert "a.deb: its name ends in .deb, but its format is tar.gz" in reported(tmp_path / "a.deb")
    (tmp_path / "a.deb").rename(tmp_path / "download")
    assert "" == reported(tmp_path / "download")


@pytest.mark.parametrize("name", ["a.tar.gz", "a.tar.zst", "a.run", "a.deb", "a.oci.tar"])
def test_each_part_takes_about_its_share_of_the_artifact(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / name
    if name in WHOLE:
        WHOLE[name](place)
    else:
        archives.write(place, archives.members())
    found = reader.read(place, measured=True)
    packed = summary.packed_parts(found)
    assert summary.parts(found).keys() == packed.keys()
    assert 0 < packed["click"] < place.stat().st_size
    assert 0 == main(["inspect", "--sizes", "--json", str(place)])
    assert packed == json.loads(capsys.readouterr().out)["packed_parts"]
    assert 0 == main(["inspect", "--sizes", str(place)])
    said = capsys.readouterr().out
    assert "unpacked    packed, about" in said
    assert "layer release," in said


def test_names_of_others_do_nothing_to_a_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = member(
        "shop-1.0/app/\x1b[2J\nshop 1.0: 7 files, all unchanged since the build\udcff", "x"
    )
    place = archives.write(tmp_path / "a.tar.gz", [*archives.members(), evil])
    assert 1 == main(["verify", str(place)])
    (said,) = capsys.readouterr().out.splitlines()
    assert r"app/\x1b[2J\nshop 1.0: 7 files" in said
    assert r"build\udcff" in said
