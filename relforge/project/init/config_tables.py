"""Where the configuration comes from, what can be configured, and what the build has of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from relforge.project.init import needed
from relforge.project.init.document import Row, Table, key, toml
from relforge.project.init.found import Found


def config(found: Found) -> Table:
    """The providers, and what they pass on to code that reads the environment."""
    prefix = needed.prefix(found.name, found.variables)
    mapped = {"PORT": "http.port"} if _serves(found) else {}
    mapped |= {row.name: row.key for row in found.needed if row.name != "PORT"}
    env: dict[str, Any] = {"use": "env", "prefix": prefix}
    if mapped:
        env["map"] = mapped
    toml_file = {"use": "toml", "path": f"/etc/{found.name}/config.toml", "optional": True}
    text = "[\n" + "".join(
        f"  {toml(row)},{note}\n"
        for row, note in (
            (toml_file, ""),
            ({"use": "credentials"}, "            # systemd's LoadCredential="),
            (env, ""),
        )
    )
    rows = [Row(key="providers", value=f"{text}]")]
    exported = {row.name: row.key for row in found.needed if row.name != "PORT"}
    if exported:
        rows.append(Row(key="export", value=toml(exported), note="for code that reads os.environ"))
    comments = (
        "Read at every boot, in this order: a later provider wins.",
        f"`bin/{found.name} config explain` shows where each value comes from.",
    )
    return Table(name="config", rows=tuple(rows), comments=comments)


def _serves(found: Found) -> bool:
    """Whether something of what is written has the port of the configuration."""
    rows = found.services
    texts = (*(t for r in rows for t in (*r.listen, *r.exec, *r.env.values(), str(r.ready))),)
    return any("${http.port}" in text for text in texts) or (not rows and not found.own_code)


def schema(found: Found) -> Iterator[Table]:
    """The keys: address and port, and the variables that the sources need."""
    rows: list[Row] = []
    prefix = needed.prefix(found.name, found.variables)
    if _serves(found):
        host = {
            "type": "str",
            "default": found.web.host,
            "doc": "the address that the web service listens on",
        }
        port = {
            "type": "int",
            "default": found.web.port,
            "min": 1,
            "max": 65535,
            "doc": "the port that the web service listens on",
        }
        rows += [
            Row(key='"http.host"', value=toml(host)),
            Row(key='"http.port"', value=toml(port)),
        ]
    for row in found.needed:
        if row.name == "PORT":
            continue
        kind = row.kind if row.kind in ("int", "float") else "str"
        value: dict[str, Any] = {"type": kind, "required": True}
        if row.secret:
            value["secret"] = True
        value["doc"] = f"${row.name}, which {row.where} reads"
        rows.append(
            Row(key=key(row.key) if "." not in row.key else toml(row.key), value=toml(value))
        )
    if not rows:
        return
    comments = [f"What can be configured. {prefix}HTTP__HOST sets http.host, PORT sets http.port."]
    if not _serves(found):
        comments = ["What can be configured."]
    yield Table(name="config.schema", rows=tuple(rows), comments=tuple(comments))


def check(found: Found) -> Iterator[Table]:
    """Values for the build, which imports the application."""
    values = {row.name: row.sample for row in found.needed}
    if values:
        text = (
            "The build imports the application as a check, and assets may import it: with "
            "these values, which are not in the release."
        )
        rows = (Row(key="env", value=toml(values)),)
        yield Table(name="check", rows=rows, comments=(text,))
