"""Role ``fresh``: the entry of the fresh processes, which ``client.launch`` starts."""

from __future__ import annotations

import os
import sys

from .. import first_process
from ..agent import report
from ..errors import FAILED, run_and_report
from ..protocol import questions
from . import calls, evaluation


def main(argv: list[str]) -> int:
    """Do what ``argv`` says and return the exit status.

    What the application raises is shown without our frames (exit 1);
    SystemExit passes, also that of a SIGTERM: `finally` of the application runs.
    """
    first_process.let_finally_run()
    try:
        return run_and_report(lambda: _dispatch(argv))
    except Exception as error:
        sys.stdout.flush()
        print(report.error(error), end="", file=sys.stderr)
        return FAILED


def _dispatch(argv: list[str]) -> int:
    from ..config import redaction, view

    word, *words = argv
    config = questions.configuration()
    view.install(config, os.environ)
    redaction.install()
    if word == "eval":
        return evaluation.evaluate(words[0])
    if word == "run":
        return calls.run(words[0], words[1:])
    if word == "command":
        import json

        from . import project_command

        given = json.loads(words[1])
        return project_command.run(words[0], given, config, calls.command, *words[2:])
    if words:
        from . import session_server

        return session_server.serve(int(words[0]))
    from .interactive import console

    return console()
