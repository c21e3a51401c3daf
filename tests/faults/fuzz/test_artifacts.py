"""Artifacts, digests and signatures that anybody may have made: `install` and `relforge verify`."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import strategies as st

from relforge.artifacts.reading import reader, verify
from relforge.runtime.errors import Refusal
from relforge.runtime.untrusted_text import harmless
from relforge.runtime.versions import source, unpack
from relforge.runtime.versions.place import DeployRoot
from relforge.runtime.versions.policy import Signers
from relforge.support.errors import UserError
from tests.artifacts.reading import archives
from tests.faults.fuzz.drawn import documents
from tests.faults.profiles import for_seconds, fuzzed

TOP = archives.TOP
NAME = "shop-1.0.tar.gz"
PARTS = st.sampled_from([TOP, TOP, "bin", "a", "..", ".", "", "é", "\x1b[2K", "a" * 300, "\u202e"])
PATHS = st.one_of(
    st.lists(PARTS, min_size=1, max_size=4).map("/".join),
    st.lists(PARTS, max_size=3).map(lambda parts: "/".join([TOP, *parts])),
    st.sampled_from(["/etc/x", "../outside/file", "", "/", f"{TOP}/release/manifest.json"]),
)
KINDS = [
    *(tarfile.REGTYPE, tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE),
    *(tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.CONTTYPE, b"Z"),
]
MEMBERS = st.lists(
    st.tuples(st.sampled_from(KINDS), PATHS, PATHS, st.integers(0, 0o7777)), max_size=6
)


@contextmanager
def directory() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp())
    try:
        yield made
    finally:
        shutil.rmtree(made)


def written(root: Path, rows: list[tuple[bytes, str, str, int]]) -> Path:
    """A whole release, and these members behind it."""
    members = list(archives.members())
    for kind, name, target, mode in rows:
        info = tarfile.TarInfo(name)
        info.type, info.linkname, info.mode = kind, target, mode
        data = b"written" if kind in (tarfile.REGTYPE, tarfile.CONTTYPE) else b""
        info.size = len(data)
        members.append((info, data))
    return archives.write(root / NAME, members)


def unpacked(root: Path, data: bytes) -> None:
    """Unpack it as `install` does; outside of the draft nothing changes."""
    (root / "outside").mkdir()
    (root / "outside" / "file").write_text("kept")
    (root / "draft").mkdir()
    digest = hashlib.sha256(data).hexdigest()
    try:
        unpack.unpack(io.BytesIO(data), NAME, digest, str(root / "draft"))
    except Refusal as refusal:
        assert refusal.message
    except OSError as error:
        assert "File name too long" in str(error)
    assert "kept" == (root / "outside" / "file").read_text()
    assert ["file"] == os.listdir(root / "outside")
    for path in (root / "draft").rglob("*"):
        assert path.is_symlink() or path.is_file() or path.is_dir()
        if path.is_symlink():
            where = os.path.normpath(path.parent / os.readlink(path))
            assert Path(where).is_relative_to(root / "draft") or path.name.startswith("python")
        else:
            assert not path.lstat().st_mode & 0o7000


def verified(place: Path) -> None:
    """Judge it as `relforge verify` does: rows of text, or one refusal."""
    try:
        rows = list(verify.problems(reader.read(place)))
    except UserError as error:
        assert error.message
    else:
        assert all(harmless(str(row)) for row in rows)


@fuzzed(80, MEMBERS)
def test_members_of_an_archive(rows: list[tuple[bytes, str, str, int]]) -> None:
    with directory() as root:
        place = written(root, rows)
        verified(place)
        unpacked(root, place.read_bytes())


WHOLE = archives.tar(archives.members())


@fuzzed(80, documents(WHOLE[:4096], WHOLE))
def test_bytes_of_an_archive(data: bytes) -> None:
    with directory() as root:
        for name in ("a.tar.gz", "b.tar.zst", "c.run", "d.deb", "e.oci.tar"):
            (root / name).write_bytes(data)
            verified(root / name)
        import gzip  # noqa: PLC0415 - of this test alone

        place = root / NAME
        place.write_bytes(gzip.compress(data, 1))
        verified(place)
        unpacked(root, place.read_bytes())


@fuzzed(150, documents(f"{'a' * 64}  {NAME}\n", f"{'a' * 64} *{NAME}\n"), st.booleans())
def test_a_digest_beside_an_artifact(data: bytes, whole: bool) -> None:
    with directory() as root:
        place = archives.write(root / NAME, archives.members())
        digest = hashlib.sha256(place.read_bytes()).hexdigest()
        text = data.replace(b"a" * 64, digest.encode()) if whole else data
        (root / f"{NAME}.sha256").write_bytes(text)
        verified(place)
        try:
            with source.get(str(place), DeployRoot(str(root))) as found:
                assert digest == source.check(found, "", None, str(root))
        except Refusal as refusal:
            assert NAME in refusal.message


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An artifact with its digest, a key, and who may sign."""
    root = tmp_path_factory.mktemp("signed")
    place = archives.write(root / NAME, archives.members())
    digest = hashlib.sha256(place.read_bytes()).hexdigest()
    (root / f"{NAME}.sha256").write_text(f"{digest}  {NAME}\n")
    key = root / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    words = ["ssh-keygen", "-q", "-Y", "sign", "-n", "relforge", "-f", str(key)]
    subprocess.run([*words, str(root / f"{NAME}.sha256")], check=True, capture_output=True)
    (root / "allowed").write_text(f"ops@example.org {(root / 'key.pub').read_text()}")
    yield root


@pytest.mark.process
def test_signatures_and_lists_of_signers(signed: Path) -> None:
    signature = (signed / f"{NAME}.sha256.sig").read_bytes()
    allowed = (signed / "allowed").read_bytes()

    @fuzzed(12, documents(signature), documents(allowed))
    def damaged(changed: bytes, names: bytes) -> None:
        with directory() as root:
            for name in (NAME, f"{NAME}.sha256"):
                shutil.copy(signed / name, root)
            (root / f"{NAME}.sha256.sig").write_bytes(changed)
            (root / "allowed").write_bytes(names)
            try:
                with source.get(str(root / NAME), DeployRoot(str(root))) as found:
                    source.check(found, "", Signers(str(root / "allowed"), None), str(root))
            except Refusal as refusal:
                assert refusal.message
            else:
                # As OpenSSH reads them: nothing of the key or of the signature differs.
                assert b"BEGIN SSH SIGNATURE" in changed

    for_seconds(damaged)
