"""Role ``hook``: one hook of the release, in a fresh process with the configuration."""

from __future__ import annotations

import os
import sys
from typing import Any

from .. import calling, running
from ..agent import entry, report
from ..config import loading, view
from ..errors import FAILED, Refusal
from ..fresh.evaluation import awaited
from ..protocol import questions
from ..wire import parent_death


def main(_argv: list[str]) -> int:
    """Call the function, or become the program; exit status 0 is success.

    A function may take one parameter: the facts, a dict of strings.  What it
    returns counts only where it is a whole number, which is the exit status.
    """
    row = questions.taken(questions.HOOK)
    parent_death.tie(row["supervisor"])
    config = questions.configuration()
    try:
        running.enter(row["cwd"], f"hooks.{row['name']}")
        if row["exec"]:
            return _become(tuple(row["exec"]), config)
    except Refusal as error:
        print(error.message, file=sys.stderr)
        return error.code
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # a text file
    view.install(config, os.environ)
    try:
        sys.argv = [row["name"]]
        return _call(entry.find(row["call"]), row["facts"])
    except Refusal as error:
        print(error.message, error.hint, sep="\n  ", file=sys.stderr)
        return error.code
    except Exception as error:
        print(report.error(error), end="", file=sys.stderr)
        return FAILED


def _call(function: Any, facts: dict[str, str]) -> int:
    value = awaited(function(facts) if calling.takes_facts(function) else function())
    return value if isinstance(value, int) else 0


def _become(words: tuple[str, ...], config: int) -> int:
    """127 where there is no such program."""
    running.export(config, loading.read(config))
    try:
        running.become(words)
    except OSError as error:
        print(running.not_begun(words, error).message, file=sys.stderr)
    return running.NOT_FOUND
