"""The processes of a running release that can be asked, by the sockets of their agents."""

from __future__ import annotations

import os

from ..errors import NOT_RUNNING, USAGE, Refusal
from ..wire.unix import Absent, not_allowed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..instance import Running

    Services = dict[str, dict[str, Any]]  # of the manifest

PREFERRED = "web"


class AgentAddress:
    """One process with an agent, and the others that could have been asked.

    ``worker`` is 0, or K in the K-th process that a server such as gunicorn forked.
    ``owner`` is the user to whom the release belongs, None for the caller.
    """

    def __init__(
        self,
        service: str,
        instance: int,
        path: str,
        others: list[str],
        worker: int = 0,
        owner: int | None = None,
    ) -> None:
        self.owner = owner
        self.service = service
        self.instance = instance
        self.path = path
        self.others = others
        self.worker = worker

    def __str__(self) -> str:
        return shown((self.service, self.instance, self.worker))


def shown(key: tuple[str, int, int]) -> str:
    """``web.1``, ``web.1.2``."""
    return ".".join(map(str, key if key[2] else key[:2]))


def exact(key: tuple[str, int, int]) -> str:
    """What names this very process, also where it has workers."""
    return ".".join(map(str, key))


def agent(found: Running, wanted: str | None, services: Callable[[], Services]) -> AgentAddress:
    """The process to talk to: ``wanted`` is ``web``, ``web.2``, ``web.2.1``, or None for the usual.

    ``services`` reads those of the manifest, where the sockets do not suffice.  Where
    a server has workers, the first of them is meant, for the application is there;
    ``web.1.0`` is their parent.
    Raises Refusal, and Absent where the process may be about to come.
    """
    everything = sockets(found.run)
    if wanted is None:
        served = any(key[0] == PREFERRED for key in everything)
        service, words = PREFERRED if served else usual(services(), everything), []
    else:
        service, *words = wanted.split(".")
    fitting = [
        key
        for key in everything
        if key[0] == service and list(map(str, key[1:]))[: len(words)] == words
    ]
    if not fitting:
        raise _no_such(wanted or service, service, everything, services())
    chosen = min(fitting, key=lambda key: (key[1], key[2] or len(everything) + 1))
    others = [shown(key) for key in sorted(everything) if key != chosen]
    return AgentAddress(chosen[0], chosen[1], everything[chosen], others, chosen[2], found.owner)


def usual(services: Services, everything: dict[tuple[str, int, int], str]) -> str:
    """The service that is meant where none is named: ``web``, else the first by name."""
    names = {name for name, row in services.items() if row.get("kind") != "exec"}
    names = names or {key[0] for key in everything}
    return PREFERRED if PREFERRED in names or not names else min(names)


def sockets(run: str) -> dict[tuple[str, int, int], str]:
    """The sockets of agents in a run directory, by service, instance and worker."""
    try:
        names = os.listdir(run)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except PermissionError:
        raise not_allowed(run) from None
    found = {}
    for name in names:
        service, *numbers = name.removesuffix(".sock").split(".")
        fits = name.endswith(".sock") and service and 1 <= len(numbers) <= 2
        if fits and all(number.isdigit() for number in numbers):
            instance, worker = (*map(int, numbers), 0)[:2]
            found[service, instance, worker] = os.path.join(run, name)
    return found


def _no_such(
    wanted: str,
    service: str,
    sockets: dict[tuple[str, int, int], str],
    services: Services,
) -> Refusal:
    here = "running: " + ", ".join(map(shown, sorted(sockets))) if sockets else ""
    kind = services.get(service, {}).get("kind")
    if kind is None and services and all(row["kind"] == "exec" for row in services.values()):
        names = " and ".join(sorted(services))
        return Refusal(f"{names}: `exec` services have no console", code=USAGE)
    if kind is None and not sockets:
        return Absent("no process of a service is answering yet")
    if kind is None:
        return Refusal(f"no service {wanted!r}", hint=here, code=USAGE)
    if kind == "exec":
        return Refusal(
            f"{service} is an `exec` service, which has no console", hint=here, code=USAGE
        )
    instance = wanted.split(".")[1:2]
    most = services[service].get("instances", 1)
    most = most if isinstance(most, int) else 1 << 30  # as the configuration says
    if instance and instance[0].isdigit() and not 1 <= int(instance[0]) <= most:
        return Refusal(f"{wanted} is not running", hint=here, code=NOT_RUNNING)
    return Absent(f"{wanted} is not running", hint=here)
