"""The child that runs the providers: ``boot_app.py loader MEMFD PIPE ROOT [explain]``.

The configuration goes into the memfd; what the parent should know meanwhile
goes through the pipe, a JSON object a line (`protocol.startup`): `entering` before
each provider, and at the end `problems`, empty when all is well.
"""

from __future__ import annotations

import json
import os
import sys

from ..contract.manifest import load as load_manifest
from ..errors import CONFIG, FAILED, Refusal
from ..protocol import startup
from ..wire import parent_death
from ..wire.descriptors import write
from .resolve import resolve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def main(argv: list[str]) -> int:
    """Run the providers of the release at ROOT; does not return."""
    memory, pipe, root = int(argv[0]), int(argv[1]), argv[2]
    os.dup2(2, 1)  # what a provider prints must not look like a result
    for fd in (memory, pipe):  # what a provider starts must not hold them
        os.set_inheritable(fd, False)
    parent_death.tie(os.getppid())  # with a provider that hangs

    def report(message: dict[str, Any]) -> None:
        os.write(pipe, json.dumps(message).encode() + b"\n")

    from .view import loading

    try:
        with loading():
            found = resolve(
                load_manifest(root)["config"],
                root=root,
                environ=dict(os.environ),
                entering=lambda name, seconds: report(startup.entering(name, seconds)),
            )
    except Refusal as error:
        report(startup.refused(error, CONFIG))
        _leave(FAILED)
    if argv[3:] == ["explain"]:
        _write(memory, {"rows": found.rows})
    elif not found.problems:
        _write(
            memory,
            {
                "values": found.values,
                "secrets": found.secrets,
                "origins": found.origins,
                "environ": found.environ,
                "exported": found.exported,
                "variables": found.variables,
                "unset": found.unset,
                "notes": found.notes,
            },
        )
    report(startup.problems(found.problems))
    _leave(0)
    return 0


def _write(memory: int, result: dict[str, Any]) -> None:
    write(memory, json.dumps(result, default=str).encode())


def _leave(code: int) -> None:
    """End without waiting for threads that a provider may have left."""
    sys.stderr.flush()
    os._exit(code)
