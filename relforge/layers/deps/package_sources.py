"""Where packages come from: the settings' indexes and directories, and pip's configuration.

    [tool.relforge] indexes, find-links, wheelhouse
    pip.conf and PIP_*           index-url, extra-index-url, find-links, no-index, cert, proxy ...
    UV_INDEX, UV_DEFAULT_INDEX   uv's names for the same

Addresses are kept without credentials, and these apart (`relforge.layers.deps.credentials`).
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote, unquote, urlunsplit

from relforge.layers.deps import pip_config
from relforge.model.spec import Index, PackageSettings
from relforge.support import masking, network
from relforge.support.errors import SettingsError
from relforge.support.urls import split_url

PUBLIC = "https://pypi.org/simple"
OLD_PUBLIC = "https://pypi.python.org/simple"  # in requirements of before 2018
PATIENCE = 30.0  # seconds without a byte


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageSources:
    """Everything that decides where a package is looked for, and how it is asked for.

    Under ``--offline`` only what lies on this host is left of it.
    """

    indexes: tuple[Index, ...] = ()  # the first one is the default; none: ``no-index``
    directories: tuple[Path, ...] = ()  # of files: the wheelhouse first
    wheelhouse: str = ""  # as the user wrote it
    pages: tuple[str, ...] = ()  # addresses of pages that link to files
    logins: Mapping[str, tuple[str, str]] | None = None  # by the address of an index
    certificate: str = ""
    client_certificate: str = ""
    proxy: str = ""
    trusted: tuple[str, ...] = ()
    timeout: float = PATIENCE
    constraints: tuple[Path, ...] = ()
    keyring: bool = True
    offline: bool = False
    build_env: tuple[str, ...] = ()  # names of more variables that build backends see

    @property
    def by_priority(self) -> tuple[Index, ...]:
        """The indexes in the order in which they count.

        Those of the settings, then pip's extra ones, then the default one; directories
        that pip's configuration names come last, since they mirror others.
        """
        return tuple(sorted(self.indexes, key=_rank))


def _rank(index: Index) -> int:
    is_mirror = not index.name and index.url.startswith("file:")
    return 2 if is_mirror else int(index.default)


def places(settings: PackageSettings, root: Path) -> PackageSources:
    """The places of a project that lies at ``root``; raises UserError."""
    pip = pip_config.read()
    offline = network.offline()
    logins: dict[str, tuple[str, str]] = {}
    indexes = tuple(
        _known(index, logins)
        for index in _indexes(settings, pip)
        if not offline or index.url.startswith("file:")
    )
    directories, pages = _find_links(settings, root, pip)
    return PackageSources(
        indexes=tuple(dict.fromkeys(indexes)),
        directories=tuple(dict.fromkeys(directories)),
        wheelhouse=written_wheelhouse(settings),
        pages=() if offline else tuple(dict.fromkeys(pages)),
        logins=logins,
        certificate=pip.get("cert") or _first("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"),
        client_certificate=pip.get("client-cert", ""),
        proxy=pip.get("proxy", ""),
        trusted=tuple(pip.get("trusted-host", "").split()),
        timeout=_seconds(pip.get("timeout") or pip.get("default-timeout") or ""),
        constraints=tuple(Path(row) for row in pip.get("constraint", "").split()),
        keyring=pip.get("keyring-provider", "auto") != "disabled",
        offline=offline,
        build_env=settings.build_env,
    )


def with_login(url: str, places: PackageSources) -> str:
    """The address of an index with what it is logged in with, for a program that reads it so."""
    user, password = (places.logins or {}).get(url, ("", ""))
    if not user and not password:
        return url
    address = split_url(url)
    login = f"{quote(user, safe='%')}:{quote(password, safe='%')}"
    return urlunsplit(address._replace(netloc=f"{login}@{address.netloc}"))


def wheelhouse(settings: PackageSettings, root: Path) -> Path | None:
    """The directory of wheels, by ``--wheelhouse``, its variable or the settings."""
    given = network.wheelhouse()
    if given is not None:
        return given
    return root / settings.wheelhouse if settings.wheelhouse else None


def written_wheelhouse(settings: PackageSettings) -> str:
    """That directory as the user wrote it; nothing where there is none."""
    given = network.wheelhouse()
    return str(given) if given is not None else settings.wheelhouse


def _indexes(settings: PackageSettings, pip: Mapping[str, str]) -> Iterator[Index]:
    own = settings.indexes
    yield from (index for index in own if index.default)
    if not any(index.default for index in own) and not pip_config.flag(pip.get("no-index", "")):
        first = pip.get("index-url") or _first("UV_DEFAULT_INDEX", "UV_INDEX_URL") or PUBLIC
        yield replace(_index(first), default=True)
    yield from (index for index in own if not index.default)
    if not pip_config.flag(pip.get("no-index", "")):
        more = (pip.get("extra-index-url", ""), _first("UV_INDEX"), _first("UV_EXTRA_INDEX_URL"))
        yield from (_index(text) for row in more for text in row.split())


def _index(text: str) -> Index:
    """An index as pip and uv write it: an address, which uv allows a name before."""
    name, separator, url = text.partition("=")
    if separator and re.fullmatch(r"[\w.-]+", name):
        return Index(name=name, url=url)
    return Index(name="", url=text)


def _known(index: Index, logins: dict[str, tuple[str, str]]) -> Index:
    """The index without credentials; what the address or the environment has goes to logins."""
    url = masking.bare(index.url).rstrip("/")
    written = split_url(index.url)
    if written.username is not None:
        logins[url] = (written.username, written.password or "")
    word = re.sub(r"\W", "_", index.name).upper()
    for tool in ("RELFORGE", "UV"):
        user = os.environ.get(f"{tool}_INDEX_{word}_USERNAME") if word else None
        password = os.environ.get(f"{tool}_INDEX_{word}_PASSWORD") if word else None
        if user is not None or password is not None:
            logins[url] = (user or "", password or "")
            break
    for secret in logins.get(url, ())[1:]:
        masking.remember(unquote(secret))
    return replace(index, url=url)


def _find_links(
    settings: PackageSettings, root: Path, pip: Mapping[str, str]
) -> tuple[list[Path], list[str]]:
    house = wheelhouse(settings, root)
    if house is not None and not house.is_dir():
        where = "--wheelhouse" if network.wheelhouse() else "tool.relforge.wheelhouse"
        raise SettingsError(
            f"{where}: no such directory: {str(house)!r}",
            hint="where there is a network: pip download --no-deps --require-hashes "
            f"-r wheelhouse.lock -d {shlex.quote(written_wheelhouse(settings))}",
        )
    directories = [house] if house else []
    pages: list[str] = []
    given = [*settings.find_links, *pip.get("find-links", "").split()]
    given += _first("UV_FIND_LINKS").replace(",", " ").split()
    for text in given:
        address = split_url(text)
        if address.scheme in ("http", "https"):
            pages.append(text)
            continue
        path = root / (unquote(address.path) if address.scheme == "file" else text)
        (directories.append(path) if path.is_dir() else pages.append(path.as_uri()))
    return directories, pages


def _first(*names: str) -> str:
    return next((value for name in names if (value := os.environ.get(name))), "")


def _seconds(text: str) -> float:
    try:
        return max(float(text), 1.0)
    except ValueError:
        return PATIENCE
