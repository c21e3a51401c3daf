"""PID 1 of a container: the kernel drops every signal that it has no handler for.

See pid_namespaces(7).  So a command ends at SIGTERM as it does anywhere else only where a
handler comes first, or where PID 1 is another process.
"""

from __future__ import annotations

import os
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

_ENDS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP)
_PASSED_ON = (*_ENDS, signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH)
_KERNEL = 128  # SI_KERNEL of sigaction(2): the terminal has sent it, to the child as well


def prepare(command: str) -> None:
    """For PID 1: let signals end the command, whatever it is doing.

    ``foreground`` stays PID 1.  Any other command goes on in a child, so that what it
    becomes, or a library that holds the interpreter, ends as well; this process passes signals
    on, reaps, and ends as the child has ended.
    """
    if command == "foreground":
        for number in _ENDS:
            signal.signal(number, _end)
        return
    waits_for = {*_PASSED_ON, signal.SIGCHLD}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, waits_for)
    child = os.fork()
    if child:
        os._exit(_outlast(child, waits_for))
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


def let_finally_run() -> None:
    """From now on SIGTERM raises SystemExit (143); a second one ends the process at once."""
    signal.signal(signal.SIGTERM, _end)


def _end(number: int, _frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_DFL)
    raise SystemExit(128 + number)


def _outlast(child: int, waits_for: set[signal.Signals]) -> int:
    """Pass signals on until the child has ended; the exit status."""
    while True:
        found = signal.sigwaitinfo(waits_for)
        if found.si_signo != signal.SIGCHLD:
            if found.si_code != _KERNEL:
                os.kill(child, found.si_signo)
            continue
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == child:
                code = os.waitstatus_to_exitcode(status)
                return 128 - code if code < 0 else code
            if pid == 0:
                break
