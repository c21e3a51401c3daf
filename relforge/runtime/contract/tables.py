"""The smaller tables of the manifest."""

from __future__ import annotations

from .record import Record, key
from .service_shapes import ProbeShape
from .shapes import Anything, Choice, Flag, Seconds, Size, Text, Whole, Words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Log(Record):
    """The log of `start`: when a file of it is rotated, and how many are kept."""

    size: int = key(
        Size(),
        default=50_000_000,
        doc="a file that would grow beyond this is rotated: `<name>.log` becomes `<name>.log.1`, "
        'and so on; `"none"` for never',
    )
    age: float = key(
        Seconds(),
        default=0.0,
        doc='a file whose first line is older is rotated too, for instance `"24h"`; 0 for never',
    )
    keep: int = key(Whole(0), default=5, doc="how many rotated files to keep")


class Console(Record):
    """Who may talk to the live processes, in addition to root and the service's user.

    ``enabled`` is False where nothing can be evaluated in them.
    """

    enabled: bool = key(Flag(), default=True, doc="", setting=False)
    users: tuple[str, ...] = key(Words(), default=(), doc="names of users of the target host")
    group: str | None = key(Text(), default=None, doc="the name of a group of the target host")
    idle_timeout: float = key(
        Seconds(),
        default=8 * 3600.0,
        doc="an idle connection is closed after this time; 0 for never",
    )


class Upgrade(Record):
    """When a version that has taken over is trusted."""

    bake: float = key(
        Seconds(),
        default=5.0,
        doc="how long the new version is watched after its processes have taken over; a "
        "process that ends during that time, unless its service has `required = false`, rolls "
        "the upgrade back. A reload is watched just as long, and rolled back to the "
        "previous configuration",
    )
    health: dict[str, Any] | None = key(
        ProbeShape(),
        default=None,
        references=True,
        doc="checked twice a second while it is watched: "
        '`{ http = "http://127.0.0.1:${http.port}/health" }`, `{ tcp = "host:port" }` or '
        '`{ exec = ["..."] }`; three failures in a row roll the upgrade back',
    )


class Nodes(Record):
    """How a release finds the other nodes of its fleet, and talks to them."""

    strategy: str = key(
        Choice("none", "static", "dns", "file", "kubernetes"),
        default="none",
        doc='`"static"`: `hosts`; `"dns"`: every address of `name`, or the targets of its SRV '
        'records if it begins with `_`; `"file"`: each line of `path`; `"kubernetes"`: the '
        "pods behind `service`",
    )
    hosts: tuple[str, ...] = key(
        Words(),
        default=(),
        references=True,
        doc="names or addresses; a reference may stand for a list, or for several names with "
        "commas",
    )
    name: str = key(
        Text(), default="", references=True, doc="such as `shop.internal`, `_shop._tcp.internal`"
    )
    path: str = key(
        Text(),
        default="",
        references=True,
        doc="a file with a host on each line; `#` begins a comment",
    )
    service: str = key(Text(), default="", references=True, doc="the name of a Kubernetes Service")
    namespace: str = key(
        Text(), default="", references=True, shown="the pod's", doc="its namespace"
    )
    connect: tuple[str, ...] = key(
        Words(),
        default=("ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=5", "{host}"),
        doc="the program that runs a shell line on `{host}`; for another user "
        '`["ssh", "deploy@{host}"]`',
    )
    root: str = key(
        Text(),
        default="",
        shown="as here",
        doc="the deploy root on the other host, such as `/srv/shop`",
    )


# What each strategy needs, and no other takes.
NEEDS = {"static": "hosts", "dns": "name", "file": "path", "kubernetes": "service"}

# How `export` may write a value (`as`), and the types of the schema that it is for; () for all.
FORMS: dict[str, tuple[str, ...]] = {
    "csv": ("list",),
    "json": (),
    "0/1": ("bool",),
    "empty": ("bool",),
}


class Config(Record):
    """How the release is configured at boot; the builder has asked the providers already."""

    providers: tuple[dict[str, Any], ...] = key(
        Anything(), default=(), doc="`use`, `options`, `state`, `timeout`, `retries` of each"
    )
    schema: dict[str, Any] = key(Anything(), default={}, doc="the keys, their types and defaults")
    model: str = key(Anything(), default="", doc='`"pkg.mod:Class"` instead of the schema')
    export: dict[str, Any] = key(
        Anything(), default={}, doc='environment variable = key, or `{"key": str, "as": str}`'
    )
    strict: bool = key(Anything(), default=True, doc="a key that the schema lacks is an error")
