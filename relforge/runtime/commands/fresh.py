"""``eval``, ``run`` and ``console``: in a fresh process."""

from __future__ import annotations

import sys

from ..client.launch import execute
from ..errors import USAGE, Refusal
from . import usage


def evaluate(argv: list[str]) -> int:
    """``eval EXPR``: the configuration of ``start``, and the value's ``repr``."""
    words = argv[1:] if argv[:1] == ["--"] else argv
    if len(words) != 1:
        problem = "eval needs an expression" if not words else "the expression is several words"
        raise Refusal(problem, hint="usage: eval 'EXPR'", code=USAGE)
    return execute(["eval", words[0]])


def run(argv: list[str]) -> int:
    """``run pkg.mod:fn ARGS``: the arguments are strings."""
    from ..agent.entry import split

    words = argv[1:] if argv[:1] == ["--"] else argv
    if not words:
        raise Refusal("run needs a function", hint="usage: run pkg.mod:fn [ARGS]", code=USAGE)
    split(words[0])
    return execute(["run", *words])


def console(argv: list[str]) -> int:
    """A REPL in a fresh process; with ``--plain``, or without a terminal, all in that one."""
    from .. import options
    from ..client import front

    given = options.parse(argv, flags="--plain")
    options.most(given, 0, usage("console"))
    if given.flags or not sys.stdin.isatty() or not front.possible():
        return execute(["console"])
    from ..client import private

    return private.console(lambda: front.terminal("console_history"))
