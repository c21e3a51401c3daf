"""``remote_console``: a REPL inside the live process."""

from __future__ import annotations

import os
import sys

from .. import manifest, paths
from ..client import options
from ..client.connection import Gone, connect
from ..errors import NOT_RUNNING, Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..client.talk import Front

LIBRARIES = "runtime/console-libs"


def remote_console(argv: list[str]) -> int:
    """At a terminal a REPL; else the statements on standard input."""
    given = options.parse(argv, flags="--plain")
    options.most(given, 1, "remote_console [SERVICE[.N]] [--plain]")
    wanted = given.words[0] if given.words else None
    if not sys.stdin.isatty():
        from ..client import script

        client = connect(wanted, "console")
        try:
            return script.run(client, sys.stdin.read())
        except Gone:
            raise Refusal(f"{client.address} went away", code=NOT_RUNNING) from None

    if wanted is None:
        from ..client.choose import choose

        wanted = choose()
    client = connect(wanted, "console")
    from ..client.talk import Talk

    return Talk(client, wanted, _front(plain="--plain" in given.flags)).run()


def _front(*, plain: bool) -> Front:
    root = manifest.root()
    libraries = os.path.join(root, LIBRARIES)
    dumb = os.environ.get("TERM", "dumb") in ("dumb", "")
    if plain or dumb or not sys.stdout.isatty() or not os.path.isdir(libraries):
        from ..client.plain import Plain

        return Plain()
    sys.path.append(libraries)
    # Late: what it needs takes a tenth of a second to import.
    from ..client import history
    from ..client.terminal import Terminal

    name = os.environ.get("RELEASE_NAME", "app")
    return Terminal(history.place(name, paths.of(root).state, "remote_console_history"))
