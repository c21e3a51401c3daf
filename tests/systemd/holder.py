"""Keeps the disk of one host, and boots from it as often as it is asked to.

Started in mount and PID namespaces of its own as ``holder.py IMAGE WORK NAME [PID]``:
the host is on the network of that process, by its number outside, else on one of its own.
What it reads and answers are lines: ``up`` boots and prints the PID of the host's
PID 1 as it is out here, ``down`` cuts its power and prints ``down``; the end of
its input ends everything, and its own end has the kernel kill what is left.

Of systemd-nspawn without a systemd below it one has to know:

- With ``--keep-unit`` all hosts would share one cgroup ``/payload``, and units of
  the same name as well.  So each is started in a cgroup of its own.
- Of cgroup v1 it mounts every controller read-only, and then TasksMax= and
  MemoryMax= silently do nothing.  These are this host's alone: they are opened,
  and systemd, which looks once when it starts, is asked to look again.
- Its first child is not PID 1 of the host, but makes it, and goes.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

CONTROLLERS = ("", "cpu", "memory", "pids", "name=systemd")
LIMIT = 60.0  # seconds for what takes one or two


class Machine:
    """``root`` is the disk: the image below, and what the host has written above it."""

    def __init__(self, image: str, work: str, name: str, network: str = "") -> None:
        self.name = name
        # The host's own /proc, where our processes have the numbers that others know.
        self.outside = os.open("/proc", os.O_DIRECTORY)
        self.me = int(os.readlink("/proc/self"))
        self.groups = own_groups(f"relforge-{self.me}")
        mount("-t", "tmpfs", "-o", "mode=0755", "tmpfs", work)
        self.network = ["--private-network"]
        if network:
            # By its path: nspawn closes the descriptors that it inherits.
            numbers = Path(work) / "proc"
            numbers.mkdir()
            mount("--bind", "/proc", str(numbers))
            self.network = [f"--network-namespace-path={numbers}/{network}/ns/net"]
        mount("-t", "proc", "proc", "/proc")
        self.root = Path(work) / "root"
        upper, scratch = Path(work) / "upper", Path(work) / "scratch"
        for directory in (self.root, upper, scratch):
            directory.mkdir(mode=0o755)
        options = f"lowerdir={image},upperdir={upper},workdir={scratch}"
        mount("-t", "overlay", "-o", options, "overlay", str(self.root))
        (self.root / "etc/hostname").write_text(f"{name}\n")
        (self.root / "etc/machine-id").write_text(os.urandom(16).hex() + "\n")
        self.nspawn: subprocess.Popen[bytes] | None = None
        self.leader = 0  # PID 1 of the host, as we number it

    def up(self) -> int:
        """Boot; return when systemd answers."""
        words = ["systemd-nspawn", "--quiet", "--boot", "--console=pipe", *self.network]
        words += ["--register=no", "--keep-unit", "--link-journal=no"]
        words += ["--resolv-conf=off", "--timezone=off"]
        words += [f"--machine={self.name}", f"--directory={self.root}"]
        console = open(self.root.parent / "console", "ab")  # noqa: SIM115 - nspawn's, while it runs
        self.nspawn = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=console,
            preexec_fn=self._enter,  # noqa: PLW1509 - there are no threads
        )
        console.close()
        inside = os.open("/proc", os.O_DIRECTORY)
        try:
            wait(lambda: named(inside, os.getpid(), "systemd-nspawn", "systemd"))
        except TimeoutError as error:
            said = (self.root.parent / "console").read_text(errors="replace")[-2000:]
            raise TimeoutError(f"{error}; its console: {said}") from None
        (self.leader,) = named(inside, os.getpid(), "systemd-nspawn", "systemd")
        os.close(inside)
        wait(lambda: self._inside("systemctl", "--version"))
        for directory in self.groups:
            if "v1" in directory:
                place = directory["v1"]
                wait(lambda place=place: self._inside("mount", "-o", "remount,bind,rw", place))
        wait(lambda: self._inside("systemctl", "daemon-reexec"))
        self._inside("systemctl", "is-system-running", "--wait")
        (leader,) = named(self.outside, self.me, "systemd-nspawn", "systemd")
        return leader

    def down(self) -> None:
        """SIGKILL for PID 1, and so for all: nothing is shut down, nothing is written."""
        if self.nspawn is None:
            return
        if self.leader:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.leader, signal.SIGKILL)
        self.nspawn.kill()
        self.nspawn.wait()
        self.nspawn, self.leader = None, 0
        reap()
        for directory in self.groups:
            empty(Path(directory["path"]))
        self._forget()

    def _forget(self) -> None:
        """What a killed nspawn leaves, and from version 256 on refuses to find: its sockets."""
        export = Path("/run/systemd/nspawn/unix-export", self.name)
        if export.is_mount():
            subprocess.run(["umount", "--lazy", str(export)], check=True)
        with contextlib.suppress(OSError):
            export.rmdir()

    def _enter(self) -> None:
        """In the child: into the host's own cgroups."""
        for directory in self.groups:
            path = Path(directory["path"])
            path.mkdir(exist_ok=True)
            (path / "cgroup.procs").write_text("0")

    def _inside(self, *words: str) -> bool:
        enter = ["nsenter", f"--target={self.leader}", "-m", "-u", "-i", "-n", "-p", "-C", "--"]
        done = subprocess.run([*enter, *words], capture_output=True, check=False)
        return done.returncode == 0


def own_groups(name: str) -> list[dict[str, str]]:
    """``path`` of a cgroup of that name below ours, in each hierarchy that matters to systemd.

    ``v1`` is where the host has that controller mounted, if it is one of version 1.
    """
    ours = {}
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            ours[controller] = path.rstrip("/")
    found = []
    for line in Path("/proc/mounts").read_text().splitlines():
        _, place, kind, options, *_ = line.split()
        known = [word for word in (*options.split(","), "") if word in CONTROLLERS and word in ours]
        if kind == "cgroup2":
            found.append({"path": f"{place}{ours['']}/{name}"})
        elif kind == "cgroup" and known[0]:
            row = {"path": f"{place}{ours[known[0]]}/{name}"}
            found.append({**row, "v1": place} if known[0] != "name=systemd" else row)
    return found


def named(proc: int, pid: int, *names: str) -> list[int]:
    """The descendants of a process that are reached by children of these names."""
    found = [pid]
    for name in names:
        children = [child for one in found for child in read(proc, f"{one}/task/{one}/children")]
        found = [int(child) for child in children if read(proc, f"{child}/comm") == [name]]
    return found


def read(proc: int, path: str) -> list[str]:
    """The words of a file below /proc; none where the process is gone."""
    try:
        with open(os.open(path, os.O_RDONLY, dir_fd=proc)) as file:
            return file.read().split()
    except (OSError, ValueError):
        return []


def reap() -> None:
    """Orphans of a PID namespace are its PID 1's, and so ours."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def empty(group: Path) -> None:
    """Remove a cgroup and those below it, once the kernel has let go of their processes."""
    for directory, _, _ in os.walk(group, topdown=False):
        wait(lambda directory=directory: removed(directory))


def removed(directory: str) -> bool:
    try:
        os.rmdir(directory)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True)


def wait(check: object) -> None:
    """Until ``check()`` holds."""
    assert callable(check)
    end = time.monotonic() + LIMIT
    while not check():
        if time.monotonic() > end:
            raise TimeoutError("the host did not come that far")
        time.sleep(0.02)


def main(*words: str) -> None:
    machine = Machine(*words)
    try:
        for line in sys.stdin:
            if line == "up\n":
                print(machine.up(), flush=True)
            else:
                machine.down()
                print("down", flush=True)
    finally:
        machine.down()


if __name__ == "__main__":
    main(*sys.argv[1:])
