"""S11: one rule says which directories are trusted, and no client believes a stranger."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from relforge.runtime import trusted_directory
from relforge.runtime.errors import CONFIG, Refusal
from relforge.runtime.wire import unix
from tests.runtime.conftest import MiniRelease

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(os.geteuid() != 0, reason="it needs root: other users"),
]
OTHER, GROUP = 65534, 12345
WORKER = """
import time
from relforge.runtime import ready

def main():
    ready()
    while True:
        time.sleep(1)
"""
# Renames the socket of argv[1], and answers in its place as another user.
IMPOSTOR = """
import os, socket, sys
path = sys.argv[1]
os.rename(path, path + '.old')
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
os.chmod(path, 0o666)
os.setgid(65534); os.setuid(65534)
listener.listen()
print('up', flush=True)
while True:
    other, _ = listener.accept()
    print('heard', len(other.recv(1 << 16)), flush=True)
    other.close()
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    path = tmp_path / "run" / "shop"
    path.mkdir(parents=True)
    return path


def _owned(path: Path) -> None:
    os.chown(path, OTHER, OTHER)


def _grouped(path: Path) -> None:
    os.chown(path, 0, GROUP)
    path.chmod(0o770)


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "owner": (_owned, "belongs to uid 65534, who could answer in our place"),
    "group": (_grouped, "the group 12345 can write to it (mode 770)"),
    "everybody": (lambda path: path.chmod(0o777), "every user can write to it (mode 777)"),
}


@pytest.mark.parametrize("above", [False, True])
@pytest.mark.parametrize(("change", "said"), CHANGES.values(), ids=CHANGES)
def test_what_others_can_replace_is_refused(
    place: Path, tmp_path: Path, change: Callable[[Path], object], said: str, above: bool
) -> None:
    root = str(tmp_path / "release")
    os.mkdir(root)
    trusted_directory.check(str(place), root, "RELEASE_RUN_DIR")
    change(place.parent if above else place)
    with pytest.raises(Refusal) as caught:
        trusted_directory.check(str(place), root, "RELEASE_RUN_DIR")
    assert CONFIG == caught.value.code
    through = f", which leads to {place}" if above else ""
    assert caught.value.message.startswith(f"{place.parent if above else place}{through}: ")
    assert said in caught.value.message
    assert "RELEASE_RUN_DIR" in caught.value.hint


def test_what_leads_to_the_release_itself_is_trusted(place: Path, tmp_path: Path) -> None:
    """A user who can change that can change the program as well."""
    os.chown(tmp_path / "run", OTHER, OTHER)
    with pytest.raises(Refusal):
        trusted_directory.check(str(place), str(tmp_path), "X")
    (tmp_path / "run" / "release").mkdir()
    trusted_directory.check(str(place), str(tmp_path / "run" / "release"), "X")
    os.chown(tmp_path / "run" / "release", OTHER, OTHER)
    os.chown(place, OTHER, OTHER)  # the release's own user
    trusted_directory.check(str(place), str(tmp_path / "run" / "release"), "X")


def test_a_sticky_directory_keeps_what_is_ours_and_a_link_is_followed(
    place: Path, tmp_path: Path
) -> None:
    (tmp_path / "release").mkdir()
    place.parent.chmod(0o1777)
    link = tmp_path / "link"
    link.symlink_to(place)
    trusted_directory.check(str(link), str(tmp_path / "release"), "X")
    place.chmod(0o777)
    with pytest.raises(Refusal, match=f"^{place}, which leads to {link}: every user"):
        trusted_directory.check(str(link), str(tmp_path / "release"), "X")
    place.chmod(0o755)
    os.chown(link, OTHER, OTHER, follow_symlinks=False)
    with pytest.raises(Refusal, match=f"^{link}: belongs to uid {OTHER}"):
        trusted_directory.check(str(link), str(tmp_path / "release"), "X")


@pytest.mark.parametrize("variable", ["RELEASE_RUN_DIR", "RELEASE_STATE_DIR", "RELEASE_LOG_DIR"])
def test_start_refuses_a_directory_of_somebody_else(
    mini_release: Callable[..., MiniRelease], place: Path, variable: str
) -> None:
    release = mini_release({"shop/worker.py": WORKER}, services={"worker": {}})
    place.chmod(0o777)
    done = release.run("start", env={variable: str(place)})
    assert (78, "") == (done.returncode, done.stdout)
    assert "every user can write to it (mode 777)" in done.stderr
    assert variable in done.stderr
    assert not release.runs


def test_a_volume_of_a_container_is_trusted(tmp_path: Path) -> None:
    """Kubernetes' `emptyDir` has the mode 0777, and belongs to root."""
    volume = tmp_path / "state"
    volume.mkdir()
    code = (
        "from relforge.runtime import trusted_directory as rule\n"
        f"rule.check({str(volume)!r}, '/', 'RELEASE_STATE_DIR')\n"
    )
    mount = f'mount -t tmpfs -o mode=0777 none {volume} && exec {sys.executable} -c "$0"'
    for container, status in ((["--pid", "--fork", "--mount-proc"], 0), ([], 1)):
        words = ["unshare", "--mount", *container, "sh", "-c", mount, code]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert status == done.returncode, done.stderr


@pytest.fixture
def impostors() -> Iterator[Callable[[Path], subprocess.Popen[str]]]:
    began: list[subprocess.Popen[str]] = []

    def begin(path: Path) -> subprocess.Popen[str]:
        words = [sys.executable, "-c", IMPOSTOR, str(path)]
        began.append(subprocess.Popen(words, stdout=subprocess.PIPE, text=True))
        assert began[-1].stdout is not None
        assert "up\n" == began[-1].stdout.readline()
        return began[-1]

    yield begin
    for process in began:
        process.kill()
        process.wait()


def test_no_command_believes_a_stranger_or_says_a_word_to_him(
    mini_release: Callable[..., MiniRelease],
    tmp_path: Path,
    impostors: Callable[[Path], subprocess.Popen[str]],
) -> None:
    """The directory was somebody else's after `start`, say."""
    release = mini_release({"shop/worker.py": WORKER}, services={"worker": {}})
    started = release.run("start")
    assert 0 == started.returncode, started.stderr
    run = release.state / "run"
    for path in (release.root.parent, release.root, release.state, run):
        path.chmod(0o755)
    agent, control = impostors(run / "worker.1.sock"), impostors(run / "supervisor.sock")
    said = f"refusing to connect: uid {OTHER} listens there, not the user of this release"
    for words in (
        ["rpc", "password = 'secret'"],
        ["stacks"],
        ["stacks", "--signal"],
        ["tasks"],
        ["status"],
        ["ping"],
        ["reload"],
    ):
        done = release.run(*words)
        assert (1, "") == (done.returncode, done.stdout), words
        assert said in done.stderr
    for process in (agent, control):
        process.kill()
        assert process.stdout is not None
        assert {"heard 0"} >= set(process.stdout.read().splitlines())
    for name in ("worker.1", "supervisor"):
        os.replace(run / f"{name}.sock.old", run / f"{name}.sock")
    assert 0 == release.run("stop").returncode


def test_credentials_are_those_of_the_process_that_listens(tmp_path: Path) -> None:
    path = str(tmp_path / "sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        unix.dial(path, "it", 1).close()
        unix.dial(path, "it", 1, owner=OTHER).close()  # root may always
