"""What is in the manifest: what a release knows about itself.

Paths are relative to the root of the release, durations are seconds, sizes
bytes.  The keys are sorted, so that equal releases have equal manifests.  A
runtime reads the manifests of the minor versions before and after its own: what
it does not know it passes over, what is missing has its default.
"""

from __future__ import annotations

from ..errors import Refusal
from . import manifest
from .command import Argument, Command
from .hook import Hook
from .job import Job
from .manifest import FORMAT
from .record import Record, complete, key
from .service import Service
from .shapes import Anything
from .tables import Config, Console, Log, Nodes, Upgrade
from .wrong import Wrong

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Tables of which there is one, and those that have a row for each name.
TABLES: dict[str, type[Record]] = {
    "log": Log,
    "upgrade": Upgrade,
    "console": Console,
    "config": Config,
    "nodes": Nodes,
}
ROWS: dict[str, type[Record]] = {
    "services": Service,
    "commands": Command,
    "hooks": Hook,
    "schedule": Job,
}


class Manifest(Record):
    """The whole of it."""

    manifest: int = key(Anything(), default=FORMAT, doc="the format")
    name: str = key(Anything(), doc="of the release")
    version: str = key(Anything(), doc="of the release")
    env: str = key(Anything(), default="prod", doc="the environment it was built for")
    revision: str | None = key(Anything(), default=None, doc="the commit it was built from")
    source_date: int = key(Anything(), default=0, doc="seconds since 1970: the age of its sources")
    relforge: str = key(Anything(), default="", doc="the version of relforge that built it")
    target: dict[str, str] = key(
        Anything(), doc='`{"system": "linux", "machine": str, "glibc": "2.34"}`'
    )
    python: dict[str, str] = key(
        Anything(), doc='`{"version": "3.12.1", "tag": "cp312", "source": str, "executable": str}`'
    )
    lock: dict[str, str] | None = key(
        Anything(),
        default=None,
        doc='`{"file": str, "sha256": str}`, and `added`, `added_sha256` of a second lockfile',
    )
    layers: tuple[dict[str, Any], ...] = key(
        Anything(), default=(), doc='`{"name": str, "key": str, "files": int, "size": int}` each'
    )
    services: dict[str, Any] = key(Anything(), default={}, doc="`Service` by name")
    commands: dict[str, Any] = key(Anything(), default={}, doc="`Command` by name")
    hooks: dict[str, Any] = key(Anything(), default={}, doc="`Hook` by name")
    schedule: dict[str, Any] = key(Anything(), default={}, doc="`Job` by name")
    config: dict[str, Any] = key(Anything(), default={}, doc="`Config`")
    log: dict[str, Any] = key(Anything(), default={}, doc="`Log`")
    upgrade: dict[str, Any] = key(Anything(), default={}, doc="`Upgrade`")
    console: dict[str, Any] = key(Anything(), default={}, doc="`Console`")
    nodes: dict[str, Any] = key(Anything(), default={}, doc="`Nodes`")
    assets: tuple[str, ...] = key(
        Anything(),
        default=(),
        doc="directories with a cache_manifest.json of fingerprinted names each",
    )


_NO_TABLE = "is not a table"


def read_manifest(release: str) -> dict[str, Any]:
    """The manifest of the release at that path, complete; raises Refusal where it is damaged."""
    found = manifest.load(release)
    try:
        return filled(found)
    except Wrong as wrong:
        what = _NO_TABLE if wrong.problem == _NO_TABLE else "is missing"
        raise Refusal(
            f"{release}/{manifest.PATH}: `{wrong.at.removeprefix('.')}` {what}: the release is "
            f"damaged, or built by another relforge ({found.get('relforge')})",
            hint="build it again",
        ) from None


def filled(manifest: dict[str, Any]) -> dict[str, Any]:
    """A manifest with the defaults of what it lacks; raises Wrong."""
    whole = complete(Manifest, manifest)
    for name, table in TABLES.items():
        whole[name] = _complete(table, whole[name], f".{name}")
    for name, table in ROWS.items():
        whole[name] = {
            own: _complete(table, {**_table(row, f".{name}.{own}"), "name": own}, f".{name}.{own}")
            for own, row in _table(whole[name], f".{name}").items()
        }
        for row in whole[name].values():
            del row["name"]
    for own, row in whole["commands"].items():
        place = f".commands.{own}.args"
        if not isinstance(row["args"], list | tuple):
            raise Wrong(_NO_TABLE, at=place)
        row["args"] = [_complete(Argument, one, place) for one in row["args"]]
    return whole


def _table(value: Any, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Wrong(_NO_TABLE, at=place)
    return value


def _complete(table: type[Record], row: Any, place: str) -> dict[str, Any]:
    try:
        return complete(table, _table(row, place))
    except Wrong as wrong:
        raise Wrong(wrong.problem, at=f"{place}{wrong.at}") from None
