"""Fetching an artifact and what is beside it, by https and http alone."""

from __future__ import annotations

import os
import shutil
from urllib.error import HTTPError, URLError
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from ..errors import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO, Any

TIMEOUT = 30.0  # seconds without a byte
_CHUNK = 1 << 20


class _Redirects(HTTPRedirectHandler):
    """Redirects that stay with https and http, and never leave https."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> Request | None:
        scheme = newurl.partition("://")[0].lower()
        if scheme not in ("https", "http") or (scheme == "http" and req.type == "https"):
            raise URLError(f"it redirects from {req.type}:// to {without_secrets(newurl)}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def artifact(url: str, path: str, small: int) -> str:
    """Fetch the artifact to that path, and its digest and signature beside it; returns its name.

    These two may have ``small`` bytes at most.  Raises Refusal.
    """
    if not url.startswith(("https://", "http://")):
        raise Refusal(f"{without_secrets(url)}: only https:// and http:// are fetched")
    head, mark, query = url.partition("?")
    # The small ones first: what they refuse need not be fetched.
    for end in (".sha256", ".sha256.sig"):
        _fetch(f"{head}{end}{mark}{query}", f"{path}{end}", most=small)
    _fetch(url, path, most=None)
    return label(url)


def label(what: str) -> str:
    """What an artifact is called: the last part of its path or URL, without a query."""
    if "://" not in what:
        return os.path.basename(what.rstrip("/"))
    return os.path.basename(without_secrets(what).rstrip("/")) or "artifact"


def without_secrets(url: str) -> str:
    """Neither the password nor the token of a URL belongs into a message."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("?")[0].partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def _fetch(url: str, path: str, *, most: int | None) -> None:
    """``most`` is the limit of bytes of a file that may be missing."""
    shown = without_secrets(url)
    try:
        with _opener().open(url, timeout=TIMEOUT) as answer, open(path, "wb") as file:
            wanted = answer.headers.get("Content-Length")
            if most is None:
                shutil.copyfileobj(answer, file, _CHUNK)
            else:
                file.write(answer.read(most + 1))
            if most is not None and file.tell() > most:
                raise Refusal(f"{shown}: larger than {most:,} bytes")
            if wanted is not None and file.tell() != int(wanted):
                raise Refusal(
                    f"{shown}: the connection ended after {file.tell()} of {wanted} bytes"
                )
    except HTTPError as error:
        if most is not None and error.code in (403, 404, 410):
            return
        raise Refusal(f"{shown}: {error.code} {error.reason}") from None
    except (URLError, OSError, ValueError) as error:
        raise Refusal(f"{shown}: {getattr(error, 'reason', None) or error}") from None


def _opener() -> OpenerDirector:
    """What `urllib.request.urlopen` uses, without ftp://, file:// and data:."""
    opener = OpenerDirector()
    for handler in (
        ProxyHandler(),
        HTTPHandler(),
        HTTPSHandler(),
        HTTPDefaultErrorHandler(),
        _Redirects(),
        HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener
