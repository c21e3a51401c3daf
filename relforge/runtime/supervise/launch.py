"""Starting one process of a service."""

from __future__ import annotations

import json
import os

from ..protocol import questions
from ..wire.spawn import FIRST, INHERITED, application, bare, spawn
from . import journald, orphans
from .agent_sockets import NEXT
from .plan import Plan
from .rules.world import Process
from .specs import Spec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def start(
    plan: Plan, process: Process, mark: str, *, kept: int, beside: bool
) -> tuple[int, int, int]:
    """Start a process, in a process group of its own.

    Returns its pid, the reading end of its output, and that of a pipe which ends when a
    program has been executed; -1 where there is none.
    It finds its sockets from descriptor 3 on, then the configuration, then, a
    program, the pipe that ends at its exec, another one the state that was kept
    for it.  Raises OSError.
    """
    born, spec = process.generation, process.spec
    passed = [row.sock.fileno() for row in born.listeners[spec.name]] + [born.portion(spec)]
    program = output = -1
    theirs = INHERITED
    opened: list[int] = []
    try:
        if spec.kind == "exec":
            program, end = os.pipe()
            passed.append(end)
            opened.append(end)
        elif kept >= 0:
            passed.append(kept)
        environ = environment(plan, process, kept=kept >= 0, beside=beside)
        environ[orphans.MARK] = mark
        if plan.journal.path is not None:
            output, theirs = os.pipe()
            opened.append(theirs)
        elif plan.journal.native:
            theirs = journald.stream(f"{born.manifest['name']}/{process}")
            if theirs >= 0:
                environ[journald.VARIABLE] = journald.place(theirs)
                opened.append(theirs)
        pid = spawn(_words(process), environ, descriptors=passed, output=theirs, alone=True)
    except BaseException:
        opened += [fd for fd in (program, output) if fd >= 0]
        raise
    finally:
        for fd in opened:
            os.close(fd)
    return pid, output, program


def environment(
    plan: Plan, process: Process, *, kept: bool = False, beside: bool = False
) -> dict[str, str]:
    """The variables of the process: ours without what is internal, and the service's own."""
    born, spec = process.generation, process.spec
    environ = born.handed_variables(spec.handed)
    environ |= {"NOTIFY_SOCKET": plan.notices.path, **spec.env}
    listeners = len(born.listeners[spec.name])
    name = str(process)
    # The process that it replaces still has the name; the supervisor renames the socket then.
    first = f"{name}.{NEXT}" if beside else name
    question = questions.service(
        described(spec),
        instance=process.instance,
        listeners=listeners,
        agents=(plan.paths.socket(name), plan.paths.socket(first)),
        console=born.manifest["console"],
        kept=kept,
        supervisor=os.getpid(),
    )
    if "uid" in spec.standing:
        plan.open_up()
    if spec.watchdog:
        environ["WATCHDOG_USEC"] = str(int(spec.watchdog * 1_000_000))
    environ[questions.SERVICE] = json.dumps(question)
    environ[questions.CONFIG_FD] = str(FIRST + listeners)
    return environ


def described(spec: Spec) -> dict[str, Any]:
    """What the process gets to know of its service: all but the variables, which it has."""
    row = {**spec.row(), "name": spec.name, "stop_signal": spec.signal}
    del row["env"]
    return row


def _words(process: Process) -> list[str]:
    python, root = process.generation.python, process.generation.paths.root
    if process.spec.kind == "exec":
        return bare(python, root, "program")  # which becomes the program at once
    return application(python, root, "service")
