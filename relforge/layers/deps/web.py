"""Asking servers: TLS, proxies, credentials, and in plain words why there was no answer."""

from __future__ import annotations

import functools
import http.client
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import IO, Any
from urllib.parse import urlsplit

import relforge
from relforge.layers.deps import connections, credentials
from relforge.layers.deps.package_sources import PackageSources
from relforge.support.errors import UserError

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
    """What came: its status, its headers, its body to be read, and where it came from."""

    status: int
    headers: Message
    body: IO[bytes]
    url: str


@dataclass(frozen=True, slots=True)
class Web:
    """Servers, asked as those places say; several threads may use one."""

    places: PackageSources
    taken: dict[str, str] = field(default_factory=dict)  # the login that each host took

    def open(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask for the address; raises Unanswered.  The caller closes the body."""
        host = urlsplit(url).netloc
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
        places = self.places
        if places.offline and not url.startswith("file:"):
            raise Unanswered("not asked, since the network is not to be used (--offline)")
        request = urllib.request.Request(url, headers={"User-Agent": AGENT, **headers})
        if login:  # and never to whom it redirects
            request.add_unredirected_header("Authorization", login)
        opener = _opener(
            places.certificate, places.client_certificate, places.proxy, places.trusted
        )
        try:
            answer = opener.open(request, timeout=places.timeout)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise why(error, url, places) from None
        return Answer(answer.status, answer.headers, answer, answer.url)


def why(error: Exception, url: str, places: PackageSources) -> Unanswered:
    """What kept an answer away, and what to do about it."""
    if isinstance(error, urllib.error.HTTPError):
        return _status(error.code, error.reason, url, places)
    reason: Any = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, ssl.SSLCertVerificationError):
        return Unanswered(
            f"its certificate is not trusted: {reason.verify_message}",
            hint="name the bundle of your certificate authority: PIP_CERT or SSL_CERT_FILE",
        )
    if isinstance(reason, TimeoutError):
        return Unanswered(
            f"no answer within {places.timeout:g} s",
            hint="check the network and the proxy; PIP_DEFAULT_TIMEOUT says how long to wait",
            again=True,
        )
    if "Tunnel connection failed" in str(reason):
        return Unanswered(
            f"the proxy refuses: {str(reason).partition('failed: ')[2]}",
            hint="check the proxy that https_proxy or pip's configuration names",
        )
    if isinstance(reason, OSError):
        words = reason.strerror or str(reason)
        again = isinstance(reason, ConnectionResetError | http.client.RemoteDisconnected)
        return Unanswered(words, hint="check the network and `pip config list`", again=again)
    return Unanswered(str(reason) or type(reason).__name__, again=True)


def _status(code: int, words: str, url: str, places: PackageSources) -> Unanswered:
    said = f"{code} {words}"
    if code == 407:
        return Unanswered(
            said, hint="the proxy wants a login: http://USER:PASSWORD@proxy", status=code
        )
    if code not in REFUSED:
        return Unanswered(said, again=code in BUSY, status=code)
    host = urlsplit(url).hostname
    name = next((i.name for i in places.indexes if i.name and urlsplit(i.url).hostname == host), "")
    word = name.upper().replace("-", "_") or "<NAME>"
    return Unanswered(
        said,
        hint=f"log in: RELFORGE_INDEX_{word}_USERNAME and RELFORGE_INDEX_{word}_PASSWORD for an "
        f"index that the settings name, else netrc or keyring (for {host})",
        status=code,
    )


@functools.cache
def _opener(
    certificate: str, client: str, proxy: str, trusted: tuple[str, ...]
) -> urllib.request.OpenerDirector:
    """What follows redirects and proxies, and trusts whom the configuration trusts."""
    handlers: list[urllib.request.BaseHandler] = [
        connections.Http(),
        connections.Https(_context(certificate, client), trusted),
    ]
    if proxy:
        handlers.append(urllib.request.ProxyHandler({"http": proxy, "https": proxy}))
    return urllib.request.build_opener(*handlers)


def _context(certificate: str, client: str) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=certificate or None)
        if client:
            context.load_cert_chain(client)
    except OSError as error:
        path = client if certificate and not error.filename else error.filename or certificate
        raise UserError(
            f"{path}: the certificates cannot be read: {error.strerror or error}",
            hint="see `cert` and `client-cert` in `pip config list`, and SSL_CERT_FILE",
        ) from None
    return context
