"""``console``: a REPL in a fresh process, with top-level ``await``."""

from __future__ import annotations

import code
import inspect
import os
import rlcompleter
import sys
import types

from .. import config, paths
from ..agent import report, source
from ..client import history
from ..client.lines import Lines
from ..contract.manifest import root
from ..errors import DONE
from .evaluation import Loop, evaluate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def console() -> int:
    """Until Ctrl-D; without a terminal it runs what stands on standard input."""
    scope: dict[str, Any] = {"__name__": "__console__", "config": config}
    if not sys.stdin.isatty():
        return evaluate(sys.stdin.read(), scope)
    name, version = (os.environ.get(f"RELEASE_{word}", "") for word in ("NAME", "VERSION"))
    with Loop() as loop:
        file = history.place(name, paths.of(root()).state, "console_history")
        PlainConsole(scope, loop, Lines(file, _completer(scope))).interact(
            f"{name} {version}: a fresh process, pid {os.getpid()}, "
            f"Python {sys.version.split()[0]}\nCtrl-D leaves.",
            exitmsg="",
        )
    return DONE


class PlainConsole(code.InteractiveConsole):
    """The standard library's, on our lines and with an event loop."""

    def __init__(self, scope: dict[str, Any], loop: Loop, lines: Lines) -> None:
        super().__init__(scope)
        self.compile.compiler.flags |= source.AWAIT
        self._loop = loop
        self._lines = lines

    def raw_input(self, prompt: str = "") -> str:
        return self._lines.read(prompt)

    def runcode(self, compiled: types.CodeType) -> None:
        try:
            value = types.FunctionType(compiled, self.locals)()
            if inspect.iscoroutine(value):
                self._loop.run(value)
        except SystemExit:
            raise
        except BaseException as error:
            print(report.error(error).rstrip(), file=sys.stderr)


def _completer(scope: dict[str, Any]) -> Any:
    completer = rlcompleter.Completer(scope)

    def complete(text: str) -> list[str]:
        found: list[str] = []
        while (item := completer.complete(text, len(found))) is not None:
            found.append(item)
        return found

    return complete
