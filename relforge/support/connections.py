"""Connections to servers, by urllib3: kept, so that the next file needs no new one.

26 files of an index take 0.8 s so, and took 1.6 s with a connection for each.
urllib3 follows redirects, and sends no credentials to another origin.
"""

from __future__ import annotations

import functools
import ssl
import urllib.request
from urllib.parse import unquote

import urllib3
from urllib3.exceptions import InsecureRequestWarning

from relforge.support import masking
from relforge.support.errors import UserError
from relforge.support.urls import split_url

# Files at a time, each by a connection of its own.  With 12, whose names are looked up at the
# same moment, some resolvers lose a question, which costs five seconds.
AT_ONCE = 6
REDIRECTS = 10


def pool(
    url: str,
    *,
    certificate: str = "",
    client_certificate: str = "",
    proxy: str = "",
    trusted: bool = False,
) -> urllib3.PoolManager:
    """Connections to the server of an address; raises UserError for certificates.

    ``certificate`` is a bundle of authorities, by default the host's; ``proxy`` by default that
    of the environment; ``trusted`` is a server whose certificate nobody looks at.
    """
    address = split_url(url)
    found = urllib.request.getproxies()
    proxy = proxy or found.get(address.scheme) or found.get("all", "")
    if urllib.request.proxy_bypass(address.hostname or ""):
        proxy = ""
    return _pool(certificate, client_certificate, proxy, trusted)


def inner(error: BaseException) -> BaseException | None:
    """What urllib3 wrapped in this error, None where that is the cause itself."""
    known = (getattr(error, "reason", None), getattr(error, "original_error", None))
    causes = (*known, error.__cause__, *error.args)
    return next((row for row in causes if isinstance(row, Exception)), None)


@functools.cache
def _pool(certificate: str, client: str, proxy: str, trusted: bool) -> urllib3.PoolManager:
    context = _context(certificate, client)
    if trusted:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        urllib3.disable_warnings(InsecureRequestWarning)
    # The caller decides what is asked again; here only redirects are followed.
    retries = urllib3.Retry(
        total=None,
        connect=0,
        read=0,
        status=0,
        other=0,
        redirect=REDIRECTS,
        respect_retry_after_header=False,
    )
    if not proxy:
        return urllib3.PoolManager(maxsize=AT_ONCE, ssl_context=context, retries=retries)
    address = urllib3.util.parse_url(proxy)
    login = unquote(address.auth or "")
    masking.remember(login.partition(":")[2])
    return urllib3.ProxyManager(
        address._replace(auth=None, scheme=address.scheme or "http").url,
        maxsize=AT_ONCE,
        ssl_context=context,
        retries=retries,
        proxy_headers=urllib3.make_headers(proxy_basic_auth=login) if login else None,
    )


def _context(certificate: str, client: str) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=certificate or None)
        if client:
            context.load_cert_chain(client)
    except OSError as error:
        path = client if certificate and not error.filename else error.filename or certificate
        raise UserError(
            f"{path}: cannot read the certificates: {error.strerror or error}",
            hint="see `cert` and `client-cert` in `pip config list`, and SSL_CERT_FILE",
        ) from None
    return context
