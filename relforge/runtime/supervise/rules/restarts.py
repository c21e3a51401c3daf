"""How often a service has been started again, and whether that was too often."""

from __future__ import annotations

from .values import Row

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..specs import Spec


class Restarts(Row):
    """The restarts of one service, all of its instances together.

    The waits double from ``backoff[0]`` to ``backoff[1]``, and start over after
    a quiet time; more than ``intensity[0]`` restarts within ``intensity[1]``
    seconds are too many (OTP's max_restarts).
    """

    def __init__(self, spec: Spec) -> None:
        self._policy = spec.restart
        self._first, self._longest = spec.backoff
        self._most = int(spec.intensity[0])
        self._within = spec.intensity[1]
        self._times: tuple[float, ...] = ()
        self._row = 0

    def wanted(self, *, failed: bool) -> bool:
        """Does the policy ask for a restart?"""
        return self._policy == "always" or (failed and self._policy == "on-failure")

    def wait(self, now: float) -> float | None:
        """Count a restart at ``now``; the seconds to wait before it, None for one too many."""
        if not self._times or now - self._times[-1] > self._within + self._longest:
            self._row = 0
        recent = tuple(moment for moment in self._times if now - moment <= self._within)
        self._times = (*recent, now)
        if len(self._times) > self._most:
            return None
        seconds = float(min(self._first * 2**self._row, self._longest))
        self._row += 1
        return seconds
