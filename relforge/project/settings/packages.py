"""Where packages come from: ``resolver``, ``indexes``, ``find_links``, ``wheelhouse``."""

from __future__ import annotations

import re
from typing import Literal, cast

from relforge.model.spec import Index, PackageSettings
from relforge.project.settings.table import Table
from relforge.support.urls import split_url

NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?")
PATTERN = re.compile(r"[A-Za-z0-9*?][A-Za-z0-9*?_.-]*")
SCHEMES = ("https", "http", "file")


def read_packages(table: Table) -> PackageSettings:
    """The keys of the table that is ``[tool.relforge]`` itself."""
    links = table.texts("find_links", ())
    for number, link in enumerate(links):
        _refuse_credentials(table, f"find_links[{number}]", link)
    return PackageSettings(
        resolver=cast(
            Literal["auto", "pex", "uv"], table.choice("resolver", "auto", ("auto", "pex", "uv"))
        ),
        indexes=_indexes(table),
        find_links=links,
        wheelhouse=table.text("wheelhouse", ""),
        build_env=table.texts("build_env", ()),
    )


def _indexes(table: Table) -> tuple[Index, ...]:
    found: list[Index] = []
    for row in table.tables("indexes"):
        index = Index(
            name=row.text("name", ""),
            url=row.text("url", ""),
            default=row.flag("default", False),
            packages=row.texts("packages", ()),
        )
        if not NAME.fullmatch(index.name):
            raise row.error(
                "name", f"{index.name!r} is not a name of letters, digits, `-`, `_`, `.`"
            )
        if split_url(index.url).scheme not in SCHEMES:
            raise row.error("url", f"{index.url!r} is not the URL of an index (https://.../simple)")
        _refuse_credentials(row, "url", index.url, index.name)
        if any(index.name.lower() == other.name.lower() for other in found):
            raise row.error("name", f"{index.name!r} names two indexes")
        if index.default and any(other.default for other in found):
            raise row.error("default", "there is already a default")
        for number, pattern in enumerate(index.packages):
            if not PATTERN.fullmatch(pattern):
                raise row.error(
                    f"packages[{number}]",
                    f'{pattern!r} is not a name or a pattern such as "corp-*"',
                )
        row.finish()
        found.append(index)
    return tuple(found)


def _refuse_credentials(table: Table, key: str, url: str, name: str = "NAME") -> None:
    if split_url(url).username is None:
        return
    word = re.sub(r"\W", "_", name).upper()
    raise table.error(
        key,
        f"{url} contains credentials, which do not belong in settings",
        hint=f"use RELFORGE_INDEX_{word}_USERNAME and RELFORGE_INDEX_{word}_PASSWORD, netrc or "
        "keyring",
    )
