"""What the settings say about running a release somewhere, before anything is built."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from relforge.model.deploy import Deploy
from relforge.model.spec import ConfigSettings, Settings
from relforge.runtime.contract import address, amount, naming, reference
from relforge.runtime.contract.address import Address
from relforge.runtime.contract.wrong import Wrong
from relforge.support.errors import UserError
from relforge.support.urls import split_url

TARGET = "linux-x86_64"  # in the names of tarballs
_STOP_MARGIN = 5  # seconds that the supervisor itself may take after the last service


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a service listens: ``host`` and ``port``, or the ``path`` of a Unix socket.

    ``opening`` are the variables that make it listen on every interface, where it listens on
    the loopback interface by default.
    """

    service: str
    host: str = ""
    port: int = 0
    path: str = ""
    opening: tuple[tuple[str, str], ...] = ()
    port_variable: str = ""  # that sets the port, "" where none does

    @property
    def is_private(self) -> bool:
        """Can only this host, or this container, reach it?"""
        return bool(self.path) or address.is_loopback(self.host)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """An environment variable that the release reads, for a key without a usable default."""

    name: str
    about: str  # the key and what it is for, on one line
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One release and where it runs.  Times are whole seconds."""

    name: str
    version: str
    env: str
    user: str  # of the operating system
    root: str  # the deploy root
    endpoints: tuple[Endpoint, ...]
    health: str  # a path such as /health, or ""
    grace: int  # how long a stop may take
    ready: int  # how long a start may take
    migrate: str  # the command that brings the database up to date, or ""
    variables: tuple[Variable, ...]
    domain: str
    hosts: tuple[str, ...]  # that a proxy passes requests to
    image: str
    artifact: str  # the address of the tarball
    sha256: str  # its digest, or ""
    target: str
    python: str  # the version that builds it

    @property
    def page(self) -> Endpoint | None:
        """Where the pages are, for a proxy and for probes."""
        return self.endpoints[0] if self.endpoints else None

    @property
    def file(self) -> str:
        """The name of the artifact's file."""
        return self.artifact.rpartition("/")[2]

    @property
    def opening(self) -> dict[str, str]:
        """Variables that make every service reachable from outside a container."""
        return dict(row for endpoint in self.endpoints for row in endpoint.opening)

    @property
    def unreachable(self) -> tuple[str, ...]:
        """Services that nothing outside a container reaches, whatever the environment says."""
        return tuple(row.service for row in self.endpoints if row.is_private and not row.opening)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the command line says; "" and () stand for the default."""

    values: Mapping[str, str]  # of the configuration: key, text
    domain: str = "example.com"
    hosts: tuple[str, ...] = ()
    image: str = ""
    artifact: str = ""
    sha256: str = ""
    migrate: str = ""


def of(settings: Settings, env: str, choices: Choices) -> Deployment:
    """The deployment; raises UserError for a key without a value, and an unknown command."""
    values = _values(settings.config, choices.values)
    name = settings.name
    known = next((row for row in settings.deploys if row.name == env), Deploy())
    root = known.root or f"/srv/{name}"
    places = {"release.root": f"{root}/current", "release.state": f"{root}/var"}
    places["release.app"] = f"{root}/current/app"
    endpoints = tuple(_endpoints(settings, {**values, **places}))
    waits = [_seconds(row.drain, values, 20.0) + row.kill_after for row in settings.services]
    starts = [_seconds(row.ready_timeout, values, 60.0) for row in settings.services]
    file = f"{name}-{settings.version}-{TARGET}.tar.gz"
    return Deployment(
        name=name,
        version=settings.version,
        env=env,
        user=known.run_as or settings.deb.user or re.sub(r"[^a-z0-9_-]+", "-", name.lower()),
        root=root,
        endpoints=endpoints,
        health=_health(settings.upgrade.health),
        grace=round(max(waits, default=0)) + _STOP_MARGIN,
        ready=round(max(starts, default=60)),
        migrate=_migrate(settings, choices.migrate or "".join(known.migrate[:1])),
        variables=tuple(_variables(settings.config)),
        domain=choices.domain,
        hosts=choices.hosts or known.hosts,
        image=choices.image or f"{name.lower()}:{settings.version}",
        artifact=choices.artifact or f"https://example.com/releases/{file}",
        sha256=choices.sha256,
        target=TARGET,
        python=settings.python.version.rstrip("t"),
    )


def _values(config: ConfigSettings, chosen: Mapping[str, str]) -> dict[str, str]:
    """Each key's default, with what was chosen laid over it."""
    found = {key: str(row["default"]) for key, row in config.schema.items() if "default" in row}
    for key in chosen:
        if config.schema and key not in config.schema:
            known = ", ".join(sorted(config.schema))
            raise UserError(
                f"--set {key}: the configuration has no such key", hint=f"known: {known}"
            )
    return {**found, **chosen}


def _endpoints(settings: Settings, values: Mapping[str, str]) -> Iterator[Endpoint]:
    """Those of applications first: they have the pages."""
    for service in sorted(settings.services, key=lambda row: row.kind != "app"):
        for number, text in enumerate(service.listen if service.enabled is not False else ()):
            where = f"services.{service.name}.listen[{number}]"
            found = _address(text, values, where)
            if found.path:
                path = (
                    found.path
                    if found.path.startswith("/")
                    else f"/run/{settings.name}/{found.path}"
                )
                yield Endpoint(service=service.name, path=path)
                continue
            yield Endpoint(
                service=service.name,
                host=found.host,
                port=found.port,
                opening=_opening(text, found, settings.config),
                port_variable=_port_variable(text, settings.config),
            )


def _address(text: str, values: Mapping[str, str], where: str) -> Address:
    def value(key: str) -> str:
        if key not in values:
            raise UserError(
                f"{where}: {text!r} needs {key}, which has no default",
                hint=f"give it a value: relforge emit ... --set {key}=VALUE",
            )
        return values[key]

    try:
        found = address.read(reference.put(text, value))
    except Wrong as wrong:
        raise UserError(f"{where}: {wrong}", hint=wrong.hint) from None
    if not found.path and not found.port:
        raise UserError(
            f"{where}: port 0 is any free port, which nothing else can know",
            hint="give it one: relforge emit ... --set KEY=8000, or write it into `listen`",
        )
    return found


def _opening(text: str, found: Address, config: ConfigSettings) -> tuple[tuple[str, str], ...]:
    """How a container opens it: the variable of the key that is the host."""
    host, _, _ = text.rpartition(":")
    keys = reference.keys(host)
    if not address.is_loopback(found.host) or len(keys) != 1 or host != f"${{{keys[0]}}}":
        return ()
    name = _variable(config, keys[0])
    return ((name, address.EVERYWHERE),) if name else ()


def _port_variable(text: str, config: ConfigSettings) -> str:
    keys = reference.keys(text.rpartition(":")[2])
    return _variable(config, keys[0]) if len(keys) == 1 else ""


def _variable(config: ConfigSettings, key: str) -> str:
    """The environment variable that sets a key; the last provider that knows it wins."""
    for provider in reversed(config.providers):
        if provider.use != "env":
            continue
        for name, mapped in (provider.options.get("map") or {}).items():
            if mapped == key:
                return str(name)
        if prefix := provider.options.get("prefix"):
            return naming.variable(str(prefix), key)
    return ""


def _variables(config: ConfigSettings) -> Iterator[Variable]:
    for key, row in sorted(config.schema.items()):
        name = _variable(config, key)
        if name and (row.get("required") or row.get("secret")):
            yield Variable(
                name=name,
                about=": ".join(filter(None, (key, " ".join(str(row.get("doc", "")).split())))),
                required=bool(row.get("required")),
            )


def _seconds(value: float | str, values: Mapping[str, str], default: float) -> float:
    """A duration; the usual one where no value is known before the boot."""
    if not isinstance(value, str):
        return float(value)
    try:
        return amount.seconds(reference.put(value, lambda key: values.get(key, "")))
    except Wrong:
        return default


def _health(probe: dict[str, Any] | None) -> str:
    """The path of `upgrade.health`, where that is a page."""
    url = (probe or {}).get("http", "")
    bare = re.sub(r"\$\{[^}]*\}", "0", url)
    return split_url(bare if "//" in bare else f"//{bare}").path


def _migrate(settings: Settings, chosen: str) -> str:
    names = [row.name for row in settings.commands]
    if chosen and chosen not in names:
        raise UserError(
            f"--migrate {chosen}: the release has no such command",
            hint=f"its commands: {', '.join(names) or 'none'}",
        )
    return chosen or ("migrate" if "migrate" in names else "")
