"""`relforge verify`: what is whole passes, and nothing that was tampered with does."""

from __future__ import annotations

import gzip
import random
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relforge.artifacts import signing
from relforge.artifacts.reading import reader, verify
from relforge.support.errors import UserError
from relforge.tree import extraction
from tests.artifacts.reading import archives
from tests.artifacts.reading.archives import TOP, member, members


def reported(place: Path) -> str:
    return "\n".join(map(str, verify.problems(reader.read(place))))


@pytest.mark.parametrize("name", ["a.tar.gz", "a.tgz", "a.tar.zst"])
def test_a_whole_release_has_no_problem(tmp_path: Path, name: str) -> None:
    assert "" == reported(archives.write(tmp_path / name, members()))


def test_members_of_gzip_may_be_joined(tmp_path: Path) -> None:
    data = archives.tar(members())
    place = tmp_path / "a.tar.gz"
    place.write_bytes(gzip.compress(data[:1536]) + gzip.compress(data[1536:]))
    assert "" == reported(place)


def test_an_unpacked_tree_is_read_as_well_and_its_state_does_not_count(tmp_path: Path) -> None:
    with tarfile.open(archives.write(tmp_path / "a.tar.gz", members())) as tar:
        extraction.extract(tar, tmp_path)
    tree = tmp_path / TOP
    (tree / "var").mkdir()
    (tree / "var" / "log").write_text("x")
    assert "" == reported(tree)
    (tree / "bin" / "shop").chmod(0o777)
    (tree / "bin" / "new").write_text("")
    said = reported(tree)
    assert "bin/shop: it is world-writable (mode 0777)" in said
    assert "bin/new: release/SHA256SUMS does not list it" in said


HOSTILE = {
    "absolute": (member("/etc/passwd", "x"), "would write outside"),
    "parent": (member(f"{TOP}/../../etc/passwd", "x"), "would write outside"),
    "second top": (member("other/file", "x"), "more than one top-level directory"),
    "twice": (member(f"{TOP}/bin/shop", "#!/bin/sh\n"), "bin/shop: it is in the archive twice"),
    "hard link": (
        member(f"{TOP}/bin/hard", type=tarfile.LNKTYPE, linkname=f"{TOP}/bin/shop"),
        "bin/hard: it is neither",
    ),
    "device": (member(f"{TOP}/dev", type=tarfile.BLKTYPE), "dev: it is neither"),
    "fifo": (member(f"{TOP}/pipe", type=tarfile.FIFOTYPE), "pipe: it is neither"),
    "set-uid": (member(f"{TOP}/bin/su", "x", mode=0o4755), "bin/su: it is set-uid"),
    "writable": (member(f"{TOP}/bin/w", "x", mode=0o777), "bin/w: it is world-writable"),
    "odd mode": (member(f"{TOP}/bin/odd", "x", mode=0o600), "bin/odd: its mode is 0600"),
    "owner": (member(f"{TOP}/bin/mine", "x", uid=1000), "bin/mine: it is owned by 1000:0"),
    "added": (member(f"{TOP}/app/evil.py", "x"), "app/evil.py: release/SHA256SUMS does not list"),
    "absolute link": (
        member(f"{TOP}/app/l", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
        "app/l: the link to /etc/passwd points outside",
    ),
    "link out": (
        member(f"{TOP}/app/l", type=tarfile.SYMTYPE, linkname="../../x"),
        "app/l: the link to ../../x points outside",
    ),
    "through a link": (
        member(f"{TOP}/bin/python/x", "x"),
        "bin/python/x: unpacking would write it through bin/python, which is not a directory",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_nobody_should_unpack_is_reported(tmp_path: Path, name: str) -> None:
    row, expected = HOSTILE[name]
    assert expected in reported(archives.write(tmp_path / "a.tar.gz", [*members(), row]))


def test_a_link_that_leaves_through_another_link_is_reported(tmp_path: Path) -> None:
    rows = [
        member(f"{TOP}/app/deep/er/up", type=tarfile.SYMTYPE, linkname="../../.."),
        member(f"{TOP}/app/out", type=tarfile.SYMTYPE, linkname="deep/er/up/../etc"),
    ]
    said = reported(archives.write(tmp_path / "a.tar.gz", [*members(), *rows]))
    assert "app/out: the link to deep/er/up/../etc points outside" in said
    assert "app/deep/er/up: the link to" not in said


@pytest.mark.parametrize("name", ["a/./b", "a//b", "a/.", "./a"])
def test_names_that_are_not_plain_are_reported(tmp_path: Path, name: str) -> None:
    rows = [*members(), member(f"{TOP}/{name}", "x")]
    assert "the path is not normalized" in reported(archives.write(tmp_path / "a.tar.gz", rows))


def test_links_in_a_circle_are_reported(tmp_path: Path) -> None:
    rows = [
        member(f"{TOP}/app/a", type=tarfile.SYMTYPE, linkname="b"),
        member(f"{TOP}/app/b", type=tarfile.SYMTYPE, linkname="a"),
    ]
    assert "app/a: the link" in reported(archives.write(tmp_path / "a.tar.gz", [*members(), *rows]))


def test_changed_and_missing_files_are_reported(tmp_path: Path) -> None:
    rows = [row for row in members() if not row[0].name.endswith(("bin/shop", "METADATA"))]
    rows.append(member(f"{TOP}/bin/shop", "#!/bin/SH\n"))
    said = reported(archives.write(tmp_path / "a.tar.gz", rows))
    assert "bin/shop: its content changed after the build" in said
    assert "METADATA: it is missing" in said


def test_what_follows_the_archive_is_reported(tmp_path: Path) -> None:
    place = tmp_path / "a.tar.gz"
    place.write_bytes(gzip.compress(archives.tar(members()) + b"\0" * 1024 + b"evil"))
    assert "there is data after the end" in reported(place)


def test_the_digest_beside_it_counts(tmp_path: Path) -> None:
    place = archives.write(tmp_path / "a.tar.gz", members())
    signing.digest_file(place).write_text(f"{'0' * 64}  a.tar.gz\n")
    assert f"a.tar.gz.sha256 says {'0' * 64}" in reported(place)


@given(at=st.integers(0, 10_000), cut=st.booleans(), byte=st.integers(1, 255))
@settings(max_examples=150, deadline=None)
def test_a_damaged_tarball_never_passes(
    tmp_path_factory: pytest.TempPathFactory, at: int, cut: bool, byte: int
) -> None:
    place = tmp_path_factory.mktemp("damaged") / "a.tar.gz"
    data = bytearray(archives.write(place, members()).read_bytes())
    at = 10 + at % (len(data) - 10)  # the header's time stamp and name mean nothing
    if cut:
        del data[at:]
    else:
        data[at] ^= byte
    place.write_bytes(data)
    try:
        # A bit of a code that no symbol uses may change: the release is the same then.
        assert "" != reported(place) or archives.tar(members()) == gzip.decompress(data)
    except UserError as error:
        assert str(place) in error.message


NAMES = st.lists(st.sampled_from(["..", ".", "", "a", "bin", "shop", "é", "x" * 120]), max_size=5)
KINDS = st.sampled_from(
    [tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE]
)


MODES = st.sampled_from([0o644, 0o755, 0o777, 0o4755, 0])


@pytest.mark.process
@given(rows=st.lists(st.tuples(NAMES, KINDS, NAMES, MODES), max_size=6))
@settings(max_examples=80, deadline=None)
def test_no_archive_that_passes_escapes_when_it_is_unpacked(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[list[str], bytes, list[str], int]],
) -> None:
    directory = tmp_path_factory.mktemp("hostile")
    more = [
        member(f"{TOP}/" + "/".join(name), type=kind, linkname="/".join(link), mode=mode)
        for name, kind, link, mode in rows
    ]
    place = archives.write(directory / "a.tar.gz", [*members(), *more])
    try:
        passes = not reported(place)
    except UserError:
        return
    if passes:
        inside = directory / "inside" / "deep"
        inside.mkdir(parents=True)
        subprocess.run(["tar", "-xzf", place, "-C", inside], check=True, capture_output=True)
        assert [inside] == list((directory / "inside").iterdir())
        top = (inside / TOP).resolve()
        for path in inside.rglob("*"):
            if path.is_symlink():
                assert path.resolve().is_relative_to(top)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("no.tar.gz", None, "no such file"),
        ("a.zip", b"PK", "it is not an artifact"),
        ("a.tar.gz", b"", "the file is empty"),
        ("a.tar.gz", b"hello", "it is not an artifact"),
        ("a.tar.zst", b"\x28\xb5\x2f\xfdhello", "reading it failed"),
        ("a.tar.gz", gzip.compress(b"\0" * 1024, mtime=0), "it is not a release"),
    ],
)
def test_what_is_no_release_is_refused(
    tmp_path: Path, name: str, data: bytes | None, words: str
) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(UserError, match=words):
        reader.read(tmp_path / name)


def objection(artifact: Path, allowed: Path, identity: str) -> str:
    return signing.objection(artifact, reader.read(artifact).sha256, allowed, identity)


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="it needs ssh-keygen")
@pytest.mark.process
class TestSignatures:
    @pytest.fixture
    def artifact(self, tmp_path: Path) -> Path:
        place = archives.write(tmp_path / "a.tar.gz", members())
        digest = reader.read(place).sha256
        signing.digest_file(place).write_text(f"{digest}  {place.name}\n")
        return place

    def key(self, directory: Path, name: str, passphrase: str = "") -> Path:
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", str(directory / name)]
        subprocess.run(words, check=True, stdin=subprocess.DEVNULL)
        return directory / name

    def allow(self, key: Path, identity: str = "release@example.org") -> Path:
        place = key.with_name("allowed")
        place.write_text(f"{identity} {key.with_suffix('.pub').read_text()}")
        return place

    def test_a_signature_of_an_allowed_key_holds(self, artifact: Path) -> None:
        key = self.key(artifact.parent, "key")
        signing.check(key)
        assert signing.signature_file(artifact) == signing.sign(artifact, key)
        allowed = self.allow(key)
        assert "" == objection(artifact, allowed, "")
        assert "" == objection(artifact, allowed, "release@example.org")
        said = objection(artifact, allowed, "eve@example.org")
        assert "eve@example.org did not sign this" in said

    def test_another_key_is_refused(self, artifact: Path) -> None:
        signing.sign(artifact, self.key(artifact.parent, "eve"))
        allowed = self.allow(self.key(artifact.parent, "key"))
        assert "the signing key is not in" in objection(artifact, allowed, "")

    def test_another_digest_is_refused(self, artifact: Path) -> None:
        key = self.key(artifact.parent, "key")
        signing.sign(artifact, key)
        signing.digest_file(artifact).write_text(f"{'0' * 64}  {artifact.name}\n")
        assert "did not sign this" in objection(artifact, self.allow(key), "")

    def test_a_signature_is_for_one_digest_and_one_name(self, artifact: Path) -> None:  # S10
        key = self.key(artifact.parent, "key")
        signing.sign(artifact, key)
        allowed = self.allow(key)
        renamed = artifact.with_name("b.tar.gz")
        for end in ("", ".sha256", ".sha256.sig"):
            shutil.copy(f"{artifact}{end}", f"{renamed}{end}")
        assert "signed it as a.tar.gz" in objection(renamed, allowed, "")
        said = signing.objection(artifact, "0" * 64, allowed, "")
        assert "signed the digest" in said

    @pytest.mark.parametrize("form", ["krl", "key"])
    def test_a_key_that_was_revoked_is_an_objection(self, artifact: Path, form: str) -> None:
        key, other = (self.key(artifact.parent, name) for name in ("key", "other"))
        signing.sign(artifact, key)
        allowed, digest = self.allow(key), reader.read(artifact).sha256
        revoked = artifact.with_name("revoked")

        def judged(named: Path) -> str:
            if form == "krl":
                words = ["ssh-keygen", "-q", "-k", "-f", str(revoked), f"{named}.pub"]
                subprocess.run(words, check=True)
            else:
                shutil.copy(f"{named}.pub", revoked)
            return signing.objection(artifact, digest, allowed, "", revoked)

        assert "" == judged(other)
        assert "revokes the key of release@example.org" in judged(key)
        revoked.unlink()
        with pytest.raises(UserError, match="no such file"):
            signing.objection(artifact, digest, allowed, "", revoked)

    def test_no_signature_is_an_objection(self, artifact: Path) -> None:
        allowed = self.allow(self.key(artifact.parent, "key"))
        assert "a.tar.gz.sha256.sig is missing" in objection(artifact, allowed, "")

    def test_a_key_that_cannot_sign_is_reported_before_the_build(self, tmp_path: Path) -> None:
        with pytest.raises(UserError, match="no such signing key"):
            signing.check(tmp_path / "none")
        with pytest.raises(UserError, match="cannot sign with this key"):
            signing.check(self.key(tmp_path, "locked", "secret"))
        (tmp_path / "text").write_text("hello")
        with pytest.raises(UserError, match="cannot sign with this key"):
            signing.check(tmp_path / "text")


def test_reading_is_the_same_for_every_order_of_members(tmp_path: Path) -> None:
    rows = members()
    random.Random(1).shuffle(rows)
    assert "" == reported(archives.write(tmp_path / "a.tar.gz", rows))
