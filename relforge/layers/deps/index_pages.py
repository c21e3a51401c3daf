"""What an index or a directory has of a package: PEP 503 and PEP 691, pages of links, directories.

`unearth` reads the same, and keeps to itself which index refused, and why: our errors say so.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version
from urllib3.exceptions import HTTPError

from relforge.layers.deps.web import Unanswered, Web, why
from relforge.support.errors import UserError
from relforge.support.urls import split_url

log = logging.getLogger("relforge.layers.deps")

JSON = "application/vnd.pypi.simple.v1+json"
ACCEPT = f"{JSON}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"
SUFFIXES = (".whl", ".tar.gz", ".zip")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A file that is offered somewhere.  ``sha256`` is empty if the page has none."""

    name: str
    url: str
    sha256: str = ""
    requires_python: str = ""  # where the index's JSON says it

    @property
    def path(self) -> Path | None:
        """The file itself, where it lies on this host."""
        address = split_url(self.url)
        return Path(unquote(address.path)) if address.scheme == "file" else None

    @property
    def parsed(self) -> tuple[str, Version] | None:
        """The package and the version that its name says; None where it says neither."""
        try:
            parse = parse_wheel_filename if self.name.endswith(".whl") else parse_sdist_filename
            return parse(self.name)[:2]
        except (InvalidWheelFilename, InvalidSdistFilename):
            return None

    def is_of(self, name: str, version: Version) -> bool:
        """Whether its name says that it is this package at this version."""
        return self.parsed == (canonicalize_name(name), version)


def at_index(index: str, name: str, web: Web) -> tuple[Offer, ...]:
    """The files of the package at the index, none where it does not know it; raises Unanswered."""
    if index.startswith("file:"):
        return _local_page(Path(unquote(split_url(index).path)) / name)
    try:
        return at_page(f"{index}/{name}/", web)
    except Unanswered as problem:
        if problem.status == 404:
            return ()
        raise


def at_page(url: str, web: Web) -> tuple[Offer, ...]:
    """The files that a page links to, or the index's JSON lists; raises Unanswered."""
    if url.startswith("file:"):
        return _local_page(Path(unquote(split_url(url).path)))
    answer = web.open(url, {"Accept": ACCEPT, "Accept-Encoding": "gzip"})
    try:
        data = answer.response.data
        if "json" in answer.response.headers.get("Content-Type", ""):
            return tuple(_of_json(data, answer.url))
    except HTTPError as error:
        raise why(error, web.places) from None
    except (ValueError, KeyError, TypeError, UserError) as error:
        raise Unanswered(f"cannot read its answer: {error}", again=True) from None
    return tuple(_of_html(data, answer.url))


def in_directory(directory: Path) -> tuple[Offer, ...]:
    """The files of a directory."""
    names = sorted(path.name for path in directory.iterdir())
    return tuple(
        Offer(name=name, url=(directory / name).absolute().as_uri())
        for name in names
        if name.endswith(SUFFIXES)
    )


def _local_page(path: Path) -> tuple[Offer, ...]:
    page = path / "index.html" if path.is_dir() else path
    if page.is_file():
        return tuple(_of_html(page.read_bytes(), page.absolute().as_uri()))
    return in_directory(path) if path.is_dir() else ()


def _of_json(data: bytes, base: str) -> Iterator[Offer]:
    for row in json.loads(data)["files"]:
        url = urljoin(base, row["url"])
        split_url(url)
        digest = row.get("hashes", {}).get("sha256", "").lower()
        python = row.get("requires-python") or ""
        yield Offer(name=row["filename"], url=url, sha256=digest, requires_python=python)


def _of_html(data: bytes, base: str) -> Iterator[Offer]:
    page = _Page(base)
    page.feed(data.decode("utf-8", errors="replace"))
    for address in page.links:
        url, fragment = urldefrag(address)
        name = unquote(split_url(url).path.rpartition("/")[2])
        kind, _, digest = fragment.partition("=")
        if name.endswith(SUFFIXES):
            yield Offer(name=name, url=url, sha256=digest.lower() if kind == "sha256" else "")


class _Page(HTMLParser):
    """The addresses that a page links to."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take the address of a link or the base of all of them."""
        address = dict(attrs).get("href")
        if not address or tag not in ("base", "a"):
            return
        try:
            joined = urljoin(self.base, address)
            split_url(joined)
        except (ValueError, UserError):
            return  # as a browser passes over what is not an address
        if tag == "base":
            self.base = joined
        else:
            self.links.append(joined)
