"""How long a provider may take, and how often it is asked.

``timeout`` and ``retries`` are options of every provider, beside its own.
"""

from __future__ import annotations

import os
import sys
import time

from . import kinds
from .provider import BadOptions, Failure, Unavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Any, TypeVar

    T = TypeVar("T")

OPTIONS = ("timeout", "retries")
TIMEOUT = 30.0  # seconds, of a provider that does not say
MOST_RETRIES = 10
_FIRST, _LONGEST = 0.5, 10.0  # seconds between two attempts, doubled from one to the next
_LATER = 0.5  # seconds: who keeps to the time by itself says more of what it waited for
_AGAIN = 1.0  # seconds after which the alarm rings once more: somebody may have swallowed it


class Terms:
    """``timeout`` in seconds for each attempt; ``retries`` after the first."""

    def __init__(self, timeout: float, retries: int) -> None:
        self.timeout = timeout
        self.retries = retries

    def longest(self) -> float:
        """Seconds that all the attempts can take together."""
        pauses = sum(pause(number) for number in range(self.retries))
        return (self.timeout + _LATER) * (self.retries + 1) + pauses


def terms(options: dict[str, Any], provider: object) -> Terms:
    """What the options say, else what the provider's class says; raises BadOptions."""
    errors = []
    timeout: float = getattr(provider, "TIMEOUT", TIMEOUT)
    if "timeout" in options:
        try:
            timeout = kinds.typed(options["timeout"], {"type": "duration"})
        except kinds.Mismatch:
            timeout = 0.0
        if not timeout > 0:
            wanted = kinds.NAMES["duration"]
            errors.append(("timeout", f"expected {wanted}, got {options['timeout']!r}"))
    retries: Any = options.get("retries", getattr(provider, "RETRIES", 0))
    if type(retries) is not int or not 0 <= retries <= MOST_RETRIES:
        errors.append(("retries", f"expected a number from 0 to {MOST_RETRIES}, got {retries!r}"))
    if errors:
        raise BadOptions(errors)
    return Terms(timeout, retries)


def of_row(row: dict[str, Any]) -> Terms:
    """Of a provider in the manifest."""
    return Terms(row.get("timeout", TIMEOUT), row.get("retries", 0))


def pause(number: int) -> float:
    """Seconds after the attempt of that number, which counts from 0."""
    return float(min(_FIRST * 2**number, _LONGEST))


def repeat(terms: Terms, work: Callable[[], T], *, alarm: bool) -> T:
    """Do the work until an attempt succeeds; raises what the last one raised.

    A Failure that is not Unavailable ends it at once: trying again fixes no
    file.  A fleet does not come back all at once: of each pause half is chance.
    """
    for number in range(terms.retries):
        try:
            return limited(terms.timeout, work) if alarm else work()
        except Unavailable:
            pass
        except (Failure, BadOptions):
            raise
        except Exception:  # of a provider of the project's own: who knows
            pass
        time.sleep(pause(number) * (0.5 + os.urandom(1)[0] / 512))
    return limited(terms.timeout, work) if alarm else work()


def limited(seconds: float, work: Callable[[], T]) -> T:
    """Do the work in this time, by SIGALRM, in the main thread of a process of our own.

    Raises Unavailable where it is not done.  Code in C that never returns
    hears no signal: the parent of the loader ends that.
    """
    import signal

    known = set(sys.modules)

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise _Late

    before = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds + _LATER, _AGAIN)
        try:
            return work()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except _Late:
        _forget_orphans(known)
        raise Unavailable(f"did not end within {seconds:g} s") from None
    finally:
        signal.signal(signal.SIGALRM, before)


def _forget_orphans(known: set[str]) -> None:
    """Forget the modules of packages whose import was interrupted.

    Python forgets the package alone: imported once more, it would lack the attributes of
    those that are there already.
    """
    for name in sorted(sys.modules.keys() - known):  # a package before what is in it
        above = name.rpartition(".")[0]
        if above and above not in sys.modules:
            del sys.modules[name]


class _Late(BaseException):
    """No Exception: what a provider catches must not keep it running."""
