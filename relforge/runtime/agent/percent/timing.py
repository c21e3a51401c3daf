"""``%timeit``: how long a statement takes."""

from __future__ import annotations

import inspect
import time

from .. import modules, source
from . import ConsoleState, usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine
    from types import CodeType
    from typing import Any

AT_LEAST = 0.2  # seconds, of one repetition
REPEAT = 5
_NAME = "<console timeit>"


def timeit(console: ConsoleState, words: list[str]) -> Coroutine[Any, Any, None] | None:
    """The best of five repetitions; as many runs in each as take long enough to measure."""
    text = words[0]
    if not text:
        raise usage("timeit")
    modules.bring(text, console.namespace)
    code = compile(text, _NAME, "exec", flags=source.AWAIT, dont_inherit=True)
    if code.co_flags & inspect.CO_COROUTINE:
        return _awaited(code, console.namespace)
    runs = 1
    while (took := _run(code, console.namespace, runs)) < AT_LEAST:
        runs *= 10 if took < AT_LEAST / 20 else 2
    _say(runs, [took, *(_run(code, console.namespace, runs) for _ in range(REPEAT - 1))])
    return None


async def _awaited(code: CodeType, namespace: dict[str, Any]) -> None:
    runs = 1
    while (took := await _run_awaited(code, namespace, runs)) < AT_LEAST:
        runs *= 10 if took < AT_LEAST / 20 else 2
    more = [await _run_awaited(code, namespace, runs) for _ in range(REPEAT - 1)]
    _say(runs, [took, *more])


def _run(code: CodeType, namespace: dict[str, Any], runs: int) -> float:
    began = time.perf_counter()
    for _ in range(runs):
        eval(code, namespace)
    return time.perf_counter() - began


async def _run_awaited(code: CodeType, namespace: dict[str, Any], runs: int) -> float:
    began = time.perf_counter()
    for _ in range(runs):
        await eval(code, namespace)
    return time.perf_counter() - began


def _say(runs: int, took: list[float]) -> None:
    best = min(took) / runs
    scales = ((1.0, "s"), (1e3, "ms"), (1e6, "µs"), (1e9, "ns"))
    scale, unit = next((row for row in scales if best * row[0] >= 1), scales[-1])
    print(f"{best * scale:.3g} {unit} a run: the best of {len(took)} times {runs} runs")
