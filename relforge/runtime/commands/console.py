"""``remote_console``: a REPL inside the live process."""

from __future__ import annotations

import os
import sys

from .. import manifest, paths
from ..client import options
from ..client.connection import Gone, connect
from ..errors import NOT_RUNNING, Refusal


def remote_console(argv: list[str]) -> int:
    """At a terminal a REPL; else the statements on standard input."""
    given = options.parse(argv, values="--timeout")
    options.most(given, 1, "remote_console [SERVICE[.N]]")
    client = connect(given.words[0] if given.words else None, "console")
    if not sys.stdin.isatty():
        from ..client import script

        try:
            return script.run(client, sys.stdin.read())
        except Gone:
            raise Refusal(f"{client.address} went away", code=NOT_RUNNING) from None

    # Late: `readline` and what it loads is for terminals.
    from ..client.lines import history
    from ..client.repl import Repl

    name = os.environ.get("RELEASE_NAME", "app")
    return Repl(client, history(name, paths.of(manifest.root()).state)).run()
