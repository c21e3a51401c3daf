"""Role ``develop``: runs a service, a command or any program of a checkout, in its own Python.

The builder says what (`relforge.project.development`), in JSON:

    {"kind": "service" | "command" | "program", "name": ..., "row": the manifest's row,
     "words": [...], "release": the table of the release, of several, "reload": true,
     "watch": directories of the sources, "install": words for uv where the server is missing}

The configuration is resolved here, since its providers and its model may be the
project's own.
"""

from __future__ import annotations

import json
import os
import sys

from .. import paths, running
from ..config import loading, outside, view
from ..contract.command import Command
from ..errors import CONFIG, DONE, FAILED, Refusal, run_and_report
from ..supervise import sockets, specs
from . import place, servers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_FIRST = 3  # the descriptor of the first socket: sd_listen_fds(3)
_HIGH = 100  # of the configuration: above the sockets


def main(argv: list[str]) -> int:
    """Do what the order says; what the application raises is shown without our frames."""
    order: dict[str, Any] = json.loads(argv[0])
    from ..agent import report

    try:
        return run_and_report(lambda: _run(order))
    except Exception as error:
        sys.stdout.flush()
        print(report.error(error), end="", file=sys.stderr)
        return FAILED


def _run(order: dict[str, Any]) -> int:
    root = os.environ["RELEASE_ROOT"]
    where = paths.of(root)
    paths.prepare(where)
    os.environ.update(where.variables())
    result = _configuration(order)
    config = _descriptor(result)
    running.export(config, result)
    words = tuple(order["words"])
    if order["kind"] == "program":
        return _become(words)
    if order["kind"] == "command":
        return _command(order, words, result, config, where)
    return _service(order, result, config, where)


def _configuration(order: Mapping[str, Any]) -> dict[str, Any]:
    """As the application would find it by itself, with the tables of that release."""
    environ = {name: text for name, text in os.environ.items() if name != "RELEASE_NAME"}
    if order["release"]:
        environ["RELEASE_NAME"] = order["release"]
    with view.loading():
        return outside.find(environ)


def _descriptor(result: Mapping[str, Any]) -> int:
    """The configuration in memory, for this process and whatever it becomes or starts."""
    import fcntl

    memory = loading.sealed(result)
    config = fcntl.fcntl(memory, fcntl.F_DUPFD, _HIGH)
    os.close(memory)
    return config


def _command(
    order: Mapping[str, Any],
    words: tuple[str, ...],
    result: Mapping[str, Any],
    config: int,
    where: paths.Paths,
) -> int:
    from .. import command_line, options
    from ..commands import own

    name, row = order["name"], order["row"]
    about = command_line.asks_for_help([*words])
    if about and command_line.explains(row):
        print(command_line.usage(name, row))
        return DONE
    # Nothing is remembered of a checkout: there, `once` repeats by itself.
    given = [*words] if about else own.asked(name, row, [*words])[0]
    if given is None:
        return FAILED
    known = Command.of(row, name=name)
    command = place.settled(known, result["values"], f"commands.{name}", where)
    os.environ.update(command.env)
    running.enter(command.cwd, f"commands.{name}")
    if command.exec:
        return _become((*command.exec, *options.passed([*given])))
    from ..fresh import calls

    _in_process(config)
    if command.mode == "rpc":
        return calls.live(command.call, given)
    return calls.command(command, os.environ["RELEASE_NAME"], given, about=about)


def _service(
    order: Mapping[str, Any], result: Mapping[str, Any], config: int, where: paths.Paths
) -> int:
    name = order["name"]
    # A developer's processes run as the developer.
    row = {**order["row"], "user": "", "group": ""}
    values = result["values"]
    found = specs.read({"services": {name: row}}, values, where.root, where.state)
    if not found:
        raise Refusal(
            f"services.{name} is not enabled in this environment",
            hint="set `enabled` in [tool.relforge.env."
            f"{os.environ['RELEASE_ENV']}.services.{name}]",
            code=CONFIG,
        )
    spec = place.in_checkout(found[0], where.root)
    os.environ.update(spec.env)
    running.enter(spec.cwd, f"services.{name}")
    if spec.kind == "app":
        watch = tuple(order["watch"]) if order["reload"] else ()
        return _become(servers.command(spec, where, watch, order["install"]))
    _listen(spec, where)
    if spec.kind == "exec":
        return _become(spec.words)
    _in_process(config)
    return _call(spec)


def _listen(spec: specs.Spec, where: paths.Paths) -> None:
    """Open its sockets, from descriptor 3 on, as the supervisor does."""
    from ..service.program import offer

    opened = sockets.open_all([spec], where.run, [])[spec.name]
    for at, row in enumerate(opened):
        os.dup2(row.sock.fileno(), _FIRST + at, inheritable=True)
        if row.sock.fileno() >= _FIRST + len(opened):
            os.close(row.sock.detach())
        else:
            row.sock.detach()
    offer(len(opened))


def _in_process(config: int) -> None:
    from ..config import redaction

    view.install(config, os.environ)
    redaction.install()


def _call(spec: specs.Spec) -> int:
    """A `run` service, as a console script: what it returns is what ``sys.exit`` would have."""
    import asyncio
    import inspect

    from .. import calling
    from ..agent import entry

    sys.argv = [spec.name, *spec.args]  # some read it while they are imported
    function = entry.find(spec.function)
    if inspect.iscoroutinefunction(inspect.unwrap(function)):
        return calling.exit_status(asyncio.run(function()))
    return calling.exit_status(function())


def _become(words: tuple[str, ...]) -> int:
    try:
        running.become(words)
    except OSError as error:
        print(running.not_begun(words, error).message, file=sys.stderr)
        return running.NOT_FOUND
