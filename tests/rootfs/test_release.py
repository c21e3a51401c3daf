"""The artifact on machines without Python: users, places, links, shells, certificates."""

from __future__ import annotations

import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.delivery import customer
from tests.rootfs import base
from tests.rootfs.bare import Bare
from tests.rootfs.inside import Inside
from tests.sample import Sample

pytestmark = [pytest.mark.rootfs, pytest.mark.release]

RELEASE = "/srv/ticketd-1.4.0"
HOSTILE = '/srv/a b [x] (y) {z} !*?/ü ñ 試験/it\'s "$HOME";&#~\\/-ticketd'
NOBODY = 1000
GLIBC = {
    "ld-linux-x86-64.so.2",
    "ld-linux-aarch64.so.1",
    "libc.so.6",
    "libdl.so.2",
    "libm.so.6",
    "libpthread.so.0",
    "libresolv.so.2",
    "librt.so.1",
    "libutil.so.1",
}
EVERY_LIBRARY = """
import ctypes, importlib, pathlib, sys
root = pathlib.Path(sys.prefix)
(dynload,) = root.glob("lib/python3*/lib-dynload")
for path in sorted(dynload.glob("*.so")):
    importlib.import_module(path.name.partition(".")[0])
for path in sorted(root.rglob("*.so*")):
    ctypes.CDLL(str(path))
names = {line.split()[-1] for line in open("/proc/self/maps") if ".so" in line}
print(*sorted(name for name in names if not name.startswith(str(root))), sep="\\n")
"""
WHERE = "import sys; print(sys.prefix.removesuffix('/python'))"


@pytest.fixture(scope="module")
def machine(sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bare]:
    """A minimal Debian, and the release in it on a read-only mount."""
    with Bare(base.debian(), tmp_path_factory.mktemp("machine")) as made:
        made.bind(sample.tree, RELEASE)
        yield made


@pytest.fixture(autouse=True)
def clean(machine: Bare) -> Iterator[None]:
    """Whatever a failing test left running is killed, not met by the next one."""
    yield
    script = (
        "for pid in /proc/[0-9]*; do case $pid in */1|*/$$) ;; *) echo ${pid#/proc/};; esac; done"
    )
    machine.run(["sh", "-c", f"kill -9 $({script}) 2>/dev/null"])


def a_day(shop: Inside) -> None:
    """All that a shop does between its first `migrate` and its last `stop`."""
    assert "0001" in shop.ok("migrate")
    assert "night-trains" in shop.ok("seed")
    assert "is running" in shop.ok("start")
    address = shop.address()
    assert "Night Trains" in customer.page(address)
    before = customer.available(address)
    token = customer.buy(address, quantity=3)
    assert before - 3 == customer.available(address)
    assert "Night Trains" in customer.confirmation(shop.state / "mails", token)
    assert "42\n" == shop.ok("rpc", "6 * 7")
    assert "pong\n" == shop.ok("ping")
    assert "ticketd stopped\n" == shop.ok("stop")
    assert [] == shop.machine.processes()


def test_a_deploy_root(machine: Bare, sample: Sample) -> None:
    top = machine.unpack(sample.artifact, "/srv/ticketd/releases")
    script = 'mv "$0" releases/1.4.0 && ln -s releases/1.4.0 current && touch mark'
    assert 0 == machine.run(["sh", "-c", script, top], cwd="/srv/ticketd").returncode
    shop = Inside(machine, "/srv/ticketd/current/bin/ticketd", "/srv/ticketd/var")
    a_day(shop)
    written = machine.run(["find", "/srv/ticketd/releases", "-newer", "/srv/ticketd/mark"])
    assert "" == written.stdout, "a release is never written to"
    sums = machine.run(
        ["sha256sum", "--quiet", "-c", "release/SHA256SUMS"], cwd="/srv/ticketd/current"
    )
    assert (0, "") == (sums.returncode, sums.stdout)


def test_a_user_without_rights_on_a_read_only_mount(machine: Bare) -> None:
    machine.directory("/home/state", user=NOBODY)
    shop = Inside(machine, f"{RELEASE}/bin/ticketd", "/home/state", user=NOBODY)
    shop.env["RELEASE_STATE_DIR"] = "/home/state"
    a_day(shop)
    assert {f"{NOBODY}"} == set(
        machine.run(["find", "/home/state", "-printf", "%U\n"]).stdout.split()
    )


def test_where_nothing_can_be_written_the_variable_is_named(machine: Bare) -> None:
    shop = Inside(machine, f"{RELEASE}/bin/ticketd", "/nowhere", user=NOBODY)
    done = shop.run("start")
    assert 78 == done.returncode
    assert f"{RELEASE}/var: Read-only file system" in done.stderr
    assert "set RELEASE_STATE_DIR" in done.stderr
    assert 3 == shop.run("status").returncode


def test_a_path_of_spaces_brackets_quotes_and_unicode(machine: Bare, sample: Sample) -> None:
    machine.bind(sample.tree, HOSTILE)
    shop = Inside(machine, f"{HOSTILE}/bin/ticketd", f"{HOSTILE}.var")
    shop.env["RELEASE_STATE_DIR"] = f"{HOSTILE}.var"
    a_day(shop)
    alembic = machine.run([f"{HOSTILE}/python/bin/alembic", "--version"])
    assert 0 == alembic.returncode, alembic.stderr


def test_links_lead_to_the_release(machine: Bare) -> None:
    links = machine.directory("/srv/links/deeper")
    (links / "absolute").symlink_to(f"{RELEASE}/bin/ticketd")
    (links / "relative").symlink_to("../../ticketd-1.4.0/bin/ticketd")
    (links / "chain").symlink_to("../deeper/relative")
    (links / "directory").symlink_to(RELEASE)
    (links / "-dash").symlink_to("chain")
    (links / "through").symlink_to("directory/bin/../bin/ticketd")
    names = ["absolute", "relative", "chain", "directory/bin/ticketd", "-dash", "through"]
    for name in names:
        for program, cwd in (
            (f"/srv/links/deeper/{name}", "/"),
            (f"./{name}", "/srv/links/deeper"),
        ):
            shop = Inside(machine, program, "/nowhere")
            assert "ticketd 1.4.0\n" == shop.ok("version", cwd=cwd)
            assert f"{RELEASE}\n" == shop.ok("eval", WHERE, cwd=cwd)
    on_path = ["sh", "-c", 'PATH=$PATH:/srv/links/deeper; chain eval "$0"', WHERE]
    assert f"{RELEASE}\n" == machine.run(on_path).stdout


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox"])
def test_every_shell_will_do(machine: Bare, shell: str) -> None:
    machine.use_shell(shell)
    try:
        state = f"/srv/{shell}.var"
        shop = Inside(machine, f"{RELEASE}/bin/ticketd", state)
        shop.env["RELEASE_STATE_DIR"] = state
        shop.ok("migrate")
        shop.ok("start")
        assert "'a  b'\n" == shop.ok("rpc", "'a  b'")
        assert 2 == shop.run("strat").returncode
        shop.ok("stop")
    finally:
        machine.use_shell("dash")


def test_a_working_directory_that_cannot_be_read(machine: Bare) -> None:
    machine.directory("/srv/locked").chmod(0)
    machine.directory("/home/locked", user=NOBODY)
    become = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    shop = Inside(machine, *become, f"{RELEASE}/bin/ticketd", "/home/locked")
    shop.env["RELEASE_STATE_DIR"] = "/home/locked"
    assert "migrate" in shop.ok("help", cwd="/srv/locked")
    shop.ok("migrate", cwd="/srv/locked")
    shop.ok("start", cwd="/srv/locked")
    assert "2\n" == shop.ok("rpc", "1 + 1", cwd="/srv/locked")
    assert "2\n" == shop.ok("eval", "1 + 1", cwd="/srv/locked")
    shop.ok("stop", cwd="/srv/locked")


def test_the_other_user_learns_whose_it_is(machine: Bare) -> None:
    machine.directory("/home/owned", user=NOBODY)
    shop = Inside(machine, f"{RELEASE}/bin/ticketd", "/home/owned", user=NOBODY)
    shop.env["RELEASE_STATE_DIR"] = "/home/owned"
    shop.ok("start")
    try:
        other = Inside(machine, f"{RELEASE}/bin/ticketd", "/home/owned", user=2000)
        other.env["RELEASE_STATE_DIR"] = "/home/owned"
        refused = other.run("rpc", "1")
        assert 1 == refused.returncode
        assert f"belongs to user #{NOBODY}, you are uid 2000" in refused.stderr
        root = Inside(machine, f"{RELEASE}/bin/ticketd", "/home/owned")
        root.env["RELEASE_STATE_DIR"] = "/home/owned"
        done = root.run("rpc", "1")
        assert (0, "1\n") == (done.returncode, done.stdout), "root may, as that user"
        assert f"ticketd: running as {NOBODY}, who owns /home/owned\n" == done.stderr
        assert 1 == root.run("start").returncode
    finally:
        shop.ok("stop")


def test_no_library_is_missing_where_there_is_only_glibc(busybox: Bare, sample: Sample) -> None:
    busybox.bind(sample.tree, RELEASE)
    shop = Inside(busybox, f"{RELEASE}/bin/ticketd", "/nowhere")
    outside = {Path(line).name for line in shop.ok("eval", EVERY_LIBRARY).splitlines()}
    assert "libc.so.6" in outside
    assert outside <= GLIBC, "loaded from the machine"


def test_certificates_are_verified_where_there_is_no_store(machine: Bare, tmp_path: Path) -> None:
    assert not machine.path("/etc/ssl/certs/ca-certificates.crt").exists()
    shop = Inside(machine, f"{RELEASE}/bin/ticketd", "/nowhere")
    count = "import ssl; len(ssl.create_default_context().get_ca_certs())"
    assert int(shop.ok("eval", count)) > 50
    with https_server(tmp_path) as (port, certificate):
        ask = f"""
import urllib.request
try:
    print(urllib.request.urlopen("https://localhost:{port}/", timeout=10).status)
except OSError as error:
    print(error)
"""
        assert "CERTIFICATE_VERIFY_FAILED" in shop.ok("eval", ask)
        machine.directory("/etc/own").joinpath("ca.pem").write_bytes(certificate.read_bytes())
        shop.env["SSL_CERT_FILE"] = "/etc/own/ca.pem"
        assert "200\n" == shop.ok("eval", ask), "the operator's own store wins"


class Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def https_server(directory: Path) -> Iterator[tuple[int, Path]]:
    """A server on localhost whose certificate nobody knows; its port, and the certificate."""
    key, certificate = directory / "key.pem", directory / "cert.pem"
    words = [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    words += [
        "-addext",
        "subjectAltName=DNS:localhost",
        "-keyout",
        str(key),
        "-out",
        str(certificate),
    ]
    subprocess.run(["openssl", *words], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hello)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1], certificate
    finally:
        server.shutdown()
        server.server_close()
