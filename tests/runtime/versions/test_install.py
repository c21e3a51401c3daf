"""install: a version is there as a whole, or not at all."""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.versions.conftest import Member, Shop, digest, list_tree, sums

pytestmark = pytest.mark.process


def test_a_tarball_becomes_a_version_beside_the_others(shop: Shop) -> None:
    artifact = shop.tarball("2.0.0")
    done = shop.done("install", str(artifact))
    assert (True, "2.0.0") == (done["changed"], done["version"])
    assert ["1.0.0", "2.0.0"] == shop.installed()
    assert set() == shop.left()
    tree = shop.root / "releases/2.0.0"
    assert Path(done["path"]) == tree
    assert (tree / "bin/shop").stat().st_mode & 0o777 == 0o755
    assert (tree / "release/manifest.json").stat().st_mode & 0o777 == 0o644
    assert (tree / "python/bin/python3").is_symlink()
    version = subprocess.run([tree / "bin/shop", "version"], capture_output=True, check=True)
    assert b"shop 2.0.0\n" == version.stdout
    assert not (shop.root / "current").exists()

    again = shop.run("install", str(artifact))
    assert (0, "2.0.0 is installed already\n") == (again.returncode, again.stdout)
    other = shop.pack(shop.tree("2.0.0.other", commands={}), "shop-2.0.0.other")
    assert 0 == shop.run("install", str(other)).returncode

    row = next(row for row in shop.done("releases")["releases"] if row["version"] == "2.0.0")
    assert (False, False, None, None) == tuple(
        row[key] for key in ("current", "running", "switched", "failed")
    )


def test_an_install_of_what_is_there_keeps_its_time_and_what_prune_removes(  # P62
    shop: Shop,
) -> None:
    artifacts = [shop.tarball(version) for version in ("2.0.0", "3.0.0", "4.0.0")]
    for artifact in artifacts:
        shop.done("install", str(artifact))
    before = shop.done("releases")["releases"]
    assert shop.done("install", str(artifacts[0]))["changed"] is False
    assert before == shop.done("releases")["releases"]
    assert ["3.0.0", "2.0.0"] == shop.done("prune", "--keep", "1", "--dry-run")["removed"]


def test_another_release_of_the_same_version_is_refused(shop: Shop) -> None:
    tree = shop.tree("2.0.0")
    assert 0 == shop.run("install", str(shop.pack(tree, "shop-2.0.0"))).returncode
    (tree / "app").mkdir(exist_ok=True)
    (tree / "app/more.py").write_text("")
    sums(tree)
    reported = shop.refused(1, "install", str(shop.pack(tree, "shop-2.0.0")))
    assert "another release with the version 2.0.0 is installed" in reported
    assert not (shop.root / "releases/2.0.0/app/more.py").exists()


def test_the_first_version_is_installed_into_a_new_deploy_root(shop: Shop, tmp_path: Path) -> None:
    tree = shop.tree("2.0.0")
    artifact = shop.pack(tree, "shop-2.0.0")
    command = [str(tree / "bin/shop"), "install", str(artifact)]
    lone = subprocess.run(command, capture_output=True, text=True, check=False)
    assert 1 == lone.returncode
    assert "is not in a deploy root" in lone.stderr
    assert "install TARBALL --root /srv/shop" in lone.stderr
    root = tmp_path / "srv" / "a shop"
    subprocess.run([*command, "--root", str(root)], check=True, capture_output=True)
    program = root / "releases/2.0.0/bin/shop"
    done = subprocess.run([program, "upgrade", "2.0.0"], capture_output=True, text=True, check=True)
    assert "2.0.0 is current; it is not running\n" == done.stdout
    assert "releases/2.0.0" == os.readlink(root / "current")


def damaged(artifact: Path) -> None:
    data = bytearray(artifact.read_bytes())
    data[len(data) // 2] ^= 0xFF
    artifact.write_bytes(data)


def cut(artifact: Path) -> None:
    artifact.write_bytes(artifact.read_bytes()[:-2000])


@pytest.mark.parametrize(
    ("spoil", "known", "reason"),
    [
        (damaged, True, "but shop-2.0.0.tar.gz.sha256 says"),
        (cut, False, "damaged: Compressed file ended"),
        (lambda path: path.write_text("no tarball at all"), False, "not a release artifact"),
        (lambda path: path.write_bytes(b""), False, "not a release artifact"),
    ],
)
def test_what_is_damaged_is_refused_and_nothing_is_left(
    shop: Shop, spoil: Callable[[Path], None], known: bool, reason: str
) -> None:
    artifact = shop.tarball("2.0.0")
    spoil(artifact)
    if not known:
        artifact.with_name(f"{artifact.name}.sha256").unlink()
    reported = shop.refused(1, "install", str(artifact))
    assert reason in reported
    assert ["1.0.0"] == shop.installed()
    assert set() == shop.left()


def test_a_single_bit_is_found_without_a_digest_beside_it(shop: Shop) -> None:
    artifact = shop.tarball("2.0.0")
    damaged(artifact)
    artifact.with_name(f"{artifact.name}.sha256").unlink()
    shop.refused(1, "install", str(artifact))
    assert (["1.0.0"], set()) == (shop.installed(), shop.left())


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> Member:
    row = tarfile.TarInfo(name)
    row.type, row.linkname, row.mode = kind, link, 0o4755
    return row, b"x" if kind == tarfile.REGTYPE else b""


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        ([member("shop-2.0.0/../../evil")], "outside the release's directory"),
        ([member("/etc/evil")], "outside the release's directory"),
        ([member("evil/file")], "outside the release's directory"),
        ([member("shop-2.0.0/l", tarfile.SYMTYPE, "../../..")], "leads out of the release"),
        ([member("shop-2.0.0/l", tarfile.SYMTYPE, "/etc/passwd")], "leads out of the release"),
        ([member("shop-2.0.0/l", tarfile.LNKTYPE, "/etc/passwd")], "neither a file"),
        ([member("shop-2.0.0/dev", tarfile.CHRTYPE)], "neither a file"),
        ([member("shop-2.0.0/bin/shop")], "it occurs twice"),
        ([member("shop-2.0.0/added")], "SHA256SUMS does not list it"),
        (
            [member("shop-2.0.0/l", tarfile.SYMTYPE, "app"), member("shop-2.0.0/l/x")],
            "SHA256SUMS does not list it",
        ),
    ],
)
def test_what_would_escape_or_was_added_is_refused(
    shop: Shop, extra: list[Member], reason: str
) -> None:
    reported = shop.refused(1, "install", str(shop.pack(shop.tree("2.0.0"), "shop-2.0.0", extra)))
    assert reason in reported
    assert ["1.0.0"] == shop.installed()
    assert set() == shop.left()
    assert not (shop.root / "evil").exists()


def _without_mode(tree: Path) -> None:
    program = tree / "bin/shop"
    text = program.read_bytes()
    program.unlink()  # releases of tests share it
    program.write_bytes(text)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda tree: (tree / "app/l").symlink_to("../bin/shop"), "app/l: the link was added"),
        (lambda tree: (tree / "python/bin/python3").unlink(), "python/bin/python3: the link is"),
        (lambda tree: (tree / "app/new").mkdir(), "app/new: the directory was added later"),
        (_without_mode, "bin/shop: its mode has changed: it was executable"),
    ],
)
def test_what_a_digest_cannot_say_is_judged_as_verify_does(
    shop: Shop, change: Callable[[Path], object], reason: str
) -> None:
    """S8: links, modes and directories, also where there is no signature."""
    tree = shop.tree("2.0.0")
    list_tree(tree)
    assert shop.done("install", str(shop.pack(tree, "shop-2.0.0")))["changed"]
    assert 0 == shop.run("uninstall", "2.0.0").returncode
    change(tree)
    reported = shop.refused(1, "install", str(shop.pack(tree, "shop-2.0.0")))
    assert reason in reported
    assert ["1.0.0"] == shop.installed()


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"name": "other"}, "this is a release of other, but shop is installed here"),
        (
            {"target": {"system": "linux", "machine": "s390x", "glibc": "2.17"}},
            "it is for s390x CPUs",
        ),
        (
            {"target": {"system": "linux", "machine": os.uname().machine, "glibc": "9.99"}},
            "needs glibc 9.99 or newer",
        ),
        ({"version": ".."}, "cannot be part of a file name"),
    ],
)
def test_what_does_not_fit_is_refused(shop: Shop, parts: dict[str, Any], reason: str) -> None:
    root = shop._make(at="built/x", **{"version": "2.0.0", **parts}).root
    sums(root)
    reported = shop.refused(1, "install", str(shop.pack(root, "shop-x")))
    assert reason in reported
    assert ["1.0.0"] == shop.installed()
    assert set() == shop.left()


def test_a_file_that_lost_its_content_is_refused(shop: Shop) -> None:
    tree = shop.tree("2.0.0")
    (tree / "release/launch").write_text("name evil\n")
    reported = shop.refused(1, "install", str(shop.pack(tree, "shop-2.0.0")))
    assert "release/launch: its content has changed" in reported
    (tree / "release/SHA256SUMS").unlink()
    reported = shop.refused(1, "install", str(shop.pack(tree, "shop-2.0.0")))
    assert "release/SHA256SUMS is missing" in reported


def test_a_signature_is_asked_for_where_signers_are_listed(shop: Shop, tmp_path: Path) -> None:
    assert shutil.which("ssh-keygen")
    for name in ("ours", "theirs"):
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name)]
        subprocess.run(words, check=True)
    allowed = shop.root / "allowed_signers"
    allowed.write_text(f"release@example.org {(tmp_path / 'ours.pub').read_text()}")
    artifact = shop.tarball("2.0.0")
    assert "shop-2.0.0.tar.gz.sha256.sig is missing" in shop.refused(1, "install", str(artifact))

    def sign(key: str) -> None:
        artifact.with_name(f"{artifact.name}.sha256.sig").unlink(missing_ok=True)
        words = ["ssh-keygen", "-q", "-Y", "sign", "-n", "relforge", "-f", str(tmp_path / key)]
        subprocess.run([*words, f"{artifact}.sha256"], check=True)

    sign("theirs")
    assert f"is not in {allowed}" in shop.refused(1, "install", str(artifact))
    sign("ours")
    assert shop.done("install", str(artifact))["changed"]
    again = shop.pack(shop.tree("2.0.1"), "shop-2.0.0")
    assert "did not sign this" in shop.refused(1, "install", str(again))
    pinned = ("--sha256", "0" * 64, "--allowed-signers", str(allowed))
    assert "--sha256 says 000" in shop.refused(1, "install", str(artifact), *pinned)
    assert "no such file" in shop.refused(
        1, "install", str(artifact), "--allowed-signers", "/nowhere"
    )


@contextmanager
def served(directory: Path) -> Iterator[str]:
    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    handler = functools.partial(Handler, directory=str(directory))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.network
def test_an_url_is_fetched_with_what_stands_beside_it(shop: Shop, tmp_path: Path) -> None:
    artifact = shop.tarball("2.0.0")
    with served(tmp_path) as url:
        path = f"{url}/{artifact.name}?token=geheim"
        assert shop.done("install", path)["changed"]
        damaged(artifact)
        reported = shop.refused(1, "install", path)
        assert "shop-2.0.0.tar.gz.sha256 says" in reported
        reported = shop.refused(1, "install", f"{url}/none.tar.gz?token=geheim")
        assert "/none.tar.gz: 404" in reported
        assert "geheim" not in reported
    assert "refused" in shop.refused(1, "install", path)
    assert "only https:// and http://" in shop.refused(1, "install", "ftp://host/a.tar.gz")
    assert "no such file" in shop.refused(1, "install", "nowhere.tar.gz")
    assert set() == shop.left()
    digest(artifact)


def test_a_disk_that_takes_no_more_is_reported_and_nothing_is_left(shop: Shop) -> None:
    artifact = shop.tarball("2.0.0")
    program = shop.one.root / "bin/shop"
    words = ["sh", "-c", 'ulimit -f 16; exec "$@"', "sh", str(program), "install", str(artifact)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert 1 == done.returncode
    assert "File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert (["1.0.0"], set()) == (shop.installed(), shop.left())
