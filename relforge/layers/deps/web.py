"""Asking servers: with credentials, and in plain words why there was no answer."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin

import urllib3
from urllib3 import exceptions as faults

import relforge
from relforge.layers.deps import credentials
from relforge.layers.deps.package_sources import PackageSources
from relforge.support import connections
from relforge.support.urls import split_url

AGENT = f"relforge/{relforge.__version__}"
REFUSED = (401, 403)
BUSY = (408, 429, 500, 502, 503, 504)


class Unanswered(Exception):
    """A server that did not answer, or not with what was asked for.

    ``again``: the same request may well work a moment later.
    """

    def __init__(
        self, reason: str, *, hint: str = "", again: bool = False, status: int = 0
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint
        self.again = again
        self.status = status


@dataclass(frozen=True, slots=True)
class Answer:
    """What came: status, headers and body, and the address that redirects led to."""

    response: urllib3.BaseHTTPResponse
    url: str


@dataclass(frozen=True, slots=True)
class Web:
    """Servers, asked as those places say; several threads may use one."""

    places: PackageSources
    taken: dict[str, str] = field(default_factory=dict)  # the login that each host took

    def open(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask for the address; raises Unanswered.  The caller closes the body."""
        host = split_url(url).netloc
        header = self.taken.get(host, "")
        if not header and (login := credentials.at_hand(url, self.places)):
            header = credentials.header(login)
        try:
            answer = self._ask(url, headers or {}, header)
        except Unanswered as problem:
            login = credentials.stored(url, self.places) if problem.status in REFUSED else None
            if login is None:
                raise
            header = credentials.header(login)
            answer = self._ask(url, headers or {}, header)
        if header:
            self.taken[host] = header
        return answer

    def _ask(self, url: str, headers: Mapping[str, str], login: str) -> Answer:
        if self.places.offline:
            raise Unanswered("not asked: --offline forbids the network")
        sent = {"User-Agent": AGENT, **headers, **({"Authorization": login} if login else {})}
        try:
            response = _pool(url, self.places).request(
                "GET", url, headers=sent, preload_content=False, timeout=self.places.timeout
            )
        except (faults.HTTPError, OSError, ValueError) as error:
            raise why(error, self.places) from None
        if response.status >= 400:
            response.drain_conn()
            raise _status(response.status, response.reason or "", url, self.places)
        for row in response.retries.history if response.retries else ():
            url = urljoin(url, row.redirect_location or "")
        return Answer(response, url)


def _pool(url: str, places: PackageSources) -> urllib3.PoolManager:
    """What trusts whom the configuration trusts, by way of the proxy that it names."""
    address = split_url(url)
    return connections.pool(
        url,
        certificate=places.certificate,
        client_certificate=places.client_certificate,
        proxy=places.proxy,
        trusted=not {address.netloc, address.hostname}.isdisjoint(places.trusted),
    )


def why(error: BaseException, places: PackageSources) -> Unanswered:
    """What kept an answer away, and what to do about it."""
    if isinstance(error, faults.IncompleteRead):
        came, lacking = error.partial, error.expected
        return Unanswered(
            f"the connection ended early, after {came} of {came + lacking} bytes",
            hint="try again: the next fetch continues where this one ended",
            again=True,
        )
    if isinstance(error, TimeoutError | faults.TimeoutError) and not isinstance(
        error, faults.NewConnectionError
    ):
        return Unanswered(
            f"no answer within {places.timeout:g} s",
            hint="check the network and the proxy; PIP_DEFAULT_TIMEOUT sets how long to wait",
            again=True,
        )
    cause = connections.inner(error)
    if cause is not None:
        return why(cause, places)
    if isinstance(error, ssl.SSLCertVerificationError):
        return Unanswered(
            f"its certificate is not trusted: {error.verify_message}",
            hint="set PIP_CERT or SSL_CERT_FILE to the bundle of your certificate authority",
        )
    if "Tunnel connection failed" in str(error):
        return Unanswered(
            f"the proxy refused: {str(error).partition('failed: ')[2]}",
            hint="check the proxy set in https_proxy or pip's configuration",
        )
    if isinstance(error, OSError):
        words = error.strerror or str(error)
        again = isinstance(error, ConnectionResetError)  # http.client's RemoteDisconnected is one
        return Unanswered(words, hint="check the network and `pip config list`", again=again)
    return Unanswered(str(error) or type(error).__name__, again=True)


def _status(code: int, words: str, url: str, places: PackageSources) -> Unanswered:
    said = f"{code} {words}"
    if code == 407:
        return Unanswered(
            said, hint="the proxy requires a login: http://USER:PASSWORD@proxy", status=code
        )
    if code not in REFUSED:
        return Unanswered(said, again=code in BUSY, status=code)
    host = split_url(url).hostname
    name = next(
        (i.name for i in places.indexes if i.name and split_url(i.url).hostname == host), ""
    )
    word = name.upper().replace("-", "_") or "<NAME>"
    return Unanswered(
        said,
        hint=f"set RELFORGE_INDEX_{word}_USERNAME and RELFORGE_INDEX_{word}_PASSWORD for an "
        f"index in the settings, or use netrc or keyring (for {host})",
        status=code,
    )
