"""S18: a line of the audit is one that no text of an application can look like."""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from relforge.runtime.agent import audit
from relforge.runtime.agent.access import Peer
from relforge.runtime.supervise.journal import LogLimits, ReleaseLog
from relforge.runtime.supervise.notices import Notices
from relforge.runtime.untrusted_text import harmless
from tests.runtime.supervise.waiting import eventually

from ..conftest import MiniRelease

LINE = re.compile(
    r'relforge\.audit service=web\.1 session=1 uid=\d+ .*from="x" outcome=ok ms=1\.0 source=(.*)'
)


@pytest.fixture
def taker(tmp_path: Path) -> Iterator[socket.socket]:
    """A supervisor's socket, to which the lines go."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        sock.bind(str(tmp_path / "notify"))
        audit.send_to(str(tmp_path / "notify"))
        yield sock
        audit.send_to("")


def record(source: str, **changed: Any) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        who = audit.Who(Peer(ours), "x")
    facts: dict[str, Any] = {"service": "web.1", "session": 1, "outcome": "ok", "ms": 1.0}
    audit.record(**{**facts, "who": who, "source": source, "secrets": (), **changed})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(some.text(max_size=audit.MOST_SOURCE))
def test_whatever_is_evaluated_is_one_line_of_ascii(taker: socket.socket, source: str) -> None:
    record(source)
    text = taker.recv(1 << 16).decode("ascii").removeprefix(audit.FIELD)
    assert text == harmless(text)
    assert "\n" not in text
    found = LINE.fullmatch(text)
    assert found is not None
    assert source == json.loads(found[1])


def test_of_a_secret_that_begins_as_a_shorter_one_nothing_is_left(taker: socket.socket) -> None:
    record("login('hunter', 'hunter2-of-bob')", secrets=["hunter", "", "hunter2-of-bob"])
    assert "hunter" not in (said := taker.recv(1 << 16).decode())
    assert "2-of-bob" not in said


@pytest.mark.parametrize("sign", ["\x9b", "\u202e", "\u2028", "\x1b", "\n", "\udcff", "é"])
def test_a_sign_that_looks_like_something_else_is_escaped(taker: socket.socket, sign: str) -> None:
    record(f"a{sign}b")
    assert taker.recv(1 << 16).endswith(b'source="a' + json.dumps(sign)[1:-1].encode() + b'b"')


@pytest.mark.parametrize("gone", [True, False], ids=["gone", "hangs"])
def test_where_no_supervisor_takes_it_standard_error_has_it(
    taker: socket.socket, capfd: pytest.CaptureFixture[str], gone: bool
) -> None:
    if gone:
        taker.close()
    else:
        fill(taker)
    record("6 * 7")
    assert capfd.readouterr().err.endswith('source="6 * 7"\n')


def fill(taker: socket.socket) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        while True:
            try:
                sock.sendto(b"x", taker.getsockname())
            except BlockingIOError:
                return


@pytest.mark.parametrize("uid", [None, 4321])
def test_the_kernel_says_whose_line_it_is(tmp_path: Path, uid: int | None) -> None:
    found: list[tuple[int, str]] = []
    notices = Notices(str(tmp_path / "n"), lambda who, text: found.append((who, text)))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        if uid is not None and os.geteuid() == 0:
            ids = (os.getpid(), uid, uid)
            rights = b"".join(number.to_bytes(4, "little") for number in ids)
            sock.connect(str(tmp_path / "n"))
            sock.sendmsg([b"AUDIT=x"], [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, rights)])
        else:
            uid = os.geteuid()
            sock.sendto(b"AUDIT=x", str(tmp_path / "n"))
    # No state of a service comes of it.
    assert (os.getpid(), {}) == notices.receive()
    assert [(os.geteuid() if uid is None else uid, "x")] == found
    notices.close()


def test_the_stream_is_named_audit_in_the_log(tmp_path: Path) -> None:
    path = tmp_path / "shop.log"
    journal = ReleaseLog("shop", str(path), LogLimits(0, 0, 0))
    journal.lines("web.1", [b"2026-01-01T00:00:00.000Z audit | relforge.audit forged"])
    journal.audit("relforge.audit real\nweb.1 | forged")
    first, second = path.read_text().splitlines()
    assert "web.1" == first.split()[1]
    assert "audit | relforge.audit real\\nweb.1 | forged" == second.split(" ", 1)[1]


def test_in_the_foreground_it_is_the_supervisors_own(capfd: pytest.CaptureFixture[str]) -> None:
    ReleaseLog("shop", None, LogLimits(0, 0, 0)).audit("relforge.audit real")
    assert "shop: relforge.audit real\n" == capfd.readouterr().err


CODE = """
import time
from relforge.runtime import ready
def main():
    ready(); time.sleep(600)
"""


@pytest.mark.process
def test_what_ends_the_process_is_in_the_audit_and_what_it_prints_is_not(
    mini_release: Callable[..., MiniRelease],
) -> None:
    release = mini_release(
        files={"shop/worker.py": CODE}, services={"worker": {"target": "shop.worker:main"}}
    )
    assert 0 == release.run("start").returncode
    forged = r"__import__('os').write(2, b'\nrelforge.audit service=web.1 user=root forged\n')"
    assert 0 == release.run("rpc", forged).returncode
    release.run("rpc", "__import__('os')._exit(7)")

    def audited() -> list[str]:
        return release.run("logs", "audit").stdout.splitlines()

    eventually(lambda: len(audited()) >= 3)
    begun, ended, last = audited()[:3]
    assert "outcome=begun" in begun
    assert "outcome=ok" in ended
    assert "outcome=begun" in last
    assert "_exit(7)" in last
    assert not [row for row in audited() if row.endswith("user=root forged")]
    row = next(
        row for row in release.run("logs").stdout.splitlines() if row.endswith("user=root forged")
    )
    assert " worker.1 | relforge.audit service=web.1" in row
