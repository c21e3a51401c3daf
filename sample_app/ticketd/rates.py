"""Exchange rates from somebody else's service, which may be slow, or wrong, or away.

A page never fails for it: there are fresh rates, or the last good ones, or none.
"""

import logging
import time
from functools import cache

import httpx
from pydantic import BaseModel, PositiveFloat

from ticketd.settings import config

log = logging.getLogger(__name__)


class Answer(BaseModel, allow_inf_nan=False):
    rates: dict[str, PositiveFloat]


class Rates:
    """Asks `url` at most once in `ttl` seconds, and after a failure once in `pause`."""

    def __init__(self, url: str, *, ttl: float, timeout: float, pause: float = 30.0) -> None:
        self.url, self.ttl, self.timeout, self.pause = url, ttl, timeout, pause
        self._known: dict[str, float] = {}
        self._ask_at = 0.0

    def current(self) -> dict[str, float]:
        if time.monotonic() < self._ask_at:
            return self._known
        self._ask_at = time.monotonic() + self.pause  # others go on with what there is
        try:
            answer = httpx.get(self.url, timeout=self.timeout).raise_for_status()
            self._known = Answer.model_validate_json(answer.content).rates
            self._ask_at = time.monotonic() + self.ttl
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            log.warning("no new exchange rates: %s: %s", type(error).__name__, error)
        return self._known


@cache
def rates() -> Rates:
    return Rates(config["rates.url"], ttl=config["rates.ttl"], timeout=config["rates.timeout"])


def prices(cents: int) -> dict[str, int]:
    """The amount in the shop's currency, then in each other one that there is a rate for."""
    known = rates().current() if config.get("rates.url") else {}
    others = [name for name in config["rates.currencies"] if name in known]
    return {config["shop.currency"]: cents} | {name: round(cents * known[name]) for name in others}
