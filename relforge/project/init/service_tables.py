"""Services and commands as tables; what would not run has its doubt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from relforge.project.init.document import Row, Table, toml
from relforge.project.init.found import Found
from relforge.project.init.processes import OwnCommand, Process
from relforge.project.init.trying import scripts as installed_scripts

_NOTES = {"cwd": "relative to the release"}
_REQUIRED = {
    True: "the release stops when it gives up",
    False: "the other services keep running without it",
}


def service(row: Process) -> Table:
    """A service, with what else may be set as comments."""
    values: dict[str, Any] = {
        "app": row.app,
        "run": row.run,
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


def example(found: Found) -> Iterator[Table]:
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


def command(found: Found, row: OwnCommand) -> Table:
    """A command of the project's own."""
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
