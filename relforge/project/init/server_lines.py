"""The command line of a server, as the settings of a service: what is served, and by which words.

Options keep their values; those that relforge does itself become its own settings, or a note.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from relforge.project.init import server_options
from relforge.project.init.frameworks import SERVERS, Interface
from relforge.project.init.server_options import OURS, QUIET
from relforge.project.init.shell_lines import Words

_LITESTAR = {"-H": "--host", "-p": "--port", "-W": "--workers", "--wc": "--workers"}
_TARGET = re.compile(r"[A-Za-z_][\w.]*(:[A-Za-z_][\w.]*(\([^)]*\))?)?")
_UVICORN = ("uvicorn", "uvicorn_worker")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerLine:
    """What a line asks of a server."""

    server: str
    target: str  # "pkg.module:name"; the name is "" where the line has none
    interface: Interface
    factory: bool = False
    called_with: str = ""  # arguments of the factory, as the line has them
    options: dict[str, Any] = field(default_factory=dict)
    listen: str = ""  # unix:/run/x.sock; "" is host and port of the configuration
    host: str = ""
    port: int = 0
    instances: int = 0
    root: str = ""  # --chdir, --app-dir
    env: dict[str, str] = field(default_factory=dict)
    config: str = ""  # a file with more options
    unread: tuple[str, ...] = ()  # options of the line that are not taken over


def read(row: Words) -> ServerLine | None:
    """The line, None where it starts none of the servers that relforge hands sockets to."""
    words = list(row.words)
    if words[:2] == ["python", "-m"]:
        words = words[2:]
    words = _by_framework(words)
    server = words[0].rpartition("/")[2] if words else ""
    if server not in SERVERS:
        return None
    given, targets = server_options.parsed(server, words[1:])
    target = next((word for word in targets if _TARGET.fullmatch(word)), "")
    module, _, name = target.partition(":")
    name = name or str(given.pop("app", ""))
    called = re.search(r"\((.+)\)", name)
    factory = name.endswith("()") or "factory" in given
    plain = {key: value for key, value in given.items() if key not in OURS}
    host, port, listen = _address(given)
    workers = given.get("workers")
    many = isinstance(workers, int) and server != "gunicorn"
    if isinstance(workers, int) and server == "gunicorn":
        plain["workers"] = workers
    unread = [f"--{key.replace('_', '-')}" for key in given if key in OURS - QUIET]
    taken = {"--bind", "--host", "--port", "--uds", "--workers", "--factory", "--chdir"}
    taken |= {"--app-dir", "--config", "--raw-env", "--pythonpath"}
    return ServerLine(
        server=server,
        target=f"{module}:{name.partition('(')[0]}" if module else "",
        interface=interface(server, plain),
        factory=factory,
        called_with=called[1] if called else "",
        options=plain,
        listen=listen,
        host=host,
        port=port,
        instances=workers if many and isinstance(workers, int) else 0,
        root=str(given.get("chdir") or given.get("app_dir") or given.get("pythonpath") or ""),
        env=dict(_environ(given.get("raw_env", ()))),
        config=str(given.get("config", "")).removeprefix("python:").removeprefix("file:"),
        unread=tuple(name for name in unread if name not in taken),
    )


def _by_framework(words: list[str]) -> list[str]:
    """``fastapi run app/main.py``, ``litestar --app a:b run``: uvicorn, by another program."""
    if words[:2] == ["fastapi", "run"]:
        rest = words[2:]
    elif words[:1] == ["litestar"] and "run" in words:
        rest = [word for word in words[1:] if word != "run"]
        app = next((rest.pop(i + 1) for i, word in enumerate(rest[:-1]) if word == "--app"), "")
        rest = [_LITESTAR.get(word, word) for word in rest if word != "--app"] + [app] * bool(app)
    else:
        return words
    rest = ["--port" if word == "-p" else word for word in rest]
    return ["uvicorn", *(word[:-3].strip("./").replace("/", ".") if word.endswith(".py") else word
                         for word in rest)]  # fmt: skip


def interface(server: str, options: dict[str, Any]) -> Interface:
    """gunicorn serves WSGI unless a worker class says otherwise; the others ASGI."""
    if server != "gunicorn":
        return "wsgi" if options.get("interface") == "wsgi" else "asgi"
    worker = str(options.get("worker_class", "")).lower()
    return "asgi" if any(name in worker for name in (*_UVICORN, "aiohttp", "asgi")) else "wsgi"


def address(text: str) -> tuple[str, int, str]:
    """Host, port and Unix socket of ``0.0.0.0:8000``, ``:8000`` or ``unix:/run/x.sock``."""
    if text.startswith("unix:"):
        return "", 0, f"unix:{text.removeprefix('unix:').replace('//', '/')}"
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port) if port.isdigit() else 0, ""


def _address(given: dict[str, Any]) -> tuple[str, int, str]:
    bind = (*given.get("bind", ()), "")[0]
    if bind:
        return address(str(bind))
    if "uds" in given:
        return "", 0, f"unix:{given['uds']}"
    port = given.get("port", 0)
    return str(given.get("host", "")), port if isinstance(port, int) else 0, ""


def _environ(rows: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for row in rows:
        name, equals, value = row.partition("=")
        if equals:
            yield name, value
