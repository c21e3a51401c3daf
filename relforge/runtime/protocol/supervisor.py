"""The protocol of the control socket: frames of JSON (`wire.frames`), each request with an ``op``.

| request | answer |
|---|---|
| ping | pong {pong, pid} |
| status | the content of ``status --json`` |
| stop {timeout} | {stopping}, and at the end {stopped, forced} |
| reload {every, only}, diff, upgrade {root, dry} | {progress}..., {taken, version} of an upgrade, and at the end {code, ...} |
| run_job, pause_job, resume_job {only} | {code, began} |
| switched: `current` names the new version | none of its own: the operation goes on |

``code`` is 0 with the result, or an exit status with ``failed``, ``hint`` and ``tail``.
What is not understood is answered by {error}.
"""  # noqa: E501 - a table

from __future__ import annotations

from ..contract.naming import is_name
from ..errors import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    Message = dict[str, Any]

PING, STATUS, STOP = "ping", "status", "stop"
RELOAD, DIFF, UPGRADE, SWITCHED = "reload", "diff", "upgrade", "switched"
RUN_JOB, PAUSE_JOB, RESUME_JOB = "run_job", "pause_job", "resume_job"
_KNOWN = (PING, STATUS, STOP, RELOAD, DIFF, UPGRADE, SWITCHED, RUN_JOB, PAUSE_JOB, RESUME_JOB)
# An answer is recognized by one of these keys.
STOPPED, PROGRESS, TAKEN, CODE = "stopped", "progress", "taken", "code"


MOST_WAIT = 1_000_000  # seconds
_SHOWN = 100  # characters of what is not understood


class ControlRequest:
    """A request as the supervisor reads it; raises ValueError where it is none."""

    def __init__(self, message: Mapping[str, Any]) -> None:
        self.op = message.get("op")
        self.timeout: float | None = None
        self.root = ""
        self.dry = bool(message.get("dry"))
        self.every = bool(message.get("every"))
        self.only = ""
        if self.op not in _KNOWN:
            raise ValueError(f"unknown operation {self.op!r}"[:_SHOWN])
        if self.op == STOP:
            self.timeout = _seconds(message.get("timeout"))
        if self.op == RELOAD:
            self.only = _place(message.get("only", ""))
        if self.op in (RUN_JOB, PAUSE_JOB, RESUME_JOB):
            self.only = _place(message.get("only"))
        if self.op == UPGRADE:
            self.root = _path(message.get("root"))


def _seconds(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MOST_WAIT:
        raise ValueError(f"`timeout` must be seconds from 0 to {MOST_WAIT}")
    return value


def _place(value: object) -> str:
    """``web`` or ``web.2``, or "" for none."""
    name, dot, number = value.partition(".") if isinstance(value, str) else (None, "", "")
    fits = name == "" or (isinstance(name, str) and is_name(name))
    if not fits or (dot and not (number.isascii() and number.isdecimal() and int(number))):
        raise ValueError("`only` must be a service, or an instance of one")
    return str(value)


def _path(value: object) -> str:
    """A path that the system takes: absolute, without NUL, in its encoding."""
    if not isinstance(value, str) or not value.startswith("/") or "\0" in value:
        raise ValueError("`root` must be an absolute path")
    try:
        value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise ValueError("`root` must be a path that can be encoded") from None
    return value


def ping() -> Message:
    return {"op": PING}


def status() -> Message:
    return {"op": STATUS}


def stop(timeout: float | None = None) -> Message:
    """Everything is to be gone within so many seconds; None leaves it to the services."""
    return {"op": STOP} if timeout is None else {"op": STOP, "timeout": timeout}


def reload(*, every: bool = False, only: str = "") -> Message:
    """Load the configuration again; also replace ``every`` process, or those of ``only``."""
    facts = {"every": True} if every else {"only": only} if only else {}
    return {"op": RELOAD, **facts}


def job(op: str, name: str) -> Message:
    """RUN_JOB, PAUSE_JOB or RESUME_JOB."""
    return {"op": op, "only": name}


def diff() -> Message:
    return {"op": DIFF}


def upgrade(root: str, *, dry: bool = False) -> Message:
    """Hand over to the release at ``root``; ``dry`` only says what that would do."""
    return {"op": UPGRADE, "root": root, "dry": True} if dry else {"op": UPGRADE, "root": root}


def switched() -> Message:
    return {"op": SWITCHED}


def pong(pid: int) -> Message:
    return {"pong": True, "pid": pid}


def stopping() -> Message:
    return {"stopping": True}


def stopped(forced: Sequence[str]) -> Message:
    """``forced`` are the processes that had to be killed."""
    return {STOPPED: True, "forced": forced}


def progress(text: str) -> Message:
    return {PROGRESS: text}


def taken(version: str) -> Message:
    """Another version supervises: its client makes it the current one, and says `switched`."""
    return {TAKEN: True, "version": version}


def done(**result: Any) -> Message:
    """The end of an operation that succeeded."""
    return {CODE: 0, **result}


def failed(message: str, *, code: int, hint: str = "", tail: Sequence[str] = ()) -> Message:
    """The end of one that did not; ``tail`` is what the process that failed printed last."""
    return {CODE: code, "failed": message, "hint": hint, "tail": list(tail)}


def refusal(answer: Mapping[str, Any]) -> Refusal:
    """What `failed` says, as the error of a command."""
    lines = [f"  | {line}" for line in answer.get("tail", ())]
    message = answer["failed"] + (", its last lines:" if lines else "")
    return Refusal("\n".join([message, *lines]), hint=answer.get("hint", ""), code=answer[CODE])


def error(text: str) -> Message:
    return {"error": text}
