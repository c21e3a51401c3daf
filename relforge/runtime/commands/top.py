"""``top``: a live table of the release's processes."""

from __future__ import annotations

import json
import os
import sys
import time

from .. import instance, options, screen, untrusted_text
from ..client.gauges import Gauges, table
from ..errors import DONE
from . import usage

_MOMENT = 0.3  # seconds between two looks where one has to show the use of the CPU


def top(argv: list[str]) -> int:
    """At a terminal until Ctrl-C; else, or with ``--once`` or ``--json``, one look."""
    given = options.parse(argv, flags="--once --json", values="--every")
    options.most(given, 0, usage("top"))
    every = options.seconds(given.values.get("--every", "2s"), "--every")
    running = instance.here()
    gauges = Gauges(running)
    gauges.look()
    time.sleep(min(every, _MOMENT))
    if "--json" in given.flags:
        print(json.dumps(gauges.look(), indent=2))
        return DONE
    if "--once" in given.flags or not sys.stdout.isatty():
        print("\n".join(table(gauges.look())))
        return DONE
    try:
        while True:
            _draw(f"{os.environ.get('RELEASE_NAME', 'app')} {running.version}", gauges)
            time.sleep(every)
    except KeyboardInterrupt:
        print()
        return DONE


def _draw(title: str, gauges: Gauges) -> None:
    """Over what is there, so that nothing flickers; what does not fit is left out."""
    size = os.get_terminal_size(sys.stdout.fileno())
    clock = time.strftime("%H:%M:%S")
    lines = [f"{title}  {clock}  Ctrl-C ends", "", *table(gauges.look())][: size.lines - 1]
    cut = "".join(f"{untrusted_text.line(row)[: size.columns]}\x1b[K\n" for row in lines)
    screen.draw(sys.stdout, f"\x1b[H{cut}\x1b[J")
