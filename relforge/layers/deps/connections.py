"""Connections for urllib: a host's name is looked up once, however many files it serves.

A dozen threads that each ask the resolver for each file are more than some
resolvers answer; a question that gets lost costs five seconds.
"""

from __future__ import annotations

import functools
import http.client
import socket
import ssl
import threading
import urllib.request
from typing import Any
from urllib.parse import urlsplit

_one_at_a_time = threading.Lock()


class Http(urllib.request.HTTPHandler):
    """HTTP."""

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        """Open with a name that was looked up before."""
        return self.do_open(_http, req)


class Https(urllib.request.HTTPSHandler):
    """HTTPS with one context for all, and one that trusts anybody for pip's trusted hosts."""

    def __init__(self, context: ssl.SSLContext, trusted: tuple[str, ...]) -> None:
        super().__init__(context=context)
        self._strict = context
        self._trusted = trusted
        self._lenient = ssl.create_default_context()
        self._lenient.check_hostname = False
        self._lenient.verify_mode = ssl.CERT_NONE

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        """Open with the context that the host deserves."""
        named = (req.host, urlsplit(req.full_url).hostname)
        lenient = any(host in self._trusted for host in named)
        return self.do_open(_https, req, context=self._lenient if lenient else self._strict)


def _http(host: str, **options: Any) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection(host, **options)
    connection._create_connection = _connect  # type: ignore[attr-defined]  # no public name
    return connection


def _https(host: str, **options: Any) -> http.client.HTTPSConnection:
    connection = http.client.HTTPSConnection(host, **options)
    connection._create_connection = _connect  # type: ignore[attr-defined]  # no public name
    return connection


def _connect(address: tuple[str, int], timeout: float, _source: object = None) -> socket.socket:
    problem: OSError = OSError(f"{address[0]} has no address")
    for family, kind, protocol, _, place in _addresses(*address):
        connected = socket.socket(family, kind, protocol)
        try:
            connected.settimeout(timeout)
            connected.connect(place)
            return connected
        except OSError as error:
            connected.close()
            problem = error
    raise problem


def _addresses(host: str, port: int) -> tuple[Any, ...]:
    with _one_at_a_time:
        return _looked_up(host, port)


@functools.cache
def _looked_up(host: str, port: int) -> tuple[Any, ...]:
    return tuple(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
