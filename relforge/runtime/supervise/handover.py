"""A supervisor becomes another version's, without ending: the state that goes along.

The process keeps its id, its children, its open files and its lock; execve(2)
gives it another interpreter and other code.  The state travels in a memfd.
"""

from __future__ import annotations

import base64
import json
import os
import signal

from ..protocol.roles import HANDOVER, RESUME
from ..wire.spawn import command
from .generation import Generation
from .journal import ReleaseLog
from .listener import Listener
from .output import Output
from .plan import Plan
from .processes import Processes
from .rules import handed_over
from .rules.world import Process, World
from .signals import HANDLED
from .systemd import VARIABLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn


def state(
    plan: Plan, old: Generation, world: World, processes: Processes, clients: list[dict[str, Any]]
) -> dict[str, Any]:
    """All that the next supervisor needs; JSON."""
    new = plan.generation
    return {
        "format": handed_over.FORMAT,
        "mode": "daemon" if plan.journal.path is not None else "foreground",
        "began": world.began,
        "paths": {"state": plan.paths.state, "run": plan.paths.run, "log": plan.paths.log},
        "lock": plan.lock.fd,
        "held": plan.lock.content,
        "notices": plan.notices.sock.fileno(),
        "control": plan.control.fileno(),
        "clients": clients,
        "generation": _generation(new),
        "old": _generation(old),
        "listeners": {
            name: [_listener(row) for row in listeners] for name, listeners in new.listeners.items()
        },
        "processes": [_process(row, processes) for row in world.rows],
        "back": _words(old, plan),
        "error": "",
    }


def become(plan: Plan, content: dict[str, Any]) -> NoReturn:
    """Replace this process; raises OSError, and then nothing has changed.

    Signals wait meanwhile: the next supervisor gets them.
    """
    memory = os.memfd_create("relforge-handover", os.MFD_CLOEXEC)
    kept = [memory, *_descriptors(content)]
    try:
        os.write(memory, json.dumps(content).encode())
        signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)
        for fd in kept:
            os.set_inheritable(fd, True)
        new = plan.generation
        words = _words(new, plan)
        os.execve(words["argv"][0], words["argv"], {**words["environ"], HANDOVER: str(memory)})
    except BaseException:
        for fd in kept:
            os.set_inheritable(fd, False)
        os.close(memory)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)
        raise


def take(fd: int) -> dict[str, Any]:
    """The state, in the process that has become the next supervisor; no child inherits it."""
    content: dict[str, Any] = json.loads(os.pread(fd, os.fstat(fd).st_size, 0))
    for number in (fd, *_descriptors(content)):
        os.set_inheritable(number, False)
    return content


def back(fd: int, content: dict[str, Any], error: str) -> NoReturn:
    """This version cannot go on: become the one before again, which undoes the rest."""
    content["error"] = error
    for number in _descriptors(content):
        os.set_inheritable(number, True)
    os.ftruncate(fd, 0)
    os.pwrite(fd, json.dumps(content).encode(), 0)
    os.set_inheritable(fd, True)
    signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)
    words = content["back"]
    os.execve(words["argv"][0], words["argv"], {**words["environ"], HANDOVER: str(fd)})


def _words(born: Generation, plan: Plan) -> dict[str, Any]:
    """Arguments and variables, as its launcher would hand over to it."""
    word = "foreground" if plan.journal.path is None else "start"
    argv = command(born.python, born.paths.root, word, RESUME)
    manager = {name: os.environ[name] for name in VARIABLES if name in os.environ}
    return {"argv": argv, "environ": {**born.environ, **manager}}


def _generation(born: Generation) -> dict[str, Any]:
    return {"root": born.paths.root, "environ": born.environ, "config": born.config}


def _listener(row: Listener) -> dict[str, Any]:
    return {"fd": row.sock.fileno(), "path": row.path, "lent": row.lent, "text": row.text}


def _process(row: Process, processes: Processes) -> dict[str, Any]:
    content = {**handed_over.dump(row), **processes.handed_over(row.key)}
    return {**content, **output(content["output"])}


def output(found: Output | None) -> dict[str, Any]:
    """What a child prints, as JSON: the descriptor, -1 for none, and what was read last."""
    if found is None:
        return {"output": -1, "tail": [], "rest": ""}
    rest = base64.b64encode(found.rest).decode()
    return {"output": found.fd, "tail": list(found.tail), "rest": rest}


def taken_output(row: dict[str, Any], who: str, journal: ReleaseLog) -> Output | None:
    """And back."""
    if row["output"] < 0:
        return None
    found = Output(row["output"], who, journal)
    found.rest = base64.b64decode(row["rest"])
    found.tail.extend(row["tail"])
    return found


def _descriptors(content: dict[str, Any]) -> list[int]:
    found = [content["lock"], content["notices"], content["control"]]
    found += [content[name]["config"] for name in ("generation", "old")]
    found += [row["fd"] for rows in content["listeners"].values() for row in rows]
    found += [row["fd"] for row in content["clients"]]
    found += [row[name] for row in content["processes"] for name in ("output", "program")]
    found += [row["output"] for row in content.get("jobs", ())]  # 0.1.0 has none
    return sorted({fd for fd in found if fd >= 0})
