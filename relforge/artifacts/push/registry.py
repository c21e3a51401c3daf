"""The requests of a push (distribution-spec 1.1, "Pushing"), and the logins before them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urljoin

import urllib3
from urllib3.exceptions import HTTPError

import relforge
from relforge.artifacts.formats.sections import Section
from relforge.artifacts.push import login
from relforge.artifacts.push.name import Name
from relforge.support import connections, masking
from relforge.support.errors import UserError
from relforge.support.urls import split_url

AGENT = f"relforge/{relforge.__version__}"
ATTEMPTS = 3
_BUSY = (408, 429, 500, 502, 503, 504)
_REFUSED = (401, 403)
_CONNECT, _READ = 15.0, 120.0  # seconds
_PART = re.compile(r'(\w+)="([^"]*)"')

Body = bytes | Section | None


class _Lost(Exception):
    """A connection that broke, or a server that is busy: the same may work a moment later."""


@dataclass(slots=True, kw_only=True)
class Registry:
    """One repository of a registry.  ``header`` is the login that it took."""

    name: Name
    plain: bool = False  # by HTTP
    header: str = ""
    scopes: set[str] = field(default_factory=set)

    @property
    def _base(self) -> str:
        scheme = "http" if self.plain else "https"
        return f"{scheme}://{self.name.registry}/v2/{self.name.repository}"

    def has(self, digest: str) -> bool:
        """Whether the repository has a blob."""
        return self._ask("HEAD", f"{self._base}/blobs/{digest}", accepted=(200, 404)).status == 200

    def put_blob(self, digest: str, blob: Section) -> None:
        """Send a blob in one piece."""
        started = self._ask("POST", f"{self._base}/blobs/uploads/", accepted=(202,))
        place = urljoin(f"{self._base}/", started.headers.get("Location", ""))
        joint = "&" if split_url(place).query else "?"
        self._ask(
            "PUT",
            f"{place}{joint}{urlencode({'digest': digest})}",
            body=blob,
            headers={
                "Content-Type": "application/octet-stream",
                "Content-Length": str(blob.size),
            },
            accepted=(201,),
        )

    def put_manifest(self, text: bytes, kind: str) -> None:
        """Let the tag name this manifest."""
        url = f"{self._base}/manifests/{self.name.tag}"
        self._ask("PUT", url, body=text, headers={"Content-Type": kind}, accepted=(201,))

    def _ask(
        self,
        method: str,
        url: str,
        *,
        body: Body = None,
        headers: Mapping[str, str] | None = None,
        accepted: Iterable[int],
    ) -> urllib3.BaseHTTPResponse:
        """One request, again where the connection broke or a login is asked for."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                answer = self._once(method, url, body, headers or {})
                if answer.status == 401 and self._log_in(answer.headers.get("WWW-Authenticate")):
                    answer = self._once(method, url, body, headers or {})
            except _Lost as problem:
                if attempt == ATTEMPTS:
                    raise UserError(
                        f"{self.name.registry}: {problem}",
                        hint="check the name and the network, then push again: what has arrived "
                        "is not sent twice",
                    ) from None
                continue
            break
        if answer.status not in accepted:
            raise self._refusal(method, answer)
        return answer

    def _once(
        self, method: str, url: str, body: Body, headers: Mapping[str, str]
    ) -> urllib3.BaseHTTPResponse:
        sent = {"User-Agent": AGENT, **headers}
        # An upload may lead to another host, which gets no login of this one.
        if self.header and split_url(url).netloc == self.name.registry:
            sent["Authorization"] = self.header
        try:
            answer = connections.pool(url).request(
                method,
                url,
                body=body.chunks() if isinstance(body, Section) else body,
                headers=sent,
                redirect=False,
                timeout=urllib3.Timeout(connect=_CONNECT, read=_READ),
            )
        except (HTTPError, OSError) as error:
            raise _Lost(_reason(error)) from None
        if answer.status in _BUSY:
            raise _Lost(f"{answer.status} {answer.reason}")
        return answer

    def _log_in(self, challenge: str | None) -> bool:
        """Get what the registry asks for (RFC 7235); False where that was tried before."""
        scheme, _, rest = (challenge or "").partition(" ")
        if not scheme or challenge in self.scopes:
            return False
        self.scopes.add(challenge or "")
        known = login.find(self.name.registry)
        basic = urllib3.make_headers(basic_auth=":".join(known))["authorization"] if known else ""
        if scheme.lower() == "basic":
            self.header = basic
        elif scheme.lower() == "bearer":
            self.header = f"Bearer {self._token(dict(_PART.findall(rest)), basic)}"
        return bool(self.header)

    def _token(self, parts: Mapping[str, str], basic: str) -> str:
        """What the registry's own authority gives for the scope that was asked for."""
        if not parts.get("realm"):
            raise UserError(f"{self.name.registry}: it asks for a login, and does not say where")
        asked = {
            "service": parts.get("service", ""),
            "scope": parts.get("scope") or f"repository:{self.name.repository}:pull,push",
        }
        url = f"{parts['realm']}?{urlencode(asked)}"
        headers = {"User-Agent": AGENT, **({"Authorization": basic} if basic else {})}
        try:
            answer = connections.pool(url).request("GET", url, headers=headers, timeout=_CONNECT)
            found = json.loads(answer.data) if answer.status == 200 else {}
        except (HTTPError, OSError, ValueError) as error:
            raise UserError(f"{split_url(url).netloc}: {_reason(error)}") from None
        token = str(found.get("token") or found.get("access_token") or "")
        if not token:
            raise self._refusal("GET", answer)
        masking.remember(token)
        return token

    def _refusal(self, method: str, answer: urllib3.BaseHTTPResponse) -> UserError:
        said = f"{answer.status} {answer.reason or ''}".strip()
        hint = "see the registry's log"
        if answer.status in _REFUSED:
            hint = (
                f"log in with `podman login {self.name.registry}` or `docker login`, or set "
                "RELFORGE_REGISTRY_USERNAME and RELFORGE_REGISTRY_PASSWORD"
            )
        elif answer.status == 404:
            hint = "does this repository exist there, and may you write to it?"
        words = _words(answer.data) if method != "HEAD" else ""
        return UserError(f"{self.name}: the registry says {said}{words}", hint=hint)


def _words(data: bytes) -> str:
    """What the error's body says (distribution-spec 1.1, "Error codes")."""
    try:
        rows = json.loads(data)["errors"]
        return "".join(f": {row.get('message') or row['code']}" for row in rows[:3])
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""


def _reason(error: BaseException) -> str:
    while (cause := connections.inner(error)) is not None:
        error = cause
    return str(getattr(error, "strerror", None) or error) or type(error).__name__
