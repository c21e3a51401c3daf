"""PID 1 of a bare machine: mounts its root, then reaps until its standard input ends.

Started in mount and PID namespaces of its own as ``holder.py LOWER WORK``.
Prints its PID as the host sees it once the root is there, at ``WORK/root``.
When it ends, the kernel kills whatever still runs in the namespace.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys

DEVICES = ("null", "zero", "full", "random", "urandom", "tty")


def mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True)


def build(lower: str, work: str) -> None:
    mount("-t", "tmpfs", "-o", "mode=0755", "tmpfs", work)
    root, upper, scratch = f"{work}/root", f"{work}/upper", f"{work}/scratch"
    for directory in (root, upper, scratch):
        os.mkdir(directory)
        os.chmod(directory, 0o755)
    options = f"lowerdir={lower},upperdir={upper},workdir={scratch}"
    mount("-t", "overlay", "-o", options, "overlay", root)
    mount("-t", "proc", "proc", f"{root}/proc")
    mount("-t", "tmpfs", "-o", "mode=0755", "tmpfs", f"{root}/run")
    mount("-t", "tmpfs", "-o", "mode=0755", "tmpfs", f"{root}/dev")
    for name in DEVICES:
        open(f"{root}/dev/{name}", "w").close()
        mount("--bind", f"/dev/{name}", f"{root}/dev/{name}")
    os.mkdir(f"{root}/dev/shm")
    mount("-t", "tmpfs", "-o", "mode=1777", "tmpfs", f"{root}/dev/shm")
    os.mkdir(f"{root}/dev/pts")
    mount("-t", "devpts", "-o", "newinstance,ptmxmode=0666", "devpts", f"{root}/dev/pts")
    os.symlink("pts/ptmx", f"{root}/dev/ptmx")
    for name, target in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
        os.symlink(f"/proc/self/fd{target}", f"{root}/dev/{name}")


def reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def main(lower: str, work: str) -> None:
    # The host's /proc is still mounted at /proc, so this is the PID out there.
    outside = os.readlink("/proc/self")
    build(lower, work)
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    print(outside, flush=True)
    while True:
        ready, _, _ = select.select([0, woken], [], [])
        if 0 in ready:
            return
        os.read(woken, 4096)
        reap()


if __name__ == "__main__":
    main(*sys.argv[1:])
