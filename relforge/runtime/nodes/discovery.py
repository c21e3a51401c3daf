"""Which hosts the nodes are on: the strategies of ``nodes.strategy``."""

from __future__ import annotations

import socket

from ..contract import reference
from ..errors import CONFIG, FAILED, Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Row = dict[str, Any]


def hosts(settings: Row, value: Callable[[str], Any]) -> list[str]:
    """Host names or addresses, each once; the rows of ``nodes`` with ``value`` of each reference.

    Raises Refusal where there is no strategy, and where one does not find out.
    """
    strategy = settings.get("strategy", "none")
    if strategy not in STRATEGIES:
        raise Refusal(
            "this release does not know its nodes: it has no tool.relforge.nodes.strategy",
            hint='for instance strategy = "static" and hosts = ["web1", "web2"]',
            code=CONFIG,
        )

    def text(words: str) -> str:
        return reference.put(words, lambda key: _text(value(key)))

    try:
        found = STRATEGIES[strategy](settings, text)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Refusal(f"nodes by {strategy}: {reason}", code=FAILED) from None
    return list(dict.fromkeys(found))


def references(settings: Row) -> list[str]:
    """The keys of the configuration that the strategy needs."""
    texts = reference.texts(settings, "nodes")
    return [key for _, text in texts for key in reference.keys(text)]


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _static(settings: Row, text: Callable[[str], str]) -> list[str]:
    """Those of the settings; a reference may stand for several, with commas between them."""
    rows = (row.strip() for words in settings["hosts"] for row in text(words).split(","))
    return [row for row in rows if row]


def _dns(settings: Row, text: Callable[[str], str]) -> list[str]:
    """Every address of a name; of a name such as ``_shop._tcp.internal`` the targets (RFC 2782)."""
    name = text(settings["name"])
    if name.startswith("_"):
        from . import srv

        return srv.targets(name)
    rows = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return sorted({str(row[4][0]) for row in rows})


def _file(settings: Row, text: Callable[[str], str]) -> list[str]:
    """A host on each line; ``#`` begins a remark."""
    path = text(settings["path"])
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
    except OSError as error:
        raise OSError(error.errno, f"{path}: {error.strerror}") from None
    rows = (line.partition("#")[0].strip() for line in lines)
    return [row for row in rows if row]


def _kubernetes(settings: Row, text: Callable[[str], str]) -> list[str]:
    from . import kubernetes

    return kubernetes.addresses(text(settings["service"]), text(settings.get("namespace", "")))


STRATEGIES: dict[str, Callable[[Row, Callable[[str], str]], list[str]]] = {
    "static": _static,
    "dns": _dns,
    "file": _file,
    "kubernetes": _kubernetes,
}
