"""``remote_console``: a REPL inside the live process."""

from __future__ import annotations

import sys

from .. import options
from ..client.connection import Gone, connect
from ..errors import NOT_RUNNING, Refusal
from . import usage


def remote_console(argv: list[str]) -> int:
    """At a terminal a REPL; else the statements on standard input."""
    given = options.parse(argv, flags="--plain")
    options.most(given, 1, usage("remote_console"))
    wanted = given.words[0] if given.words else None
    if not sys.stdin.isatty():
        from ..client import script

        client = connect(wanted, "console")
        try:
            return script.run(client, sys.stdin.read())
        except Gone:
            raise Refusal(f"{client.address} has ended", code=NOT_RUNNING) from None

    if wanted is None:
        from ..client.choose import choose

        wanted = choose()
    client = connect(wanted, "console")
    from ..client import front
    from ..client.repl import Repl

    plain = "--plain" in given.flags or not front.possible()
    reads = front.plain() if plain else front.terminal("remote_console_history")
    return Repl(client, wanted, reads).run()
