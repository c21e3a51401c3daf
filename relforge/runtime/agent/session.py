"""One console: its names, its evaluator thread, its interrupts."""

from __future__ import annotations

import builtins
import os

from ..errors import USAGE, Refusal
from ..protocol import answers
from ..protocol.request import EvaluationRequest
from . import audit, loops, output, report, source
from .access import Peer
from .evaluation import Evaluation
from .native import SimpleQueue, Worker, get_ident
from .outbox import Outbox
from .percent import ConsoleState

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from typing import Any

    from .host import Host

KEPT_SOURCES = 200


class Session:
    """Evaluates one after the other; all methods but the evaluator's are the connection's."""

    def __init__(self, host: Host, outbox: Outbox, number: int, peer: Peer, whence: str) -> None:
        self._host = host
        self._outbox = outbox
        self._number = number
        self._who = audit.Who(peer, whence)
        self.namespace: dict[str, Any] = {"__name__": "__console__", "__builtins__": builtins}
        self._console = ConsoleState(host, self.namespace)
        self._queue: SimpleQueue[Evaluation | None] = SimpleQueue()
        self._waiting: dict[Any, Evaluation] = {}
        self._sources: list[str] = []
        self._count = 0
        self._generation = 0
        output.install()
        self._evaluator()

    @property
    def idle(self) -> bool:
        """Nothing runs and nothing waits."""
        return not self._waiting

    def submit(self, message: dict[str, Any]) -> None:
        """Queue an evaluation; raises ValueError where the message asks for none."""
        request = EvaluationRequest(message)
        self._count += 1
        evaluation = Evaluation(request, f"<console {self._number}.{self._count}>")
        self._sources.append(evaluation.name)
        if len(self._sources) > KEPT_SOURCES:
            source.forget(self._sources.pop(0))
        self._waiting[request.id] = evaluation
        self._queue.put(evaluation)

    def interrupt(self, request_id: Any) -> str:
        """Ctrl-C for an evaluation; the second one leaves its thread behind."""
        evaluation = self._waiting.get(request_id)
        if evaluation is None:
            return "idle"
        level = evaluation.interrupt()
        self._outbox.discard()
        if evaluation.interrupts < 2 or not evaluation.finish():
            return level
        # Stuck in C, or in code that swallows the exception: the session goes on without it.
        self._waiting.pop(request_id, None)
        self._evaluator()
        text = "Abandoned: the evaluation continues in a background thread\n"
        self._done(evaluation, answers.failure("Abandoned", text), "abandoned")
        return "abandoned"

    def close(self) -> None:
        """The client is gone: interrupt what runs, end the evaluator."""
        for evaluation in list(self._waiting.values()):
            evaluation.interrupt()
        self._queue.put(None)
        for name in self._sources:
            source.forget(name)

    def _evaluator(self) -> None:
        self._generation += 1
        generation = self._generation
        if generation == 1 and self._host.lend is not None:
            self._host.lend(lambda: self._work(generation))
            return
        Worker(lambda: self._work(generation), f"relforge-console-{self._number}").start()

    def _work(self, generation: int) -> None:
        self._outbox.patient = get_ident()
        output.current.set(self._outbox)
        own = _Loops(self._host)
        process = os.getpid()
        try:
            while generation == self._generation:
                evaluation = self._queue.get()
                if evaluation is None:
                    return
                self.audit(str(evaluation.request), audit.BEGUN, 0.0)
                outcome, word = self._evaluate(evaluation, own)
                if os.getpid() != process:
                    # The code forked, and this is the child: nothing of ours runs here.
                    os._exit(0)
                if evaluation.finish():
                    self._waiting.pop(evaluation.request.id, None)
                    self._done(evaluation, outcome, word)
        finally:
            own.close()

    def _evaluate(self, evaluation: Evaluation, own: _Loops) -> tuple[dict[str, Any], str]:
        for name, value in self._host.names().items():
            self.namespace.setdefault(name, value)
        self._console.columns = evaluation.request.columns or 80
        try:
            return evaluation.run(self.namespace, own.get, self._console), "ok"
        except Refusal as error:
            text = error.message + (f"\n  {error.hint}" if error.hint else "") + "\n"
            kind = "usage" if error.code == USAGE and evaluation.request.target else "error"
            return answers.failure("Refusal", text, kind=kind), "refused"
        except BaseException as error:
            # SystemExit too: `exit()` in a console is not the application's end.
            if getattr(error, "name", None) == "app" and "app" not in self._host.namespace:
                error.add_note("This process has not imported the application (yet).")
            return _failure(error), type(error).__name__

    def _done(self, evaluation: Evaluation, outcome: dict[str, Any], word: str) -> None:
        ms = evaluation.milliseconds
        self._outbox.send(answers.done(evaluation.request.id, ms, outcome))
        self.audit(str(evaluation.request), word, ms)

    def audit(self, source: str, outcome: str, ms: float) -> None:
        """Write the line of something that was done."""
        if not self._host.audited:
            return
        audit.record(
            service=self._host.service,
            session=self._number,
            who=self._who,
            outcome=outcome,
            ms=ms,
            source=source,
            secrets=self._host.secrets,
        )


class _Loops:
    """The loop for ``await``: the application's, or one of the evaluator's own."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._own: asyncio.AbstractEventLoop | None = None

    def get(self) -> tuple[asyncio.AbstractEventLoop, bool]:
        """The loop, and whether somebody else runs it."""
        found = loops.of(self._host)
        if found is not None:
            return found, True
        if self._own is None:
            import asyncio

            self._own = asyncio.new_event_loop()
        return self._own, False

    def close(self) -> None:
        if self._own is not None:
            self._own.close()


def _failure(error: BaseException) -> dict[str, Any]:
    try:
        text = report.error(error)
    except BaseException:
        # An exception whose own `__str__` fails, or no memory for its traceback.
        text = f"{type(error).__name__}\n"
    return answers.failure(type(error).__name__, text)
