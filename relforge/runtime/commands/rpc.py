"""``rpc``: evaluate in the live process, for people and for scripts."""

from __future__ import annotations

import json
import sys

from .. import options
from .. import protocol as messages
from ..client.connection import ANSWER_WITHIN, Gone, connect
from ..client.evaluate import evaluate
from ..errors import DONE, FAILED, INTERRUPTED, NO_ANSWER, NOT_RUNNING, USAGE, Refusal
from . import usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PATIENCE = 3.0  # seconds between Ctrl-C and giving up


def rpc(argv: list[str]) -> int:
    """Print the result's ``repr``, or JSON; output of the code streams while it runs."""
    given = options.parse(
        argv,
        flags="--json --all --all-nodes",
        values="--call --args --file --timeout --service --node",
    )
    seconds = None
    if "--timeout" in given.values:
        seconds = options.seconds(given.values["--timeout"], "--timeout")
    if "--node" in given.values or "--all-nodes" in given.flags:
        return _on_nodes(given, seconds)
    message = {**_message(given), "json": "--json" in given.flags}
    # What the application prints may hold what this terminal's encoding lacks.
    for stream in (sys.stdout, sys.stderr):
        reconfigure: Any = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    within = ANSWER_WITHIN if seconds is None else min(seconds, ANSWER_WITHIN)
    if "--all" in given.flags:
        return _everywhere(given, message, seconds, within)
    client = connect(given.values.get("--service"), "rpc", within, seconds)
    try:
        done = evaluate(client, message, seconds=seconds, patience=_PATIENCE)
    except KeyboardInterrupt:
        return INTERRUPTED
    except TimeoutError:
        raise Refusal(
            f"no answer within {seconds:g}s; the evaluation was interrupted", code=NO_ANSWER
        ) from None
    except Gone:
        raise Refusal(f"{client.address} has ended", code=NOT_RUNNING) from None
    return _outcome(done)


def _on_nodes(given: options.Options, seconds: float | None) -> int:
    """By the `rpc` of another node's release, which gets all other words."""
    from . import nodes

    node = given.values.get("--node")
    if node is not None and "--all-nodes" in given.flags:
        raise Refusal("--node and --all-nodes exclude each other", hint=usage("rpc"), code=USAGE)
    return nodes.evaluate(given, node, seconds)


def _everywhere(
    given: options.Options, message: dict[str, Any], seconds: float | None, within: float
) -> int:
    """In every process, or in each of one service: a table, or a JSON list."""
    from .. import instance, paths
    from ..client import addresses, broadcast
    from ..contract import manifest

    root = manifest.root()
    running = instance.required(paths.of(root))
    service = given.values.get("--service")
    chosen = broadcast.keys(running, service)
    if not chosen:
        # Says why; one that is about to come is waited for.
        connect(service, "rpc", within, seconds).close()
        chosen = broadcast.keys(running, service)

    def services() -> addresses.Services:
        found: addresses.Services = manifest.load(root)["services"]
        return found

    asked = broadcast.Broadcast(
        [addresses.agent(running, addresses.exact(key), services) for key in chosen], within
    )
    try:
        code = asked.ask(message, seconds)
    except KeyboardInterrupt:
        return INTERRUPTED
    if message["json"]:
        print(json.dumps(asked.rows, indent=2))
    else:
        print(broadcast.table(asked.rows))
    return code


def _message(given: options.Options) -> dict[str, Any]:
    call, file = given.values.get("--call"), given.values.get("--file")
    if (call is not None) + (file is not None) + bool(given.words) != 1:
        raise Refusal(
            "give one of an expression, --call, --file or -", hint=usage("rpc"), code=USAGE
        )
    if "--args" in given.values and call is None:
        raise Refusal("--args goes with --call", hint=usage("rpc"), code=USAGE)
    if call is not None:
        return messages.call(call, _arguments(given.values.get("--args", "[]")))
    if file is not None:
        return messages.evaluate(_read(file))
    if len(given.words) > 1:
        raise Refusal("the expression is several words", hint="quote it", code=USAGE)
    return messages.evaluate(sys.stdin.read() if given.words == ["-"] else given.words[0])


def _arguments(text: str) -> list[Any] | dict[str, Any]:
    try:
        arguments = json.loads(text)
    except ValueError as error:
        raise Refusal(f"--args is not valid JSON: {error}", code=USAGE) from None
    if isinstance(arguments, list | dict):
        return arguments
    raise Refusal(
        "--args is neither a list nor an object",
        hint="""write --args '[1, "x"]' or --args '{"name": "x"}'""",
        code=USAGE,
    )


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise Refusal(f"{path}: {reason}", code=USAGE) from None


def _outcome(done: dict[str, Any]) -> int:
    if done.get("ok"):
        text = done.get("json", done.get("repr"))
        if text is not None:
            print(text)
        return DONE
    sys.stdout.flush()
    if done.get("kind") == "usage":
        message, _, hint = str(done["error"]).rstrip().partition("\n")
        raise Refusal(message, hint=hint.strip(), code=USAGE)
    print(str(done["error"]).rstrip(), file=sys.stderr)
    return INTERRUPTED if done.get("type") in ("Interrupted", "Abandoned") else FAILED
