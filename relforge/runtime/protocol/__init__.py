"""Every message between the processes of a release, once: how it is made, and how it is read.

    here         console, `rpc`, `top` and others -> the agent of a service's process
    request      an evaluation, as the agent reads it
    answers      the agent -> its clients
    supervisor   the control commands <-> the supervisor
    startup      what is said while something starts: by the loader, a release, a supervisor
    roles        the words by which a supervisor has a release do something for it
    questions    the supervisor -> the processes that it starts

A message is a JSON object.  During an upgrade two versions of relforge talk to
each other, so a field that is new may be missing, and one that is unknown is
left alone; what cannot be said that way is another PROTO.

The protocol of an agent: frames (`wire.frames`), each with an ``op``.

| request | answer |
|---|---|
| hello {proto, client, from}, the first and only once | none, or error |
| ping | pong |
| eval {source, json, where: "thread" or "loop", columns, most} | out..., done {ok, repr or json, left, or type and error, ms} |
| call {target, args, kwargs, json} | the same |
| percent {line, columns} | out..., done |
| interrupt | interrupted {level: "raised", "cancelled", "abandoned" or "idle"} |
| check {source} | checked {complete} |
| complete {text, within} | completions {items} |
| stacks | stacks {text} |
| tasks | tasks {loop, rows} |
| config {result, changed}: what the loader wrote, and the keys that differ | configured {errors} |
| cancel {name} | cancelled, or error |
| stats {within} | stats {the fields of ``agent.stats.take``} |
| handoff | handoff {schema, json or bytes} |

A request has an ``id`` of the client's choice, which its answer repeats; that of
``interrupt`` is the id of the evaluation.  ``welcome`` is the agent's first
message, ``bye`` {reason} its last on a connection that nobody uses.
"""  # noqa: E501 - a table

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    Message = dict[str, Any]

PROTO = 1  # of agents: both ends say it, and speak no other
HELLO, PING, STACKS, TASKS, HANDOFF = "hello", "ping", "stacks", "tasks", "handoff"
EVAL, CALL, PERCENT, INTERRUPT = "eval", "call", "percent", "interrupt"
CHECK, COMPLETE, CANCEL, CONFIG, STATS = "check", "complete", "cancel", "config", "stats"
WELCOME, BYE, ERROR, OUT, DONE, CONFIGURED = "welcome", "bye", "error", "out", "done", "configured"
# What evaluates nothing: these are answered in a release with `console = false`, too.
WITHOUT_CONSOLE = frozenset((CONFIG, HANDOFF, PING, STACKS, TASKS, STATS))


def hello(client: str, whence: str | None = None) -> Message:
    """``client`` is the command; ``whence`` the terminal and host, for the audit."""
    message = {"op": HELLO, "proto": PROTO, "client": client}
    return message if whence is None else {**message, "from": whence}


def evaluate(source: str, *, on_loop: bool = False, most: int | None = None) -> Message:
    """``most`` is how many characters of the value are wanted at once."""
    message: Message = {"op": EVAL, "source": source}
    if on_loop:
        message["where"] = "loop"
    return message if most is None else {**message, "most": most}


def call(target: str, arguments: Sequence[Any] | Mapping[str, Any]) -> Message:
    """Call ``pkg.mod:fn`` with these arguments, by position or by name."""
    key = "kwargs" if isinstance(arguments, dict) else "args"
    return {"op": CALL, "target": target, key: arguments}


def percent(line: str) -> Message:
    """A ``%`` command without its sign."""
    return {"op": PERCENT, "line": line}


def interrupt(request: int | None) -> Message:
    return {"op": INTERRUPT, "id": request}


def complete(text: str, within: float) -> Message:
    """What can follow ``text``; no more than ``within`` seconds are spent on it."""
    return {"op": COMPLETE, "text": text, "within": within}


def cancel(task: str) -> Message:
    return {"op": CANCEL, "name": task}


def stats(within: float) -> Message:
    """``within`` is how many seconds the event loop has to answer."""
    return {"op": STATS, "within": within}


def config(result: Mapping[str, Any], changed: Sequence[str]) -> Message:
    """A new configuration, and the keys that differ from the one before."""
    return {"op": CONFIG, "result": result, "changed": changed}


def is_end(message: Mapping[str, Any], request: int) -> bool:
    """Whether this is the end of that evaluation."""
    return message.get("id") == request and message.get("op") in (DONE, ERROR)
