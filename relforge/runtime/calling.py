"""How a callable of the project is called: by names, by words, or as a console script is.

The build judges a callable by the same rules by which the release calls it.

A *script* gets no arguments and finds its words in ``sys.argv``, as pip's
wrapper of a console script has it.  Words come as positional arguments only
where each parameter is plain and required, so that each word has its place.
"""

from __future__ import annotations

import functools
import inspect
import sys

from . import options
from .errors import DONE, FAILED, USAGE, Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

_PLAIN = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_OPEN = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
_WORDS = ("argv", "args")  # of `def main(argv=None)`, which reads sys.argv where it gets none


def is_script(function: Callable[..., Any]) -> bool:
    """Whether it reads ``sys.argv`` by itself.

    So do objects that are not functions, such as those of click and typer, and
    functions in the form ``main(argv=None)``.
    """
    if not _is_function(function):
        return True
    rows = _parameters(function) or []
    required = [row for row in rows if row.default is row.empty and row.kind not in _OPEN]
    return bool(rows) and not required and rows[0].name in _WORDS and rows[0].kind in _PLAIN


def names(function: Callable[..., Any]) -> tuple[str, ...] | None:
    """Its parameters, () for none; None where one of them is not plain and required."""
    rows = _parameters(function)
    if rows is None or not _is_function(function):
        return None
    if any(row.kind not in _PLAIN or row.default is not row.empty for row in rows):
        return None
    return tuple(row.name for row in rows)


def takes_facts(function: Callable[..., Any]) -> bool:
    """Whether a hook's function has a parameter for the facts."""
    rows = _parameters(function) or []
    return bool(rows) and not is_script(function)


def positional(function: Callable[..., Any], words: Sequence[str], name: str) -> tuple[str, ...]:
    """The words of a command line as arguments; raises Refusal (2) where they do not fit.

    ``name`` is the command's.  Behind a first ``--`` any word is an argument.
    """
    taken = names(function) or ()
    if words and not taken:
        raise Refusal(f"{name} takes no arguments", code=USAGE)
    given = options.parse([*words]).words
    if len(given) > len(taken):
        raise Refusal(f"{given[len(taken)]!r} is one argument too many", code=USAGE)
    if len(given) < len(taken):
        raise Refusal(f"{taken[len(given)]} is missing", code=USAGE)
    return tuple(given)


def exit_status(value: Any) -> int:
    """What ``sys.exit(value)`` would end with, and say."""
    if value is None:
        return DONE
    if isinstance(value, int):
        return int(value)
    sys.stdout.flush()
    print(value, file=sys.stderr)
    return FAILED


def misfit(
    function: Callable[..., Any],
    *,
    by_name: Sequence[str] = (),
    by_words: bool = False,
    by_facts: bool = False,
) -> str:
    """Why it cannot be called so; "" where it can."""
    if by_words and names(function):
        return ""
    if by_name:
        manner, problem = "with its `args` by name", unbound(function, **dict.fromkeys(by_name))
    elif by_facts and takes_facts(function):
        manner, problem = "with the facts of the hook", unbound(function, {})
    else:
        manner, problem = "without arguments", unbound(function)
    return f"it is called {manner}: {problem}" if problem else ""


def unbound(function: Callable[..., Any], /, *given: Any, **named: Any) -> str:
    """Why these cannot be its arguments; "" where they can."""
    try:
        found = signature(function)
    except (TypeError, ValueError):  # written in C
        return ""
    try:
        found.bind(*given, **named)
    except TypeError as error:
        return str(error)
    return ""


def signature(function: Callable[..., Any]) -> inspect.Signature:
    """Its signature, whatever its annotations name; raises as `inspect.signature` does.

    CPython 3.14 evaluates them only when somebody asks, and some names are there for type
    checkers alone.
    """
    if sys.version_info >= (3, 14):
        from annotationlib import Format

        return inspect.signature(function, annotation_format=Format.FORWARDREF)
    return inspect.signature(function)


async def whole(awaitable: Any) -> Any:
    """A coroutine of anything that can be awaited."""
    return await awaitable


def _is_function(function: Callable[..., Any]) -> bool:
    while isinstance(function, functools.partial):
        function = function.func
    return inspect.isroutine(inspect.unwrap(function))


def _parameters(function: Callable[..., Any]) -> list[inspect.Parameter] | None:
    try:
        return [*signature(function).parameters.values()]
    except (TypeError, ValueError):  # written in C
        return None
