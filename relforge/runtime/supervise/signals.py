"""Signals as events of the poller."""

from __future__ import annotations

import os
import select
import signal
import stat

from .. import stack_signals
from .poller import READ, Poller

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# A base image chooses SIGQUIT (nginx) or SIGRTMIN+3 (systemd) with STOPSIGNAL, LXC sends SIGPWR.
STOPS = (
    signal.SIGTERM,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGPWR,
    signal.SIGRTMIN + 3,
)
# They would end a supervisor by default; as PID 1 a signal without a handler is lost.
IGNORED = (
    signal.SIGUSR1,
    signal.SIGALRM,
    signal.SIGVTALRM,
    signal.SIGPROF,
    signal.SIGIO,
    stack_signals.TO_LOG,
    stack_signals.TO_FILE,
)
HANDLED = (*STOPS, signal.SIGHUP, signal.SIGCHLD, signal.SIGUSR2, *IGNORED)


def meaning(number: int) -> str:
    """The name of a signal, as the rules have it: all but SIGHUP ask the supervisor to stop."""
    if number == signal.SIGHUP and _terminal_is_gone():
        return "SIGHUP of a closed terminal"
    return "SIGRTMIN+3" if number == STOPS[-1] else signal.Signals(number).name


def _terminal_is_gone() -> bool:
    """Whether a terminal that is one of our standard streams has hung up."""
    for fd in (0, 1, 2):
        try:
            if not stat.S_ISCHR(os.fstat(fd).st_mode):
                continue
        except OSError:
            continue  # closed when we were started
        asked = select.poll()
        asked.register(fd, 0)  # POLLHUP is always reported
        if any(events & select.POLLHUP for _, events in asked.poll(0)):
            return True
    return False


class Signals:
    """From now on ``call(number)`` for each signal that arrives, from the poller's `wait`."""

    def __init__(self, poller: Poller, call: Callable[[int], None]) -> None:
        self._call = call
        self._hung_up = False
        self._poller = poller
        self._ours, self._theirs = os.pipe()
        os.set_blocking(self._ours, False)
        os.set_blocking(self._theirs, False)
        # A full pipe loses nothing: what is in it wakes us, and the end of a child
        # is found by asking.
        signal.set_wakeup_fd(self._theirs, warn_on_full_buffer=False)
        for number in HANDLED:
            signal.signal(number, _nothing)
        # A supervisor that has become another's left them blocked.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)
        poller.add(self._ours, READ, self._read)

    def close(self) -> None:
        """Leave the handlers, so that a late signal does no harm; close the pipe."""
        signal.set_wakeup_fd(-1)
        self._poller.remove(self._ours)
        os.close(self._ours)
        os.close(self._theirs)

    def _read(self, _events: int) -> None:
        try:
            data = os.read(self._ours, 1 << 12)
        except BlockingIOError:
            return
        seen = set()
        for number in data:
            # Children that end together are reaped together; a second SIGTERM counts.
            if number == signal.SIGCHLD and number in seen:
                continue
            seen.add(number)
            if number in IGNORED or (number == signal.SIGHUP and self._hung_up):
                continue
            # The shell passes on what the kernel sends as well: it is not a second request to stop.
            self._hung_up = self._hung_up or (number == signal.SIGHUP and _terminal_is_gone())
            self._call(number)


def _nothing(_number: int, _frame: object) -> None:
    """Python writes to the wake-up descriptor only for a signal that has a handler."""
