"""One file from a server: resumed where it broke off; a locked one is verified in the store."""

from __future__ import annotations

import http
import logging
import time
from collections.abc import Callable
from pathlib import Path

from urllib3.exceptions import HTTPError

from relforge import cache
from relforge.layers.deps import wheel_store
from relforge.layers.deps.pins import LockedFile
from relforge.layers.deps.web import Unanswered, Web, why

log = logging.getLogger("relforge.layers.deps")

CHUNK = 1 << 18
TRIES = 4
PAUSE = 0.3  # seconds before the second try; each next one waits twice as long
TOO_FAR = 416


class DigestMismatch(Exception):
    """What came is not what was locked."""

    def __init__(self, found: str) -> None:
        super().__init__(found)
        self.found = found


def download(file: LockedFile, url: str, web: Web, count: Callable[[int], None]) -> None:
    """Fetch the file from the address, unless another process just did.

    ``count`` is called with the number of bytes as they come.  Raises Unanswered or DigestMismatch,
    and OSError where the store cannot be written.
    """
    draft = wheel_store.partial(file.sha256)
    draft.parent.mkdir(parents=True, exist_ok=True)
    with cache.lock(f"wheel-{file.sha256[:2]}"):
        if wheel_store.holds(file):
            return
        resumed = draft.is_file()
        pull(url, draft, web, count)
        found = cache.sha256(draft)
        if found != file.sha256 and resumed:  # what was left here may have been the damage
            draft.unlink()
            pull(url, draft, web, count)
            found = cache.sha256(draft)
        if found != file.sha256:
            draft.unlink()
            raise DigestMismatch(found)
        wheel_store.take(draft, file)


def pull(url: str, draft: Path, web: Web, count: Callable[[int], None]) -> None:
    """What the address holds, whatever that is; raises Unanswered.

    Goes on where the draft ends, and asks again where that may help.
    """
    for left in reversed(range(TRIES)):
        try:
            _pull(url, draft, web, count)
        except Unanswered as problem:
            if not left or not problem.again:
                raise
            log.debug("%s: %s; retrying", url, problem.reason)
            time.sleep(PAUSE * 2 ** (TRIES - 1 - left))
        else:
            return


def _pull(url: str, draft: Path, web: Web, count: Callable[[int], None]) -> None:
    there = draft.stat().st_size if draft.is_file() else 0
    log.debug("fetching %s%s", url, f", from byte {there}" if there else "")
    try:
        answer = web.open(url, {"Range": f"bytes={there}-"} if there else {})
    except Unanswered as problem:
        if problem.status == TOO_FAR:
            draft.unlink()
            raise Unanswered(problem.reason, again=True) from None
        raise
    response = answer.response
    goes_on = response.status == http.HTTPStatus.PARTIAL_CONTENT and response.headers.get(
        "Content-Range", ""
    ).startswith(f"bytes {there}-")
    try:
        with response, draft.open("ab" if goes_on else "wb") as target:
            for chunk in response.stream(CHUNK, decode_content=False):
                target.write(chunk)
                count(len(chunk))
    except HTTPError as error:
        cause = why(error, web.places)
        raise Unanswered(cause.reason, hint=cause.hint, again=True) from None
