"""Where a release is deployed to: the keys of ``[tool.relforge.deploy.<name>]``.

They decide nothing of what is in a release; the builder alone reads them.
"""

from __future__ import annotations

import shlex
from typing import Any

from relforge.runtime.contract.record import Record, key
from relforge.runtime.contract.shapes import (
    Choice,
    CommandLine,
    Seconds,
    Shape,
    Text,
    VariableTable,
    Whole,
    Words,
)
from relforge.runtime.contract.wording import at, nearest
from relforge.runtime.contract.wrong import Wrong

BATCH = 'a number of hosts, a share such as "30%", or a list of these'
DRIVERS = {  # and the keys that each of them may have beside its own
    "haproxy": ("backend", "server", "socket"),
    "readiness": (),
    "command": ("undrain",),
}
SOURCES = ("env", "file", "command")  # of a credential, on the controller


class Serial(Shape):
    """How many hosts change at once, batch after batch."""

    words = BATCH
    takes = (int, str, list)

    def read(self, value: Any) -> tuple[int | str, ...]:
        rows = value if isinstance(value, list) else [value]
        if type(value) not in self.takes or not rows or not all(map(_is_batch, rows)):
            raise Wrong
        return tuple(rows)


class Migrate(Shape):
    """A command of the release: its words, or a text of them as for a shell."""

    words = 'a command of the release such as "migrate", or a list of its words'
    takes = (str, list)

    def read(self, value: Any) -> tuple[str, ...]:
        if not isinstance(value, str):
            return Words().read(value)
        try:
            return tuple(shlex.split(value))
        except ValueError as error:
            raise Wrong(f"{value!r}: {error}") from None


class Drain(Shape):
    """How a host leaves the load balancer: a table with the key of one driver."""

    words = 'a table such as { haproxy = "lb1.example.org" } or { readiness = "6s" }'
    takes = (dict,)

    def read(self, value: Any) -> dict[str, Any]:
        rows: dict[str, Any] = super().read(value)
        drivers = [name for name in rows if name in DRIVERS]
        if not rows:
            return {}
        if len(drivers) != 1:
            raise Wrong(f"expected one of {', '.join(DRIVERS)}; found: {', '.join(rows)}")
        (driver,) = drivers
        for name in rows.keys() - {driver, *DRIVERS[driver]}:
            raise Wrong(
                "unknown key", at=f".{name}", hint=nearest(name, (driver, *DRIVERS[driver]))
            )
        if driver == "command" and "undrain" not in rows:
            raise Wrong("is required with `command`", at=".undrain")
        return {name: self._value(name, row) for name, row in rows.items()}

    def _value(self, name: str, row: Any) -> Any:
        shape: Shape = Text()
        if name == "readiness":
            shape = Seconds()
        elif name in ("command", "undrain") or (name == "haproxy" and isinstance(row, list)):
            shape = CommandLine()
        return at(f".{name}", shape.read, row, words=shape.words)


class Credentials(Shape):
    """Secrets by key of the configuration; each comes from the controller when a deploy begins."""

    words = 'a table such as { "db.url" = { env = "SHOP_DB_URL" } }'
    takes = (dict,)

    def read(self, value: Any) -> dict[str, dict[str, str]]:
        rows: dict[str, dict[str, str]] = super().read(value)
        for name, row in rows.items():
            if not isinstance(row, dict) or len(row) != 1 or next(iter(row)) not in SOURCES:
                raise Wrong(
                    f"expected one of {', '.join(SOURCES)}", at=f'."{name}"', hint=self.words
                )
            at(f'."{name}"', Text().read, *row.values(), words=Text.words)
        return rows


class Deploy(Record):
    """A deployment: its hosts, and how a version takes over there."""

    name: str = key(Text(), default="", doc="", setting=False)
    hosts: tuple[str, ...] = key(
        Words(), default=(), doc="the hosts, as ssh knows them, in the order of their turn"
    )
    user: str = key(Text(), default="root", doc="the user of ssh; if it is not root, it needs sudo")
    root: str = key(Text(), default="", shown="`/srv/<name>`", doc="the deploy root on each host")
    run_as: str = key(Text(), default="", shown="`<name>`", doc="the user that the services run as")
    level: str = key(
        Choice("basic", "standard", "strict"), default="standard", doc="the sandbox of the unit"
    )
    mode: str = key(
        Choice("restart", "upgrade"),
        default="restart",
        doc="how a version takes over: by a restart of the unit, or by a hot upgrade",
    )
    serial: tuple[int | str, ...] = key(
        Serial(),
        default=(1,),
        shown="`1`",
        doc="how many hosts change at once: a number, a share such as "
        '`"30%"`, or a list for one batch after the other',
    )
    migrate: tuple[str, ...] = key(
        Migrate(),
        default=(),
        shown='`""`: none',
        doc='the command of the release that migrates, such as `"migrate"`, or a list of its '
        "words; it runs once, on the first host, before any host changes",
    )
    drain: dict[str, Any] = key(
        Drain(),
        default={},
        doc='how a host leaves the load balancer: `{ haproxy = "lb1.example.org" }`, '
        '`{ readiness = "6s" }` or `{ command = [...], undrain = [...] }`',
    )
    drain_timeout: float = key(
        Seconds(), default=60.0, doc="how long the load balancer may take for it"
    )
    ready_timeout: float = key(
        Seconds(), default=120.0, doc="how long a version may take until it is ready"
    )
    bake: float = key(
        Seconds(), default=0.0, doc="how long a host is watched before the next one follows"
    )
    keep: int = key(Whole(1), default=5, doc="how many versions stay on a host")
    config: str = key(
        Text(), default="", doc="a TOML file of the project that becomes `/etc/<name>/config.toml`"
    )
    environment: dict[str, str] = key(
        VariableTable(), default={}, doc="environment variables of the services; no secrets"
    )
    credentials: dict[str, dict[str, str]] = key(
        Credentials(),
        default={},
        doc='secrets by key, which systemd passes on: `{ env = "VARIABLE" }`, `{ file = "PATH" }` '
        'or `{ command = "pass show shop/db" }` on the controller',
    )
    allowed_signers: str = key(
        Text(), default="", doc="a file that lists who may sign; then artifacts need a signature"
    )


def _is_batch(row: Any) -> bool:
    if isinstance(row, str):
        return row.endswith("%") and row[:-1].isdecimal() and 0 < int(row[:-1]) <= 100
    return type(row) is int and row > 0
