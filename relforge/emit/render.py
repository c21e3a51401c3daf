"""A target's files, as texts: pure, so that they can be compared in memory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from relforge.emit import quoting
from relforge.emit.deployment import Deployment, Endpoint
from relforge.emit.targets import TARGETS
from relforge.model.spec import Settings
from relforge.runtime import unit
from relforge.support import templates
from relforge.support.errors import UserError

MARK = "# Written by `"  # how a file is known that may be written again; the units' own, too
_CONTAINERS = ("dockerfile", "compose", "k8s", "nomad", "heroku")
_PROXIES = ("nginx", "haproxy", "caddy")
_SOCKETS = {"nginx": "unix:{}", "haproxy": "unix@{}", "caddy": "unix/{}"}
_LABEL = 63  # characters of a name in Kubernetes and in DNS (RFC 1123)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """``path`` is relative to ``--out``."""

    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Emitted:
    """The files of one target, what does not work yet, and the commands that come next."""

    files: tuple[File, ...]
    notes: tuple[str, ...]
    next: tuple[str, ...]


def emit(target: str, deployment: Deployment, settings: Settings) -> Emitted:
    """The files of a target of `TARGETS`; raises UserError where the release cannot have it."""
    row = TARGETS[target]
    if row.needs_page and deployment.page is None:
        raise UserError(
            f"{target}: no service of {deployment.name} listens, so there is nothing to pass on",
            hint='give a service an address: listen = ["127.0.0.1:8000"]',
        )
    environment = templates.environment(_FILTERS)
    context = _context(target, deployment, settings)

    def text(template: str) -> str:
        return environment.from_string(template).render(context)

    files = tuple(
        File(path=text(path), text=text(templates.source(f"emit/{name}")))
        for path, name in row.files
    )
    return Emitted(
        files=tuple(file for file in files if file.text.strip()),
        notes=tuple(_notes(target, deployment)),
        next=tuple(line for line in map(text, row.next) if line),
    )


def _context(target: str, deployment: Deployment, settings: Settings) -> dict[str, Any]:
    hosts = deployment.hosts or ("127.0.0.1",)
    return {
        "d": deployment,
        "mark": f"Written by `relforge emit {target}` for {deployment.name} {deployment.version}, "
        f"environment {deployment.env}.",
        "servers": _servers(target, deployment, hosts),
        "names": _names(deployment, hosts),
        "ports": sorted({row.port for row in deployment.endpoints if row.port}),
        "process_types": json.dumps(_process_types(deployment)),
        "unit": lambda: _unit(deployment, settings),
    }


def _servers(target: str, deployment: Deployment, hosts: tuple[str, ...]) -> list[str]:
    """Where a proxy passes requests to, in its own syntax."""
    page = deployment.page
    if page is None:
        return []
    if page.path:
        if deployment.hosts:
            raise UserError(
                f"--hosts: {page.service} listens on a Unix socket, which other hosts cannot reach",
                hint="leave --hosts out, or let the service listen on a port",
            )
        return [_SOCKETS.get(target, "{}").format(page.path)]
    return [f"[{host}]:{page.port}" if ":" in host else f"{host}:{page.port}" for host in hosts]


def _names(deployment: Deployment, hosts: tuple[str, ...]) -> list[str]:
    """One for each host: its own first label, or a number where that says nothing."""
    labels = [host.split(".")[0] for host in hosts]
    plain = len(set(labels)) == len(labels) and all(re.match(r"[A-Za-z]", row) for row in labels)
    numbered = [f"{word(deployment.name)}{number}" for number in range(1, len(hosts) + 1)]
    return labels if plain else numbered


def _process_types(deployment: Deployment) -> dict[str, str]:
    program = f"bin/{deployment.name}"
    rows = {"web" if deployment.page else "worker": f"{program} foreground"}
    return rows | ({"release": f"{program} {deployment.migrate}"} if deployment.migrate else {})


def _unit(deployment: Deployment, settings: Settings) -> str:
    """The unit that the release itself writes on a host, for its usual place there."""
    release = {
        "name": deployment.name,
        "services": {row.name: row.row() for row in settings.services},
        "hooks": {row.name: row.row() for row in settings.hooks},
    }
    seat = unit.Seat(
        program=f"{deployment.root}/current/bin/{deployment.name}",
        state=f"{deployment.root}/var",
        writable=f"{deployment.root}/var",
        user=[f"User={deployment.user}"],
        home="yes",
        systemd=0,
    )
    return unit.service(release, seat, unit.Kind(settings.deb.hardening))


def _notes(target: str, deployment: Deployment) -> Iterator[str]:
    """What a user has to change before it works."""
    if target in _CONTAINERS:
        for name in deployment.unreachable:
            yield (
                f"{name} listens where nothing outside the container reaches it: "
                f'services.{name}.listen = ["0.0.0.0:8000"], or a key with an environment variable'
            )
    page = deployment.page
    if target in _PROXIES and page and deployment.hosts and page.is_private:
        yield (
            f"{page.service} listens on {page.host}, which the proxy reaches on its own host "
            f"only: set its address in the configuration of each host"
        )
    if target in ("haproxy", "caddy", "k8s") and not deployment.health:
        yield (
            "there is no health check: name a page that answers when the release can serve, "
            f'tool.relforge.upgrade.health = {{ http = "{_page_address(page)}/health" }}'
        )
    if target == "heroku" and page and page.port:
        yield from _heroku(deployment)


def _page_address(page: Endpoint | None) -> str:
    return f"http://127.0.0.1:{page.port}" if page and page.port else "http://127.0.0.1:8000"


def _heroku(deployment: Deployment) -> Iterator[str]:
    settings = " ".join(f"{name}={value}" for name, value in deployment.opening.items())
    if settings:
        yield f"set once: heroku config:set {settings}"
    if deployment.page and deployment.page.port_variable != "PORT":
        yield 'the platform gives the port in $PORT: the env provider needs map = { PORT = "KEY" }'


def word(text: str) -> str:
    """A text as a label (RFC 1123): lower case, digits, dashes."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:_LABEL].rstrip("-")


_FILTERS = {"shell": quoting.shell, "double": quoting.double, "word": word}
