"""The settings that fit a project, as tables with comments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from relforge.project.init import completing, judge, needed
from relforge.project.init.assets import assets
from relforge.project.init.contents import Tree
from relforge.project.init.document import Row, Table, key, listed, toml
from relforge.project.init.look import Found
from relforge.project.init.processes import OwnCommand, Process
from relforge.project.init.trying import scripts as installed_scripts

_NOTES = {"cwd": "relative to the release"}
_REQUIRED = {
    True: "the release stops when it gives up",
    False: "the other services keep running without it",
}


def tables(found: Found) -> tuple[Table, ...]:
    """All of them, in the order in which a reader wants them."""
    return (
        _top(found),
        *_dependencies(found),
        *assets(found),
        *(_service(row) for row in found.services),
        *(_example(found) if not found.services else ()),
        *(_command(found, row) for row in found.commands),
        _config(found),
        *_schema(found),
        *_check(found),
    )


def _top(found: Found) -> Table:
    rows = []
    if not found.name_is_written:
        rows.append(Row(key="name", value=toml(found.name)))
    if not found.version_is_written:
        rows.append(Row(key="version", value='"0.1.0"', note='or { git = "describe" }'))
    choice = found.python
    rows.append(Row(key="python", value=toml({"version": choice.version}), note=choice.why))
    if found.dependencies.named:
        rows.append(Row(key="requirements", value=toml(found.dependencies.named)))
    if found.lock:
        note = "found in the project; all dependencies come from it"
        if completing.of(found).add:
            note += ", except those in `add`"
        rows.append(Row(key="lock", value=toml(found.lock), note=note, off=True))
    else:
        comment = "# There is no lock with hashes yet: `relforge lock` writes pylock.toml."
        rows.append(Row(key="", value=comment))
    if found.contents.trees is not None:
        comment = "# What goes into the release, as it is, below app/."
        rows += [
            Row(key="", value=comment),
            Row(key="app", value=_trees(found.contents.trees)),
        ]
    if found.overlays:
        comment = "# Beside the project's wheel, below app/."
        copies = tuple({"copy": path, "to": f"app/{path}"} for path in found.overlays)
        rows += [Row(key="", value=comment), Row(key="overlays", value=listed(copies))]
    return Table(name="", rows=tuple(rows))


def _dependencies(found: Found) -> Iterator[Table]:
    """What the project's own dependencies lack."""
    keys = completing.of(found).keys
    if keys:
        rows = tuple(Row(key=name, value=toml(value)) for name, value in keys.items())
        names = " and ".join(judge.lacking(found))
        text = f"The services need {names}, which the project's dependencies lack."
        if not names:
            text = "The project does not declare dependencies; these are what its sources import."
        yield Table(name="dependencies", rows=rows, comments=(text,))


def _trees(trees: tuple[Tree, ...]) -> str:
    """``app``: a list of paths, a table of a root, or a list of both."""
    plain = [path for row in trees if not row.root for path in row.include]
    tables = [{"root": row.root, "include": list(row.include)} for row in trees if row.root]
    if not tables:
        return listed(tuple(plain))
    if len(tables) == 1 and not plain:
        return toml(tables[0])
    return listed((*tables, *plain))


def _service(row: Process) -> Table:
    values: dict[str, Any] = {
        "app": row.app,
        "server": row.server,
        "exec": row.exec,
        "options": row.options,
        "listen": row.listen,
        "instances": row.instances if row.instances > 1 else 0,
        "ready": row.ready,
        "drain": row.drain,
        "singleton": row.singleton,
        "required": row.required,
        "cwd": row.cwd,
        "env": row.env,
    }
    notes = _NOTES if row.required is None else {**_NOTES, "required": _REQUIRED[row.required]}
    written = [
        Row(key=name, value=toml(value), note=notes.get(name, ""))
        for name, value in values.items()
        if value or (name == "required" and value is False)
    ]
    if row.app and row.instances < 2 and row.server != "gunicorn":
        note = "processes that share the socket"
        written.append(Row(key="instances", value="2", note=note, off=True))
    if row.app:
        note = "how long `stop` waits for open requests"
        written.append(Row(key="drain", value='"20s"', note=note, off=True))
    comments = row.comments
    if row.app:
        comments = (*comments, "`${...}` is the configuration at boot.")
    return Table(
        name=f"services.{row.name}",
        rows=tuple(written),
        comments=(" ".join(comments),),
        doubt=row.doubt,
    )


def _example(found: Found) -> Iterator[Table]:
    """What a service would look like, where none was found."""
    if found.own_code:
        if found.commands:
            return
        name = found.name.replace("-", "_")
        module = next((row for row in found.names.modules if "." not in row), name)
        comments = (
            (
                "A process that runs for as long as the release does.  `run` calls a function of "
                "yours, which calls `relforge.runtime.ready()` once it is ready."
            ),
        )
        rows = (Row(key="run", value=toml(f"{module}:main")), Row(key="ready", value='"started"'))
        doubt = "no long-running function was found"
        yield Table(name="services.worker", rows=rows, comments=comments, doubt=doubt)
        return
    direct = sorted(found.dependencies.names)
    words = installed_scripts(found.root, frozenset(direct)) or tuple(direct[:1]) or ("server",)
    for word in words[:3]:
        rows = (
            Row(key="exec", value=toml([word, "--port", "${http.port}"])),
            Row(key="ready", value=toml({"tcp": "${http.host}:${http.port}"})),
        )
        comments = ("The server program of a dependency, with its own arguments.",)
        doubt = "the project has no code, and no file shows how to start the server"
        yield Table(name=f"services.{_named(word)}", rows=rows, comments=comments, doubt=doubt)


def _named(word: str) -> str:
    plain = "".join(c if c.isalnum() or c in "_-" else "-" for c in word.lower()).strip(
        "-_0123456789"
    )
    return plain or "server"


def _command(found: Found, row: OwnCommand) -> Table:
    rows = [Row(key="exec", value=toml(row.exec))]
    if row.call:
        note = "it parses its arguments itself, like a console script"
        rows = [Row(key="call", value=toml(row.call)), Row(key="argv", value="true", note=note)]
    rows.append(Row(key="help", value=toml(row.help)))
    if row.cwd:
        rows.append(Row(key="cwd", value=toml(row.cwd), note=_NOTES["cwd"]))
    if row.env:
        rows.append(Row(key="env", value=toml(row.env)))
    if row.once:
        note = "for a version, on a host"
        rows.append(Row(key="once", value="true", note=note))
    comments = (f"bin/{found.name} {row.name}", *row.comments)
    return Table(name=f"commands.{row.name}", rows=tuple(rows), comments=comments, doubt=row.doubt)


def _config(found: Found) -> Table:
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


def _schema(found: Found) -> Iterator[Table]:
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


def _check(found: Found) -> Iterator[Table]:
    """Values for the build, which imports the application."""
    values = {row.name: row.sample for row in found.needed}
    if values:
        text = (
            "The build imports the application as a check, and assets may import it: with "
            "these values, which are not in the release."
        )
        rows = (Row(key="env", value=toml(values)),)
        yield Table(name="check", rows=rows, comments=(text,))
