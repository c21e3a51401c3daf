"""``remote_console`` without a terminal: statements from a pipe, one after the other."""

from __future__ import annotations

import ast
import sys

from .. import protocol as messages
from ..errors import DONE, FAILED, INTERRUPTED
from .connection import AgentClient
from .evaluate import LEAVE, evaluate


def run(client: AgentClient, text: str) -> int:
    """Evaluate each statement and print its value; the first that raises, or `exit()`, ends it."""
    for statement in split(text):
        if statement.strip() in LEAVE:
            return DONE
        try:
            done = evaluate(client, messages.evaluate(statement), patience=3)
        except KeyboardInterrupt:
            return INTERRUPTED
        if not done.get("ok"):
            print(done["error"].rstrip(), file=sys.stderr)
            return FAILED
        if "repr" in done:
            print(done["repr"], flush=True)
    return DONE


def split(text: str) -> list[str]:
    """The top-level statements of a text; one that does not parse stays whole."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return [text]
    lines = text.splitlines(keepends=True)
    spans: list[list[int]] = []
    for node in tree.body:
        decorators = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
        last = node.end_lineno or first
        if spans and first <= spans[-1][1]:
            # `a = 1; b = 2` is one line, so one statement for us.
            spans[-1][1] = last
        else:
            spans.append([first, last])
    return ["".join(lines[first - 1 : last]) for first, last in spans]
