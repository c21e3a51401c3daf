"""Role ``service``: the process of an ``app`` or ``run`` service."""

from __future__ import annotations

import faulthandler
import gc
import importlib
import inspect
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .. import calling, running, stack_signals
from ..agent import audit, entry, report, server
from ..agent.server import Agent
from ..config import loading, redaction, renewal, view
from ..errors import Refusal
from ..protocol import questions
from ..wire import parent_death
from . import notify, standing, watchdog
from .program import offer

TERMINATED = 128 + signal.SIGTERM


def main(_argv: list[str]) -> int:
    """Run the service to its end; what the application raises is shown, and is status 1."""
    service = questions.taken(questions.SERVICE)
    parent_death.tie(service["supervisor"])
    try:
        standing.limit(service)
        running.enter(service["cwd"], f"services.{service['name']}")
    except Refusal as error:
        return _refused(error)
    faulthandler.enable()
    faulthandler.register(stack_signals.TO_LOG, all_threads=True)
    for stream in (sys.stdout, sys.stderr):
        # A line is in the log when it is printed, not when 8 KiB have gathered.
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # a text file
    config = questions.configuration()
    secrets = renewal.secrets(loading.read(config))
    view.install(config, os.environ)
    redaction.install()
    namespace: dict[str, Any] = {}
    info = {
        "name": os.environ.get("RELEASE_NAME", ""),
        "version": os.environ.get("RELEASE_VERSION", ""),
        "service": service["name"],
        "instance": service["instance"],
    }
    try:
        agent = server.start(
            *(service["agent"], info, namespace, service["console"]),
            first=service.get("agent_first"),
        )
    except Refusal as error:
        return _refused(error)
    agent.secrets = secrets
    if service.get("audit"):
        audit.send_to(notify.address())
    try:
        if service["server"] != "gunicorn":  # whose workers do it themselves
            agent.admit(service["standing"])
            standing.become(service["standing"])
            parent_death.tie(service["supervisor"])
        if service["kind"] == "app":
            return _serve(service, agent)
        sys.argv = [service["name"], *service["args"]]  # some read it while they are imported
        with _collecting_nothing():
            namespace["app"] = entry.find(service["target"])
        _succeed(service)
        return _run(namespace["app"], service, agent)
    except Refusal as error:
        return _refused(error)
    except Exception as error:
        print(report.error(error), end="", file=sys.stderr)
        return 1
    finally:
        agent.close()


def _refused(error: Refusal) -> int:
    print(error.message, *filter(None, [error.hint]), sep="\n  ", file=sys.stderr)
    return error.code


def _serve(service: dict[str, Any], agent: Agent) -> int:
    """Have the server import the application where it wants it: gunicorn does in its workers."""
    notify.keep()
    factory = service["options"].pop("factory", False)

    def load() -> Any:
        with _collecting_nothing():
            found = entry.imported(service["target"])
            found = found() if factory else found
        agent.namespace["app"] = found
        _succeed(service)
        if os.environ.get("RELEASE_PREVIOUS_ROOT"):
            from . import previous

            found = previous.wrap(found, os.environ)
        return found

    adapter = importlib.import_module(f"..servers.{service['server']}", __name__)
    code: int = adapter.serve(load, service, agent)
    return code


@contextmanager
def _collecting_nothing() -> Iterator[None]:
    """Import without garbage collection: there is little to collect, and it takes a fifth of it.

    All that is there in the end is left out of later collections (`gc.freeze`).

    An application that sets thresholds of its own meanwhile keeps them.
    """
    usual, ours = gc.get_threshold(), (0, 0, 0)
    gc.set_threshold(*ours)
    try:
        yield
    finally:
        # Nearly all of what an import makes stays: no request pays for looking at it.
        gc.freeze()
        if gc.get_threshold() == ours:
            gc.set_threshold(*usual)


def _succeed(service: dict[str, Any]) -> None:
    """Take over from the process whose place this one is to have, where the application wants to.

    Only what it has imported shows that it does.
    """
    handoff, kept = sys.modules.get("relforge.runtime.handoff"), service.get("kept")
    if handoff is not None and kept is not None:
        handoff.receive_kept(service["agent"], kept)
    elif handoff is not None and service.get("agent_first", service["agent"]) != service["agent"]:
        handoff.receive(service["agent"])


def _run(function: Any, service: dict[str, Any], agent: Agent) -> int:
    """Call it as a console script: without arguments, its words in ``sys.argv``.

    What it returns is its exit status, as ``sys.exit`` has it.

    SIGTERM raises SystemExit in the main thread, or cancels the main task, so
    that `finally` runs; an application that sets a handler of its own has its way.
    """
    offer(len(service["listen"]))
    for fd in service["listen"]:
        os.set_inheritable(fd, True)
    if service["ready"] == "started":
        notify.ready()
    if inspect.iscoroutinefunction(inspect.unwrap(function)):
        import asyncio

        result = asyncio.run(_coroutine(function, service, agent))
    else:
        signal.signal(service["stop_signal"], _terminated)
        watchdog.from_thread(service["watchdog"])
        result = function()
    return calling.exit_status(result)


async def _coroutine(function: Any, service: dict[str, Any], agent: Agent) -> Any:
    import asyncio

    loop = asyncio.get_running_loop()
    agent.loop = loop
    task = asyncio.current_task()
    assert task is not None
    asked = False

    def stop() -> None:
        nonlocal asked
        asked = True
        task.cancel()

    loop.add_signal_handler(service["stop_signal"], stop)
    watchdog.on_loop(loop, service["watchdog"])
    try:
        return await function()
    except asyncio.CancelledError:
        if not asked:
            raise
        return TERMINATED
    finally:
        agent.loop = None


def _terminated(_number: int, _frame: object) -> None:
    raise SystemExit(TERMINATED)
