"""The options that servers are given on a command line, or in gunicorn's own file."""

from __future__ import annotations

import ast
import re
from typing import Any

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
OURS = frozenset({
    "app_dir", "backlog", "bind", "chdir", "config", "control_socket", "daemon", "fd",
    "graceful_timeout", "group", "host", "initgroups", "pidfile", "port", "pythonpath",
    "reload", "reload_dir", "reload_engine", "reload_exclude", "reload_extra_file",
    "reload_include", "reuse_port", "umask", "user", "workers", "env_file",
    "shutdown_timeout", "use_reloader", "timeout_graceful_shutdown", "uds", "factory",
    "raw_env"
})  # fmt: skip
QUIET = frozenset(("reload", "daemon", "reuse_port", "backlog", "fd", "control_socket"))


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
                if name in OURS - {"workers", "bind"}:
                    continue
                if simple and not name.startswith("_"):
                    options[name] = value
                elif name and not name.startswith("_") and name != "bind":
                    unread.append(name)
    return options, tuple(unread)


def parsed(server: str, words: list[str]) -> tuple[dict[str, Any], list[str]]:
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
