"""One evaluation: what the client asked for, its interrupt, and its outcome."""

from __future__ import annotations

import inspect
import time

from .. import calling
from ..errors import USAGE, Refusal
from ..protocol.request import EvaluationRequest
from . import entry, modules, report, source
from .guard import Guard
from .native import allocate_lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from types import CodeType
    from typing import Any

    from .awaiting import Awaited
    from .percent import ConsoleState

    Loops = Callable[[], tuple[asyncio.AbstractEventLoop, bool]]


class Evaluation:
    """Runs in the evaluator's thread; ``interrupt`` comes from the connection's."""

    def __init__(self, request: EvaluationRequest, name: str) -> None:
        self.request = request
        self.name = name
        self.interrupts = 0
        self._started = time.perf_counter()
        self._guard = Guard()
        self._awaited: Awaited | None = None
        self._lock = allocate_lock()
        self._reported = False

    def run(self, namespace: dict[str, Any], loops: Loops, console: ConsoleState) -> dict[str, Any]:
        """The outcome as the fields of a ``done`` message; raises what the code raises."""
        if self.request.line is not None:
            value, has_value = self._percent(self.request.line, loops, console), False
        elif self.request.target is not None:
            value, has_value = self._call(loops), True
        else:
            value, has_value = self._code(namespace, loops)
        outcome: dict[str, Any] = {"ok": True}
        if self.request.json:
            # A `__repr__` is the application's code as well, so it can be interrupted.
            outcome["json"] = self._here(report.as_json, value)
        elif has_value and value is not None:
            namespace["_"] = value
            text = self._here(report.value, value, self.request.columns)
            outcome["repr"], console.rest = report.cut(text, self.request.most)
            if console.rest and self.request.most is not None:
                outcome["left"] = len(console.rest)
        return outcome

    def interrupt(self) -> str:
        """Ctrl-C; ``raised`` in running code, or ``cancelled`` where it awaits."""
        self.interrupts += 1
        if self._guard.interrupt():
            return "raised"
        awaited = self._awaited
        if awaited is not None:
            awaited.cancel()
        return "cancelled"

    def finish(self) -> bool:
        """True for the one caller that may report the outcome."""
        with self._lock:
            first = not self._reported
            self._reported = True
            return first

    @property
    def milliseconds(self) -> float:
        return (time.perf_counter() - self._started) * 1000

    def _code(self, namespace: dict[str, Any], loops: Loops) -> tuple[Any, bool]:
        text = source.dedented(self.request.source)
        source.remember(self.name, text)
        parts, has_value = source.parts(text, self.name)
        self._here(modules.bring, text, namespace)
        value = None
        for code in parts:
            if code.co_flags & inspect.CO_COROUTINE:
                value = self._await(eval(code, namespace), loops)
            elif self.request.on_loop:
                value = self._await(_later(code, namespace), loops)
            else:
                value = self._here(eval, code, namespace)
        return value, has_value

    def _call(self, loops: Loops) -> Any:
        assert self.request.target is not None
        function = self._here(entry.find, self.request.target)
        problem = calling.unbound(function, *self.request.args, **self.request.kwargs)
        if problem:
            raise Refusal(f"{self.request.target}: {problem}", code=USAGE)
        value = self._here(function, *self.request.args, **self.request.kwargs)
        return self._await(calling.whole(value), loops) if inspect.isawaitable(value) else value

    def _percent(self, line: str, loops: Loops, console: ConsoleState) -> Any:
        # Late: a process that nobody asks does not pay for it.
        from . import percent

        function, words = percent.find(line)
        value = self._here(function, console, words)
        return self._await(value, loops) if inspect.isawaitable(value) else value

    def _here(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        def checked() -> Any:
            self._guard.check()
            return function(*args, **kwargs)

        return self._guard.run(checked)

    def _await(self, coro: Any, loops: Loops) -> Any:
        # Late: a service on plain threads does not pay for asyncio.
        from .awaiting import Awaited

        loop, running = loops()
        self._awaited = Awaited(coro, self._guard, loop)
        try:
            return self._awaited.result() if running else self._awaited.run()
        finally:
            self._awaited = None


async def _later(code: CodeType, namespace: dict[str, Any]) -> Any:
    return eval(code, namespace)
