"""S15: whatever another version answers when it is asked to load, the supervisor serves on."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from tests.runtime.conftest import MiniRelease
from tests.runtime.supervise.waiting import status

pytestmark = pytest.mark.process

WORKER = "import time\nfrom relforge.runtime import ready\ndef main(): ready(); time.sleep(600)\n"
# In the place of the launcher: the real one, unless a supervisor asks it to load.
ODD = """#!/usr/bin/env python3
import os, socket, sys
fd = os.environ.get("RELFORGE_REPLY_FD")
if fd is None:
    os.execv(sys.argv[0] + ".real", sys.argv)
sock = socket.socket(fileno=int(fd))
memory = os.memfd_create("x")
os.write(memory, {content!r})
socket.send_fds(sock, [{answer!r}], [memory])
"""
WHOLE = b'{"values": {}, "secrets": [], "origins": {}, "environ": {}, "notes": []}'


@pytest.mark.parametrize(
    ("answer", "content"),
    [
        (b"5", WHOLE),
        (b'{"environ": {}}', b'{"values": 5}'),
    ],
    ids=repr,
)
def test_an_odd_answer_is_a_failed_upgrade(
    mini_release: Callable[..., MiniRelease], answer: bytes, content: bytes
) -> None:
    parts = {
        "files": {"shop/worker.py": WORKER},
        "services": {"worker": {"target": "shop.worker:main"}},
    }
    one = mini_release(at="releases/1.0.0", version="1.0.0", **parts)
    two = mini_release(at="releases/2.0.0", version="2.0.0", **parts)
    (one.root.parents[1] / "current").symlink_to("releases/1.0.0")
    launcher = two.root / "bin" / "shop"
    shutil.copy(launcher, launcher.with_suffix(".real"))
    launcher.unlink()
    launcher.write_text(ODD.format(answer=answer, content=content))
    launcher.chmod(0o755)
    assert 0 == one.run("start").returncode
    before = one.run("pid").stdout
    done = one.run("upgrade", "2.0.0")
    assert 0 != done.returncode
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()
    assert before == one.run("pid").stdout
    assert "1.0.0" == status(one)["version"]
