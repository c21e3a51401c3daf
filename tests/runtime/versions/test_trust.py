"""What was verified is what is unpacked, and whatever is odd about an artifact is refused."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import io
import json
import os
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from relforge.artifacts.reading import reader
from relforge.runtime.contract import archive, manifest, naming
from relforge.runtime.errors import Refusal
from relforge.runtime.versions import fetch, policy, source, unpack
from relforge.runtime.versions.journal import DeployJournal
from relforge.runtime.versions.place import DeployRoot
from relforge.support.errors import UserError
from tests.runtime.versions.conftest import Shop, digest, sums

BLOCK = bytes(tarfile.BLOCKSIZE)


def tarball(path: Path, files: dict[str, bytes], tail: bytes = b"") -> Path:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    path.write_bytes(gzip.compress(packed.getvalue() + tail, 1, mtime=0))
    return path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def place(tmp_path: Path) -> DeployRoot:
    found = DeployRoot(str(tmp_path / "srv"))
    os.makedirs(found.incoming)
    return found


# S6
def test_a_file_that_takes_the_place_of_the_verified_one_is_not_unpacked(
    tmp_path: Path, place: DeployRoot
) -> None:
    path = tarball(tmp_path / "shop-1.0.tar.gz", {"shop-1.0/a": b"verified"})
    other = tarball(tmp_path / "other.tar.gz", {"shop-1.0/a": b"another"})
    with source.get(str(path), place) as found:
        checked = source.check(found, sha256(path), None, place.incoming)
        os.replace(other, path)
        unpack.unpack(found.file, found.name, checked, str(tmp_path / "draft"))
    assert b"verified" == (tmp_path / "draft/a").read_bytes()


# S6
def test_a_file_that_is_written_to_after_it_was_verified_is_refused(
    tmp_path: Path, place: DeployRoot
) -> None:
    path = tarball(tmp_path / "shop-1.0.tar.gz", {"shop-1.0/a": b"verified"})
    other = tarball(tmp_path / "other.tar.gz", {"shop-1.0/a": b"another"})
    with source.get(str(path), place) as found:
        checked = source.check(found, "", None, place.incoming)
        path.write_bytes(other.read_bytes())
        with pytest.raises(Refusal, match="it was changed while it was being installed"):
            unpack.unpack(found.file, found.name, checked, str(tmp_path / "draft"))


# S7
@pytest.mark.parametrize("make", [lambda path: path.symlink_to("/no/such/mount"), Path.mkdir])
@pytest.mark.parametrize("name", [policy.SIGNERS, policy.REVOKED])
def test_a_policy_that_cannot_be_read_is_a_refusal(tmp_path: Path, make: object, name: str) -> None:
    if name == policy.REVOKED:
        (tmp_path / policy.SIGNERS).write_text("")
    make(tmp_path / name)  # type: ignore[operator]
    with pytest.raises(Refusal, match="nothing can be installed while this policy is unreadable"):
        policy.signers(str(tmp_path), None)


# S7
def test_without_a_policy_nobody_has_to_sign(tmp_path: Path) -> None:
    assert policy.signers(str(tmp_path), None) is None
    (tmp_path / policy.REVOKED).write_text("")
    with pytest.raises(Refusal, match="allowed_signers is missing"):
        policy.signers(str(tmp_path), None)


# S7
@pytest.mark.parametrize("end", [".sha256", ".sha256.sig"])
def test_what_is_beside_an_artifact_has_to_be_a_file(
    tmp_path: Path, place: DeployRoot, end: str
) -> None:
    path = tarball(tmp_path / "shop-1.0.tar.gz", {"shop-1.0/a": b""})
    beside = tmp_path / f"{path.name}{end}"
    beside.symlink_to("/no/such/file")
    with pytest.raises(Refusal, match="No such file"):
        source.get(str(path), place)
    beside.unlink()
    os.mkfifo(beside)
    with pytest.raises(Refusal, match="not a regular file"):
        source.get(str(path), place)


# S9
@pytest.mark.parametrize(
    ("links", "path", "inside"),
    [
        ({"l": "app"}, "l", True),
        ({"a/b/l": "../../app/x"}, "a/b/l", True),
        ({"l": ".."}, "l", False),
        ({"l": "/etc"}, "l", False),
        ({"a/b/c/l1": "../../..", "a/l2": "b/c/l1/../../etc"}, "a/l2", False),
        ({"a/l": "../b/m", "b/m": "/etc"}, "a/l", False),
        ({"one": "two", "two": "one"}, "one", False),
    ],
)
def test_a_link_is_judged_by_where_it_leads(links: dict[str, str], path: str, inside: bool) -> None:
    assert inside == archive.stays(links, path)


# S9
@pytest.mark.parametrize(
    ("source", "path", "allowed"),
    [
        ("system", "python/bin/python3", True),
        ("system", "python/bin/python3.12", True),
        ("system", "python/bin/python_evil", False),
        ("system", "app/python/bin/python3", False),
        ("host", "python/bin/python3", False),
    ],
)
def test_only_the_hosts_interpreter_may_leave_the_release(
    source: str, path: str, allowed: bool
) -> None:
    assert allowed == archive.is_host_python({"python": {"source": source}}, path)


# S9
@pytest.mark.parametrize(
    ("tail", "message"),
    [(b"x" * 512, "there is data after"), (bytes(2 << 20), "there is data after"), (b"", "")],
)
def test_nothing_follows_the_end_of_an_archive(tail: bytes, message: str) -> None:
    assert archive.end_problem(io.BytesIO(BLOCK + tail)).startswith(message)


# S9
def test_an_archive_without_its_end_was_cut_short(tmp_path: Path, place: DeployRoot) -> None:
    path = tarball(tmp_path / "shop-1.0.tar.gz", {"shop-1.0/a": b"x"})
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())[:1024]))
    with (
        source.get(str(path), place) as found,
        pytest.raises(Refusal, match="it was cut short"),
    ):
        unpack.unpack(found.file, found.name, sha256(path), str(tmp_path / "draft"))


# S9
@pytest.mark.parametrize("tail", [b"more", tarfile.BLOCKSIZE * b"x"])
def test_what_follows_the_compressed_archive_is_refused(
    tmp_path: Path, place: DeployRoot, tail: bytes
) -> None:
    path = tarball(tmp_path / "shop-1.0.tar.gz", {"shop-1.0/a": b"x"}, tail=tail)
    with (
        source.get(str(path), place) as found,
        pytest.raises(Refusal, match="damaged: there is data after"),
    ):
        unpack.unpack(found.file, found.name, sha256(path), str(tmp_path / "draft"))
    path = tarball(tmp_path / "shop-2.0.tar.gz", {"shop-2.0/a": b"x"})
    path.write_bytes(path.read_bytes() + tail)
    with source.get(str(path), place) as found, pytest.raises(Refusal, match="damaged"):
        unpack.unpack(found.file, found.name, sha256(path), str(tmp_path / "draft2"))


# S9
@pytest.mark.parametrize(
    "version", ["1.2.0\x1b[31mX", "../../x", "..", "", "1..2", "a b", "1\n", ".1", "v" * 101, "ü"]
)
def test_a_version_is_part_of_a_file_name(version: str) -> None:
    assert not naming.is_version(version)
    assert "its version" in archive.identity_problem({"name": "shop", "version": version}, "")


# S9
def test_a_release_says_what_its_directory_says() -> None:
    release = {"name": "shop", "version": "1.0+git.3-g12"}
    assert "" == archive.identity_problem(release, "shop-1.0+git.3-g12")
    assert "its directory is 'shop-2.0'" in archive.identity_problem(release, "shop-2.0")
    assert "its name, None" in archive.identity_problem({}, "shop-2.0")


# S19
def test_a_header_that_would_fill_the_memory_is_refused(tmp_path: Path, place: DeployRoot) -> None:
    long = tarfile.TarInfo("././@LongLink")
    long.type, long.size = tarfile.GNUTYPE_LONGNAME, 300 << 20
    path = tmp_path / "shop-1.0.tar.gz"
    path.write_bytes(gzip.compress(long.tobuf() + bytes(1 << 20)))
    with source.get(str(path), place) as found, pytest.raises(Refusal):
        unpack.unpack(found.file, found.name, sha256(path), str(tmp_path / "draft"))
    with pytest.raises(tarfile.ReadError, match="a header of 314,572,800 bytes"):
        archive.LimitedMember.frombuf(long.tobuf(), "utf-8", "surrogateescape")


class Zeros(io.RawIOBase):
    """So many of them."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._left = size

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        count = min(size, self._left)
        self._left -= count
        return bytes(count)


# S19
@pytest.mark.parametrize("one", [False, True])
def test_what_would_fill_the_disk_is_not_unpacked(
    tmp_path: Path, place: DeployRoot, one: bool
) -> None:
    """1.3 GB of zeros in 1.3 MB, in one file and in many."""
    path = tmp_path / "shop-1.0.tar.gz"
    with tarfile.open(path, "w:gz", compresslevel=9) as tar:
        for number in range(1 if one else 13):
            member = tarfile.TarInfo(f"shop-1.0/{number}")
            member.size = (1300 if one else 100) * 1_000_000
            tar.addfile(member, Zeros(member.size))
    assert path.stat().st_size < 2_000_000
    with (
        source.get(str(path), place) as found,
        pytest.raises(Refusal, match="it unpacks to more than 1,073,741,824 bytes"),
    ):
        unpack.unpack(found.file, found.name, sha256(path), str(tmp_path / "draft"))
    with pytest.raises(UserError, match="it unpacks to more than 1,073,741,824 bytes"):
        reader.read(path)


# S19
@pytest.mark.parametrize(("packed", "size"), [(1, 1 << 30), (1 << 30, 100 << 30)])
def test_an_artifact_may_be_as_large_as_artifacts_are(packed: int, size: int) -> None:
    member = tarfile.TarInfo("shop-1.0/a")
    member.size = size
    unpacked = archive.Unpacked(packed)
    assert "" == unpacked.problem(member)
    member.size = 1
    assert "which no artifact of its size does" in unpacked.problem(member)
    member.size = -1
    assert "a size below zero" in archive.Unpacked(packed).problem(member)


# S20
def test_a_digest_of_sixty_megabytes_is_none(tmp_path: Path, place: DeployRoot) -> None:
    path = tarball(tmp_path / "shop-1.0.tar.gz", {"shop-1.0/a": b""})
    with (tmp_path / "shop-1.0.tar.gz.sha256").open("wb") as file:
        file.truncate(60 << 20)
    with pytest.raises(Refusal, match="neither digest nor signature"):
        source.get(str(path), place)


# S20
def test_no_token_of_an_address_is_shown_or_kept() -> None:
    url = "https://user:secret@host/a/shop-1.0.tar.gz?X-Amz-Signature=secret"
    assert "shop-1.0.tar.gz" == fetch.label(url)
    assert "https://host/a/shop-1.0.tar.gz" == fetch.without_secrets(url)
    assert "https://host" == fetch.without_secrets("https://a:b@host?c=d/e@f")
    assert "shop.tar.gz" == fetch.label("dist/shop.tar.gz")


# S20
@pytest.mark.network
def test_a_redirect_stays_with_http(tmp_path: Path, place: DeployRoot) -> None:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", "ftp://host/a?token=secret")
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with pytest.raises(Refusal) as error:
            source.get(f"http://127.0.0.1:{server.server_port}/a.tar.gz", place)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert "it redirects from http:// to ftp://host/a" in error.value.message
    assert "secret" not in error.value.message


# S21
@pytest.mark.parametrize("text", ["[" * 200_000, "[]", "{", '{"manifest": 2}'])
def test_a_manifest_that_cannot_be_read_is_one_clear_refusal(tmp_path: Path, text: str) -> None:
    (tmp_path / "release").mkdir()
    (tmp_path / "release/manifest.json").write_text(text)
    with pytest.raises(Refusal, match=r"manifest\.json"):
        manifest.load(str(tmp_path))


# S21
def test_a_path_with_a_separator_of_lines_is_one_path() -> None:
    text = f"{'a' * 64}  a\u2028b\x0bc\n{'b' * 64}  d\nno line\n"
    assert [
        (1, "a" * 64, "a\u2028b\x0bc"),
        (2, "b" * 64, "d"),
        (3, "", ""),
    ] == list(archive.digests(text))


# S22
@pytest.mark.parametrize(
    "change",
    [
        {"version": {}},
        {"version": "../../x"},
        {"at": "yesterday"},
        {"at": float("inf")},
        {"state": "half"},
        {"op": None},
        {"why": 3},
    ],
)
def test_a_line_that_the_journal_never_wrote_is_none(
    place: DeployRoot, change: dict[str, object]
) -> None:
    row = {"at": 1.0, "op": "upgrade", "version": "1.0", "state": "begun", "old": "", "why": ""}
    Path(place.journal).write_text(f"{json.dumps({**row, **change})}\n{'[' * 100_000}\n")
    assert DeployJournal(place).unfinished() is None
    Path(place.journal).write_text(json.dumps(row))
    assert row == DeployJournal(place).unfinished()


# S23
@pytest.mark.process
def test_an_install_that_was_cut_off_after_its_name_was_given_is_installed(shop: Shop) -> None:
    artifact = shop.tarball("2.0.0")
    assert 0 == shop.run("install", str(artifact)).returncode
    journal = shop.root / "releases/.relforge/journal"
    lines = journal.read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    assert ["shop-2.0.0.tar.gz", "2.0.0", "2.0.0"] == [row["version"] for row in rows]
    journal.write_text("\n".join(lines[:2]) + "\n")  # as it is when the rename has been done
    reported = shop.run("prune", "--keep", "9").stderr
    assert "the install of 2.0.0 was interrupted: it is installed" in reported


# S10
@pytest.mark.process
def test_a_signature_is_for_one_name_and_for_keys_that_were_not_revoked(
    shop: Shop, tmp_path: Path
) -> None:
    assert shutil.which("ssh-keygen")
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    (shop.root / policy.SIGNERS).write_text(f"ops@example.org {Path(f'{key}.pub').read_text()}")
    artifact = shop.tarball("2.0.0")
    words = ["ssh-keygen", "-q", "-Y", "sign", "-n", "relforge", "-f", str(key)]
    subprocess.run([*words, f"{artifact}.sha256"], check=True)
    renamed = tmp_path / "shop-3.0.0.tar.gz"
    for end in ("", ".sha256", ".sha256.sig"):
        shutil.copy(f"{artifact}{end}", f"{renamed}{end}")
    reported = shop.refused(1, "install", str(renamed))
    assert "ops@example.org signed it as shop-2.0.0.tar.gz" in reported
    revoked = shop.root / policy.REVOKED
    subprocess.run(["ssh-keygen", "-q", "-k", "-f", revoked, f"{key}.pub"], check=True)
    reported = shop.refused(1, "install", str(artifact))
    assert f"{revoked} revokes the key of ops@example.org" in reported
    revoked.unlink()
    assert shop.done("install", str(artifact))["changed"]


# S3
@pytest.mark.process
@pytest.mark.skipif(os.geteuid() != 0, reason="it needs root")
@pytest.mark.parametrize(("owner", "uids"), [(0, []), (65534, ["65534"])])
def test_install_by_root_runs_the_artifact_as_the_services_user_or_not_at_all(
    shop: Shop, owner: int, uids: list[str]
) -> None:
    witness = Path("/tmp") / f"witness-{os.getpid()}-{owner}"
    witness.mkdir(mode=0o777)
    witness.chmod(0o777)
    try:
        tree = shop.tree("2.0.0")
        # The interpreter of the tests may be out of that user's reach.
        (tree / "python/bin/python3").unlink()
        (tree / "python/bin/python3").symlink_to("/bin/true")
        (tree / "release/env.sh").write_text(f'touch "{witness}/$(id -u)"\n')
        sums(tree)
        artifact = shop.pack(tree, "shop-2.0.0")
        digest(artifact)
        (shop.root / "var").mkdir(exist_ok=True)
        os.chown(shop.root / "var", owner, owner)
        shop.root.chmod(0o755)
        assert shop.done("install", str(artifact))["changed"]
        assert uids == [path.name for path in witness.iterdir()]
    finally:
        shutil.rmtree(witness)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    yield
