"""The bare machines themselves: what they hold, and that they are worth a proof."""

from __future__ import annotations

import contextlib
import subprocess
import tarfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.rootfs.bare import Bare

pytestmark = pytest.mark.rootfs


@pytest.fixture(params=["bare", "busybox"])
def machine(request: pytest.FixtureRequest) -> Bare:
    found: Bare = request.getfixturevalue(request.param)
    return found


def test_there_is_no_python_in_it(machine: Bare) -> None:
    for name in ("python", "python3", "python3.11", "python3.12"):
        assert 127 == machine.run(["sh", "-c", f"{name} -c pass"]).returncode
    found = machine.run(["find", "/", "-xdev", "-name", "*python*", "-type", "f"])
    assert "" == found.stdout


def test_the_busybox_machine_holds_no_library_but_those_of_glibc(busybox: Bare) -> None:
    found = busybox.run(["find", "/usr/lib", "/usr/lib64", "-name", "*.so*"]).stdout
    assert "libc.so.6" in found
    for library in ("libz.so", "libssl.so", "libgcc_s.so", "libtinfo.so"):
        assert library not in found


def test_a_copied_static_program_runs(bare: Bare) -> None:
    bare.run(["cp", "/usr/bin/busybox", "/srv/busybox"])
    assert "hello\n" == bare.run(["/srv/busybox", "echo", "hello"]).stdout


@pytest.mark.parametrize(
    ("shell", "question", "answer"),
    [
        ("bash", 'echo "${BASH_VERSION:+bash}"', "bash\n"),
        ("dash", 'echo "${BASH_VERSION:-none}"', "none\n"),
        ("busybox", "readlink /proc/$$/exe", "/usr/bin/busybox\n"),
    ],
)
def test_the_shell_can_be_chosen(bare: Bare, shell: str, question: str, answer: str) -> None:
    bare.use_shell(shell)
    assert answer == bare.run(["/bin/sh", "-c", question]).stdout


def test_a_command_sees_path_alone_and_no_terminal(machine: Bare) -> None:
    names = [line.split("=")[0] for line in machine.run(["env"]).stdout.splitlines()]
    assert ["PATH"] == [name for name in names if name not in ("PWD", "SHLVL", "_")]
    assert machine.run(["sh", "-c", "true </dev/tty"]).returncode != 0


def test_a_command_runs_as_the_user_with_no_other_group(machine: Bare) -> None:
    done = machine.run(["id", "-u"], user=1234)
    assert "1234\n" == done.stdout
    assert "1234\n" == machine.run(["id", "-G"], user=1234).stdout


def test_what_a_command_leaves_running_lives_until_the_machine_goes(bare: Bare) -> None:
    bare.run(["sh", "-c", "sleep 1000 >/dev/null 2>&1 &"])
    assert ["sleep 1000"] == bare.processes()
    bare.run(["sh", "-c", "kill $(pidof sleep 2>/dev/null || busybox pidof sleep)"])
    _until(lambda: not bare.processes())


def test_nothing_outlives_the_machine(bare: Bare) -> None:
    marker = f"9{time.time_ns() % 10**9}"
    bare.run(["sh", "-c", f"sleep {marker} >/dev/null 2>&1 &"])
    bare.close()
    _until(lambda: marker not in _host_processes())


def test_it_shares_the_network_of_the_host(busybox: Bare) -> None:
    busybox.directory("/srv/page").joinpath("index.html").write_text("hello")
    server = busybox.popen(["httpd", "-f", "-p", "127.0.0.1:18431", "-h", "/srv/page"])
    _until(lambda: _page("http://127.0.0.1:18431/") == "hello")
    busybox.run(["killall", "httpd"])
    server.communicate(timeout=10)


def test_a_read_only_directory_refuses_even_root(machine: Bare) -> None:
    machine.directory("/srv/tree")
    machine.read_only("/srv/tree")
    done = machine.run(["touch", "/srv/tree/file"])
    assert done.returncode != 0
    assert "Read-only file system" in done.stderr


def test_a_directory_of_the_host_is_shown_read_only(machine: Bare, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "file").write_text("text")
    machine.bind(source, "/srv/it")
    assert "text" == machine.run(["cat", "/srv/it/file"]).stdout
    assert machine.run(["touch", "/srv/it/other"]).returncode != 0


def test_a_tarball_is_unpacked_by_the_machine_itself(machine: Bare, tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/file").write_text("text")
    with tarfile.open(tmp_path / "shop.tar.gz", "w:gz") as tar:
        tar.add(tmp_path / "shop", "shop-1.0")
    top = machine.unpack(tmp_path / "shop.tar.gz", "/srv/a b (ü)", user=1000)
    assert "/srv/a b (ü)/shop-1.0" == top
    assert "text" == machine.run(["cat", "file"], user=1000, cwd=top).stdout
    assert "1000\n" == machine.run(["stat", "-c", "%u", "file"], cwd=top).stdout


def test_a_command_that_does_not_end_is_reported(bare: Bare) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        bare.run(["sleep", "100"], timeout=0.5)


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _page(address: str) -> str:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""


def _host_processes() -> str:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(path.read_text())
    return "\n".join(found)
