"""``[tool.relforge.services.<name>]``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

from relforge.model.spec import ConfigSettings
from relforge.project.settings.runnable import read_target
from relforge.project.settings.table import Table
from relforge.runtime.contract.service import Service
from relforge.support.errors import SettingsError

NO_GRANIAN = (
    "granian opens its own sockets and cannot inherit one, so it could be neither "
    "replaced nor stopped without losing requests: run it as an `exec` service, or use uvicorn"
)
_NAME = re.compile(r"[a-z][a-z0-9_-]*")


def read_service(name: str, table: Table) -> Service:
    """One service; raises SettingsError."""
    if not _NAME.fullmatch(name):
        raise SettingsError(
            f"{table.where()}: a service's name has lower-case letters, digits, `-` and `_`"
        )
    kind, target = read_target(table, Service, "a service")
    if table.data.get("server") == "granian":
        raise table.error("server", NO_GRANIAN, hint="see docs/how-to/choose-a-server.md")
    if kind != "exec" and isinstance(table.data.get("ready"), dict):
        raise table.error(
            "ready",
            'a service with `app` or `run` reports it itself: "notify" or "started"',
        )
    values: dict[str, Any] = {"name": name, "kind": kind, "target": target}
    service = Service(**values, **table.record(Service, kind))
    _check_together(service, table)
    table.finish()
    return service


def handed_nothing(services: Iterable[Service], config: ConfigSettings) -> Iterator[str]:
    """A warning for each service of another user that does not say what it needs."""
    if not (config.schema or config.model or config.providers):
        return
    for service in services:
        if service.user and service.config is None:
            yield (
                f"tool.relforge.services.{service.name}: it has its own `user`, so it is handed "
                'nothing of the configuration; list what it needs: config = ["db.url", "http.*"], '
                'or config = ["*"] for everything, or config = [] for nothing'
            )


def check_depends(services: tuple[Service, ...]) -> None:
    """Refuse a dependency on nobody, and one that goes round in a circle."""
    by_name = {service.name: service for service in services}

    def walk(name: str, way: tuple[str, ...]) -> None:
        for index, other in enumerate(by_name[name].depends):
            where = f"tool.relforge.services.{name}.depends[{index}]"
            if other not in by_name:
                near = get_close_matches(other, by_name, 1)
                raise SettingsError(
                    f"{where}: no such service: {other!r}",
                    hint=f"did you mean `{near[0]}`?" if near else "",
                )
            if other in (*way, name):
                raise SettingsError(
                    f"{where}: circular dependency: {' -> '.join((*way, name, other))}"
                )
            walk(other, (*way, name))

    for service in services:
        walk(service.name, ())


def _check_together(service: Service, table: Table) -> None:
    """What one key of the contract cannot say alone."""
    if service.kind == "app" and not service.listen:
        raise table.error("listen", "an `app` needs an address to listen on")
    if service.kind == "app" and service.stop_signal != "SIGTERM":
        raise table.error("stop_signal", "a server is stopped with SIGTERM, and then drains")
    if service.singleton and service.instances != 1:
        raise table.error(
            "singleton", f"it has one instance at a time, but `instances` is {service.instances}"
        )
