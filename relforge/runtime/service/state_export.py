"""Role ``keep``: ask the process whose agent listens at ``argv[0]`` for its state.

Descriptor 3 gets the answer, see `relforge.runtime.handoff`, or why there is none.
"""

from __future__ import annotations

import json
import signal

from .. import handoff
from ..protocol import answers

ANSWER = 3
SPARE = 2  # seconds


def main(argv: list[str]) -> int:
    """The status is always 0, unless it takes too long."""
    signal.alarm(int(handoff.SECONDS) + SPARE)
    try:
        message = handoff.ask(argv[0])
    except Exception as error:
        message = answers.error(f"{type(error).__name__}: {error}")
    with open(ANSWER, "wb") as file:
        file.write(json.dumps(message).encode())
    return 0
