"""The command line of a server, as the settings of a service: what is served, and by which words.

Options keep their values; those that relforge does itself become its own settings, or a note.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from relforge.project.init.frameworks import SERVERS, Interface
from relforge.project.init.shell_lines import Words

_SHORT = {
    "gunicorn": {
        "-b": "bind", "-w": "workers", "-k": "worker_class", "-t": "timeout", "-c": "config",
        "-n": "proc_name", "-e": "raw_env", "-D": "daemon", "-p": "pidfile", "-m": "umask",
        "-u": "user", "-g": "group", "-R": "enable_stdio_inheritance",
    },
    "uvicorn": {},
    "hypercorn": {"-b": "bind", "-w": "workers", "-k": "worker_class", "-c": "config"},
}  # fmt: skip
_LONG = {
    "gunicorn": {
        "access_logfile": "accesslog", "error_logfile": "errorlog", "log_file": "errorlog",
        "log_level": "loglevel", "preload": "preload_app", "env": "raw_env", "name": "proc_name",
        "access_logformat": "access_log_format", "log_config": "logconfig", "worker_tmp_dir":
        "worker_tmp_dir", "log_syslog": "syslog",
    },
    "uvicorn": {"log_config": "log_config", "no_access_log": "access_log", "no_proxy_headers":
                "proxy_headers", "no_server_header": "server_header", "header": "headers"},
    "hypercorn": {"access_logfile": "accesslog", "access_log": "accesslog", "error_log":
                  "errorlog", "error_logfile": "errorlog", "log_level": "loglevel",
                  "keep_alive": "keep_alive_timeout", "ca_certs": "ca_certs"},
}  # fmt: skip
_FLAGS = frozenset({
    "access_log", "check_config", "daemon", "debug", "enable_stdio_inheritance", "factory",
    "initgroups", "no_access_log", "no_proxy_headers", "no_sendfile", "no_server_header",
    "preload", "preload_app", "proxy_headers", "proxy_protocol", "reload", "reuse_port",
    "server_header", "spew", "syslog", "use_colors", "no_use_colors", "date_header",
    "no_date_header", "use_reloader"
})  # fmt: skip
# What the supervisor, or the release itself, does in a server's place.
_OURS = frozenset({
    "app_dir", "backlog", "bind", "chdir", "config", "control_socket", "daemon", "fd",
    "graceful_timeout", "group", "host", "initgroups", "pidfile", "port", "pythonpath",
    "reload", "reload_dir", "reload_engine", "reload_exclude", "reload_extra_file",
    "reload_include", "reuse_port", "umask", "user", "workers", "env_file",
    "shutdown_timeout", "use_reloader", "timeout_graceful_shutdown", "uds", "factory",
    "raw_env"
})  # fmt: skip
_LITESTAR = {"-H": "--host", "-p": "--port", "-W": "--workers", "--wc": "--workers"}
_QUIET = frozenset(("reload", "daemon", "reuse_port", "backlog", "fd", "control_socket"))
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
    given, targets = _parsed(server, words[1:])
    target = next((word for word in targets if _TARGET.fullmatch(word)), "")
    module, _, name = target.partition(":")
    name = name or str(given.pop("app", ""))
    called = re.search(r"\((.+)\)", name)
    factory = name.endswith("()") or "factory" in given
    plain = {key: value for key, value in given.items() if key not in _OURS}
    host, port, listen = _address(given)
    workers = given.get("workers")
    many = isinstance(workers, int) and server != "gunicorn"
    if isinstance(workers, int) and server == "gunicorn":
        plain["workers"] = workers
    unread = [f"--{key.replace('_', '-')}" for key in given if key in _OURS - _QUIET]
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


def config_file(text: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The options of a gunicorn.conf.py, and the names in it that cannot be taken over."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return {}, ("the whole file",)
    options: dict[str, Any] = {}
    unread: list[str] = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            unread.append(node.name)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                name = target.id if isinstance(target, ast.Name) else ""
                try:
                    value = ast.literal_eval(node.value)
                except ValueError:
                    value = None
                simple = isinstance(value, str | int | float | bool)
                if name in _OURS - {"workers", "bind"}:
                    continue
                if simple and not name.startswith("_"):
                    options[name] = value
                elif name and not name.startswith("_") and name != "bind":
                    unread.append(name)
    return options, tuple(unread)


def address(text: str) -> tuple[str, int, str]:
    """Host, port and Unix socket of ``0.0.0.0:8000``, ``:8000`` or ``unix:/run/x.sock``."""
    if text.startswith("unix:"):
        return "", 0, f"unix:{text.removeprefix('unix:').replace('//', '/')}"
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port) if port.isdigit() else 0, ""


def _parsed(server: str, words: list[str]) -> tuple[dict[str, Any], list[str]]:
    given: dict[str, Any] = {}
    targets: list[str] = []
    rows = iter(words)
    for word in rows:
        if not word.startswith("-") or word == "-":
            targets.append(word)
            continue
        name, equals, value = word.partition("=")
        if not word.startswith("--") and not equals and len(word) > 2:
            name, equals, value = word[:2], "=", word[2:]  # -w4
        key = _SHORT[server].get(name, name.lstrip("-").replace("-", "_"))
        flag = key in _FLAGS and not equals
        key, positive = _LONG[server].get(key, key), not key.startswith("no_")
        if flag:
            given[key] = positive
            continue
        text = value if equals else next(rows, "")
        if key in ("bind", "raw_env", "headers"):
            given[key] = (*given.get(key, ()), text)
        else:
            given[key] = _value(text)
    return given, targets


def _value(text: str) -> Any:
    if re.fullmatch(r"\d+", text):
        return int(text)
    if re.fullmatch(r"\d+\.\d+", text):
        return float(text)
    return text


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
