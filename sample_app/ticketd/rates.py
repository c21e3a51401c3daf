"""Exchange rates from somebody else's service, which may be slow, or wrong, or away.

A page never fails for it: there are fresh rates, or the last good ones, or none.
"""

import logging
import threading
import time
from collections.abc import Callable
from functools import cache

import httpx

from ticketd.settings import config

log = logging.getLogger(__name__)


class Rates:
    """Asks `url` at most once in `ttl` seconds, and after a failure once in `pause`."""

    def __init__(
        self,
        url: str | None,
        *,
        ttl: float = 3600.0,
        timeout: float = 2.0,
        pause: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url, self._ttl, self._timeout, self._pause = url, ttl, timeout, pause
        self._clock = clock
        self._ask_at = float("-inf")
        self._asking = threading.Lock()
        self._rates: dict[str, float] = {}

    def convert(self, cents: int, currencies: list[str]) -> dict[str, int]:
        """The amount in each currency that there is a rate for."""
        rates = self._current()
        return {name: round(cents * rates[name]) for name in currencies if name in rates}

    def _current(self) -> dict[str, float]:
        # One request asks, the others go on with what there is.
        if self._url and self._clock() >= self._ask_at and self._asking.acquire(blocking=False):
            try:
                self._rates = _ask(self._url, self._timeout)
                self._ask_at = self._clock() + self._ttl
            except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
                self._ask_at = self._clock() + self._pause
                log.warning("no new exchange rates: %s: %s", type(error).__name__, error)
            finally:
                self._asking.release()
        return self._rates


def _ask(url: str, timeout: float) -> dict[str, float]:
    answer = httpx.get(url, timeout=timeout, follow_redirects=True).raise_for_status().json()
    return {str(name): float(rate) for name, rate in answer["rates"].items()}


@cache
def rates() -> Rates:
    """The rates of this process."""
    return Rates(config.get("rates.url"), ttl=config["rates.ttl"], timeout=config["rates.timeout"])
