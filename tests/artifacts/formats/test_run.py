"""The file that unpacks itself: under each shell, in each place, and never where others write."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

import relforge
from tests.artifacts.formats import shop

SHELLS = [["dash"], ["bash"], ["busybox", "sh"]]
TEMPLATE = Path(relforge.__file__).parent / "templates" / "run.sh"
OTHER_USER = 65534
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="it needs root: another user")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RELFORGE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        return shop.packed(tmp_path_factory.mktemp("shop"), "run").path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    directory = tmp_path / "a home [x] 'q' $f ü"
    directory.mkdir()
    return directory


def run(
    file: Path, *words: str, shell: list[str] | None = None, **env: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*(shell or []), str(file), *words],
        env={"PATH": os.environ["PATH"], **env},
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def place(done: subprocess.CompletedProcess[str]) -> Path:
    """Where the program that ran lies."""
    assert (0, "") == (done.returncode, done.stderr)
    return Path(done.stdout.splitlines()[0].split("/shop-1.0-")[0])


def test_it_begins_with_the_template_byte_for_byte(file: Path) -> None:
    text = TEMPLATE.read_bytes()
    data = file.read_bytes()
    assert data.startswith(text + b"#:name shop\n#:top shop-1.0\n#:key shop-1.0-")
    assert os.access(file, os.X_OK)


@pytest.mark.process
@pytest.mark.parametrize(
    "shell", [pytest.param(row, id=row[0]) for row in SHELLS if shutil.which(row[0])]
)
def test_it_unpacks_once_and_hands_its_words_over(file: Path, home: Path, shell: list[str]) -> None:
    first = run(file, "eval", "1 + 1", "", shell=shell, HOME=str(home))
    assert home / ".cache" / "relforge-run" == place(first)
    assert first.stdout.splitlines()[0].endswith(" eval 1 + 1 ")
    assert f"state {home}/.local/state/shop" == first.stdout.splitlines()[1]
    (made,) = place(first).iterdir()
    before = made.stat().st_ino
    assert first.stdout == run(file, "eval", "1 + 1", "", shell=shell, HOME=str(home)).stdout
    assert before == made.stat().st_ino


@pytest.mark.process
def test_it_is_found_by_name_by_link_and_in_a_directory_that_is_odd(
    file: Path, home: Path, tmp_path: Path
) -> None:
    directory = tmp_path / "a b (c) ü"
    directory.mkdir()
    shutil.copy(file, directory / "shop tool.run")
    (directory / "link").symlink_to("shop tool.run")
    place(run(directory / "link", HOME=str(home)))
    by_name = subprocess.run(
        ["shop tool.run"],
        env={"PATH": f"{directory}:{os.environ['PATH']}", "HOME": str(home)},
        check=False,
    )
    assert 0 == by_name.returncode
    in_there = subprocess.run(
        ["sh", "shop tool.run"],
        cwd=directory,
        env={"PATH": os.environ["PATH"], "HOME": str(home)},
        check=False,
    )
    assert 0 == in_there.returncode


@pytest.mark.process
def test_the_directory_can_be_chosen(file: Path, home: Path) -> None:
    assert home / "x" == place(run(file, RELEASE_EXTRACT_DIR=str(home / "x"), HOME="/nowhere"))
    assert home / "c/relforge-run" == place(run(file, XDG_CACHE_HOME=str(home / "c")))
    assert home / f"relforge-run-{os.getuid()}" == place(run(file, TMPDIR=str(home)))
    kept = run(file, HOME=str(home), RELEASE_STATE_DIR="/srv/var")
    assert "state /srv/var" in kept.stdout
    assert 0o700 == (home / "x").stat().st_mode & 0o777


@pytest.mark.process
def test_a_directory_that_others_can_write_is_refused(file: Path, home: Path) -> None:
    for mode in (0o777, 0o1777, 0o707):
        home.chmod(mode)
        done = run(file, RELEASE_EXTRACT_DIR=str(home))
        assert 1 == done.returncode
        assert f"shop: {home}: another user could change its files" in done.stderr
        assert "set RELEASE_EXTRACT_DIR" in done.stderr
        assert [] == list(home.iterdir())
    below = home / "below"
    below.mkdir(mode=0o700)
    home.chmod(0o777)
    assert 1 == run(file, RELEASE_EXTRACT_DIR=str(below)).returncode
    home.chmod(0o1777)  # as /tmp: nobody can rename what is ours
    assert below == place(run(file, RELEASE_EXTRACT_DIR=str(below)))


@pytest.mark.process
@AS_ROOT
def test_a_directory_of_another_user_is_refused(file: Path, home: Path) -> None:
    os.chown(home, OTHER_USER, OTHER_USER)
    done = run(file, HOME=str(home))
    assert 1 == done.returncode
    assert f"{home}: another user could change its files" in done.stderr


@pytest.mark.process
def test_a_file_that_is_not_whole_is_refused(file: Path, home: Path, tmp_path: Path) -> None:
    data = file.read_bytes()
    for size in (len(data) - 30, len(TEMPLATE.read_bytes()) + 40):
        cut = tmp_path / f"cut-{size}"
        cut.write_bytes(data[:size])
        cut.chmod(0o755)
        done = run(cut, HOME=str(home))
        assert 1 == done.returncode
        assert "the file is not whole" in done.stderr
        assert "fetch it again" in done.stderr
    base = home / ".cache" / "relforge-run"
    assert not base.exists() or [] == list(base.iterdir())


@pytest.mark.process
def test_one_that_was_killed_leaves_nothing_that_looks_whole(file: Path, home: Path) -> None:
    base = home / ".cache" / "relforge-run"
    left = base / ".draft.1.elsewhere" / "shop-1.0"
    left.mkdir(parents=True)
    base.chmod(0o700)
    recent = base / ".draft.2.elsewhere"
    recent.mkdir()
    old = time.time() - 7200
    os.utime(left.parent, (old, old))
    place(run(file, HOME=str(home)))
    names = {path.name for path in base.iterdir()}
    assert ".draft.1.elsewhere" not in names
    assert ".draft.2.elsewhere" in names, "it may be at work"


def killed(file: Path, home: Path, directory: Path, number: signal.Signals) -> int:
    """How it ends when the signal comes while it unpacks."""
    slow = directory / "slow"
    slow.mkdir()
    (slow / "tar").write_text('#!/bin/sh\ntouch "$HOME/waits"\nsleep 30\n')
    (slow / "tar").chmod(0o755)
    with subprocess.Popen(
        [file],
        env={"PATH": f"{slow}:{os.environ['PATH']}", "HOME": str(home)},
        start_new_session=True,
    ) as process:
        while not (home / "waits").exists():
            time.sleep(0.02)
        os.killpg(process.pid, number)
    return process.returncode


@pytest.mark.process
def test_one_that_is_killed_while_it_unpacks_does_no_harm(
    file: Path, home: Path, tmp_path: Path
) -> None:
    assert -signal.SIGKILL == killed(file, home, tmp_path, signal.SIGKILL)
    base = home / ".cache" / "relforge-run"
    assert [".draft"] == [path.name[:6] for path in base.iterdir()]
    assert base == place(run(file, HOME=str(home)))


@pytest.mark.process
def test_a_polite_kill_leaves_no_draft(file: Path, home: Path, tmp_path: Path) -> None:
    assert 143 == killed(file, home, tmp_path, signal.SIGTERM)
    assert [] == list((home / ".cache" / "relforge-run").iterdir())


@pytest.mark.process
def test_several_at_once_unpack_one_tree(file: Path, home: Path) -> None:
    started = [
        subprocess.Popen(
            [file],
            env={"PATH": os.environ["PATH"], "HOME": str(home)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(8)
    ]
    said = [(*process.communicate(timeout=30), process.returncode) for process in started]
    assert 1 == len(set(said)), said
    assert (0, "") == (said[0][2], said[0][1])
    (made,) = (home / ".cache" / "relforge-run").iterdir()
    assert {"app", "bin", "python", "release"} == {path.name for path in made.iterdir()}


@pytest.mark.process
@AS_ROOT
def test_no_room_is_said(file: Path, tmp_path: Path) -> None:
    directory = tmp_path / "small"
    directory.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k,mode=0700", "none"]
    subprocess.run([*mount, directory], check=True)
    try:
        done = run(file, RELEASE_EXTRACT_DIR=str(directory))
        left = list(directory.iterdir())
    finally:
        subprocess.run(["umount", "-l", directory], check=True)
    assert 1 == done.returncode
    assert f"shop: cannot be unpacked into {directory}" in done.stderr
    assert "is there room?  set RELEASE_EXTRACT_DIR" in done.stderr
    assert [] == left
