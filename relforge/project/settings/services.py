"""``[tool.relforge.services.<name>]``."""

from __future__ import annotations

import re
import signal
from difflib import get_close_matches
from typing import Any, Literal, cast

from relforge.model.spec import Service
from relforge.project.settings.table import Table
from relforge.support import bytesize
from relforge.support.errors import SettingsError

SERVERS = ("uvicorn", "gunicorn", "hypercorn")
NO_GRANIAN = (
    "granian opens its sockets itself and cannot be handed one, so it could be neither replaced "
    "nor stopped without losing requests; run it as an `exec` service, or use uvicorn"
)
RLIMITS = (
    "as",
    "core",
    "cpu",
    "data",
    "fsize",
    "memlock",
    "msgqueue",
    "nofile",
    "nproc",
    "stack",
)
_UNFIT = (signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD, signal.SIGCONT)
_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_TARGET = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
_PROBES = ("http", "tcp", "exec")


def read_service(name: str, table: Table) -> Service:
    """One service; raises SettingsError."""
    if not _NAME.fullmatch(name):
        raise SettingsError(
            f"{table.where()}: a service's name is of lower-case letters, digits, `-` and `_`"
        )
    kind, target = _target(table)
    server = ""
    if kind == "app":
        if table.data.get("server") == "granian":
            raise table.error(
                "server", NO_GRANIAN, hint="docs/how-to/choose-a-server.md tells more"
            )
        server = table.choice("server", "uvicorn", SERVERS)
    elif "server" in table.data:
        raise table.error(
            "server", f"only a service with `app` has a server, this one has `{kind}`"
        )
    listen = table.texts("listen", ())
    if kind == "app" and not listen:
        raise table.error(
            "listen",
            "an `app` listens somewhere",
            hint='for instance listen = ["${http.host}:${http.port}"]',
        )
    service = Service(
        name=name,
        kind=kind,
        target=target,
        server=server,
        options=_options(table) if kind == "app" else {},
        listen=listen,
        instances=table.whole("instances", 1, least=1),
        restart=cast(
            Literal["always", "on-failure", "never"],
            table.choice("restart", "always", ("always", "on-failure", "never")),
        ),
        drain=table.seconds("drain", 20.0),
        ready=_ready(kind, table),
        ready_timeout=table.seconds("ready_timeout", 60.0),
        env=table.text_mapping("env"),
        cwd=table.text("cwd", None),
        backoff=_pair(table, "backoff", (0.2, 10.0)),
        intensity=_intensity(table),
        required=table.flag("required", True),
        enabled=_enabled(table),
        singleton=table.flag("singleton", False),
        depends=table.texts("depends", ()),
        stop_signal=_stop_signal(kind, table),
        kill_after=table.seconds("kill_after", 3.0),
        watchdog=_watchdog(table),
        user=table.text("user", ""),
        group=table.text("group", ""),
        nice=_nice(table),
        rlimits=_rlimits(table),
    )
    if service.singleton and service.instances != 1:
        raise table.error(
            "singleton", f"there is one at a time, and `instances` says {service.instances}"
        )
    table.finish()
    return service


def check_depends(services: tuple[Service, ...]) -> None:
    """Refuse a dependency on nobody, and one that goes round in a circle."""
    by_name = {service.name: service for service in services}

    def walk(name: str, way: tuple[str, ...]) -> None:
        for index, other in enumerate(by_name[name].depends):
            where = f"tool.relforge.services.{name}.depends[{index}]"
            if other not in by_name:
                near = get_close_matches(other, by_name, 1)
                raise SettingsError(
                    f"{where}: there is no service {other!r}",
                    hint=f"did you mean `{near[0]}`?" if near else "",
                )
            if other in (*way, name):
                raise SettingsError(f"{where}: a circle: {' -> '.join((*way, name, other))}")
            walk(other, (*way, name))

    for service in services:
        walk(service.name, ())


def places(service: Service) -> dict[str, str]:
    """What may hold a ``${key}``, by its place in the service's table."""
    found = {f"listen[{index}]": text for index, text in enumerate(service.listen)}
    found |= {f"env.{name}": text for name, text in service.env.items()}
    if isinstance(service.enabled, str):
        found["enabled"] = service.enabled
    if isinstance(service.target, tuple):
        found |= {f"exec[{index}]": text for index, text in enumerate(service.target)}
    return found


def _target(table: Table) -> tuple[Literal["app", "run", "exec"], str | tuple[str, ...]]:
    kinds: tuple[Literal["app", "run", "exec"], ...] = ("app", "run", "exec")
    given = [kind for kind in kinds if kind in table.data]
    table.asked.update(kinds)
    if len(given) != 1:
        found = " and ".join(f"`{kind}`" for kind in given) or "none of them"
        raise SettingsError(
            f"{table.where()}: a service has one of `app`, `run` and `exec`, this one has {found}"
        )
    kind = given[0]
    if kind == "exec":
        words = table.texts("exec", ())
        if not words:
            raise table.error("exec", 'expected a command such as ["nginx", "-g", "daemon off;"]')
        return kind, words
    target = table.text(kind, "")
    if not _TARGET.fullmatch(target):
        raise table.error(kind, f'{target!r} is no object such as "pkg.module:name"')
    return kind, target


def _options(table: Table) -> dict[str, Any]:
    options = table.mapping("options")
    for name, value in options.items():
        if isinstance(value, str) and re.search(r"(?<!\$)\$\{", value):
            raise table.error(
                f"options.{name}",
                f"{value!r}: options are what the server is given as they stand, with no ${{key}}",
                hint="a server that reads a variable can have it: "
                'env = { WEB_CONCURRENCY = "${web.workers}" }, for gunicorn',
            )
    return options


def _ready(kind: str, table: Table) -> str | dict[str, Any]:
    default = "" if kind == "exec" else "notify"
    value = table.raw("ready", default, origin=f"a service with `{kind}`")
    if kind != "exec":
        if value not in ("notify", "started"):
            raise table.error(
                "ready", 'a service with `app` or `run` says it from inside: "notify" or "started"'
            )
        return str(value)
    probe = isinstance(value, dict) and len(value) == 1 and next(iter(value)) in _PROBES
    if not probe and value not in ("notify", "started"):
        raise table.error(
            "ready",
            "how this program tells that it is ready is not said",
            hint='"notify", "started", { http = URL }, { tcp = "host:port" } or { exec = [...] }',
        )
    return cast("str | dict[str, Any]", value)


def _enabled(table: Table) -> bool | str:
    value = table.raw("enabled", True)
    if isinstance(value, bool) or (isinstance(value, str) and "${" in value):
        return value
    raise table.error("enabled", 'expected true, false, or the configuration\'s "${key}"')


def _stop_signal(kind: str, table: Table) -> str:
    known = tuple(row.name for row in signal.Signals if row not in _UNFIT)
    value = table.choice("stop_signal", "SIGTERM", known)
    if kind == "app" and value != "SIGTERM":
        raise table.error("stop_signal", "a server is stopped by SIGTERM, and drains then")
    return value


def _watchdog(table: Table) -> float:
    seconds = table.seconds("watchdog", 0.0)
    if 0 < seconds < 1:
        raise table.error("watchdog", "less than a second tells a slow process from none")
    return seconds


def _nice(table: Table) -> int:
    value = table.raw("nice", 0)
    if not isinstance(value, int) or isinstance(value, bool) or not -20 <= value <= 19:
        raise table.error("nice", "expected a whole number from -20 to 19")
    return value


def _rlimits(table: Table) -> dict[str, int]:
    """By name as in setrlimit(2), ``nofile``; sizes may have a unit, ``none`` is no limit."""
    found = {}
    for name, value in table.mapping("rlimits").items():
        if name not in RLIMITS:
            near = get_close_matches(name, RLIMITS, 1)
            hint = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(RLIMITS)}"
            raise table.error(f"rlimits.{name}", "there is no such limit", hint=hint)
        number = value
        if isinstance(value, str):
            try:
                number = -1 if value == "none" else bytesize.size(value)
            except ValueError:
                number = None
        if not isinstance(number, int) or isinstance(number, bool) or number < -1:
            raise table.error(
                f"rlimits.{name}", 'expected a number, a size such as "1 GB", or "none"'
            )
        found[name] = number
    return found


def _pair(table: Table, key: str, default: tuple[float, float]) -> tuple[float, float]:
    value = table.raw(key, list(default))
    numbers = isinstance(value, list) and all(isinstance(v, int | float) for v in value)
    if not numbers or len(value) != 2 or not 0 <= value[0] <= value[1]:
        raise table.error(key, "expected [first, longest] in seconds")
    return float(value[0]), float(value[1])


def _intensity(table: Table) -> tuple[int, float]:
    value = table.raw("intensity", [5, 30.0])
    numbers = isinstance(value, list) and all(isinstance(v, int | float) for v in value)
    if not numbers or len(value) != 2 or value[0] < 0 or value[1] <= 0:
        raise table.error("intensity", "expected [restarts, seconds]")
    return int(value[0]), float(value[1])
