"""``start``: the supervisor in the background, and the command that waits for its word."""

from __future__ import annotations

import json
import os
import sys

from ..errors import FAILED, Refusal
from ..protocol import startup
from ..protocol import supervisor as messages
from ..untrusted_text import line as printable
from ..wire.descriptors import inherited, write
from . import waiting
from .journal import SUPERVISOR
from .plan import Plan
from .rules.events import StartInterrupted
from .rules.world import Outcome
from .supervisor import Supervisor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

_TAIL = 50


def start(plan: Plan, wait: float) -> str:
    """Run the plan in a process of its own; return its line when everything is ready.

    Raises Refusal with the reason and the last lines of the service, and then
    nothing is left running: also when we ourselves are interrupted, which the
    other end of the pipe notices.
    """
    ours, theirs = os.pipe()
    _flush()
    middle = os.fork()
    if middle == 0:
        os.close(ours)
        _detach(plan, theirs, wait)
    os.close(theirs)
    os.waitpid(middle, 0)
    specs = {spec.name: spec for spec in plan.generation.specs}
    _let_go(plan)
    waiting.watch(ours, plan.paths.socket(SUPERVISOR), specs)
    with os.fdopen(ours, "rb") as pipe:
        words = pipe.read()
    try:
        answer: dict[str, Any] = json.loads(words)
    except ValueError:
        raise Refusal(
            "the supervisor died while it was starting", hint=f"the log: {plan.journal.path}"
        ) from None
    if "running" in answer:
        return str(answer["running"])
    refusal = messages.refusal(answer)
    hints = [refusal.hint] if refusal.hint else []
    refusal.hint = "\n  ".join([*hints, f"the log: {plan.journal.path}"])
    raise refusal


def _let_go(plan: Plan) -> None:
    """Our copies; the supervisor has its own."""
    plan.lock.release()
    for row in plan.generation.sockets():
        row.sock.close()
    plan.control.close()
    plan.notices.sock.close()
    plan.generation.forget()


def _detach(plan: Plan, pipe: int, wait: float) -> NoReturn:
    """The middle process ends at once; its child belongs to no terminal."""
    os.setsid()
    if os.fork():
        os._exit(0)
    code = FAILED
    try:
        code = _supervise(plan, pipe, wait)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        _flush()
        os._exit(code)


def _supervise(plan: Plan, pipe: int, wait: float) -> int:
    os.chdir("/")
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    # A lock or a pipe of the starter's would be open for as long as the release runs.
    for fd in inherited():
        os.close(fd)
    plan.journal.take_over()
    said = False

    def running(line: str) -> None:
        nonlocal said
        said = True
        supervisor.poller.remove(pipe)
        _answer(pipe, startup.running(line))
        os.close(pipe)

    def interrupted() -> None:
        supervisor.poller.remove(pipe)
        supervisor.post(StartInterrupted())

    supervisor = Supervisor(plan, wait=wait, running=running)
    supervisor.poller.add(pipe, 0, lambda _events: interrupted())
    outcome = supervisor.run()
    plan.journal.say("stopped")
    # Before the word: who reads it may start the next one.
    plan.close()
    if not said:
        _answer(pipe, _failure(outcome))
    return outcome.code if said else outcome.code or FAILED


def _flush() -> None:
    """None where the descriptor was closed when we were started."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()


def _failure(outcome: Outcome) -> dict[str, Any]:
    return messages.failed(
        outcome.message or "stopped before it was ready",
        code=outcome.code or FAILED,
        hint=outcome.hint,
        # A terminal would act on what a service prints.
        tail=[printable(line) for line in outcome.tail[-_TAIL:]],
    )


def _answer(pipe: int, answer: dict[str, Any]) -> None:
    try:
        write(pipe, json.dumps(answer).encode())
    except BrokenPipeError:
        return
