"""``nodes``, and ``rpc`` on another node."""

from __future__ import annotations

import json
import os
import sys

from .. import columns, options, paths, untrusted_text
from ..contract import manifest
from ..contract.content import read_manifest
from ..errors import DONE, FAILED, USAGE, Refusal
from ..nodes import discovery, identity, remote
from . import usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_OURS = ("--node", "--file")  # values that another node has no use for
_PATIENCE = 10.0  # seconds for the status of another node


def nodes(argv: list[str]) -> int:
    """The hosts that the strategy finds; with ``--status``, what each of them says of itself."""
    given = options.parse(argv, flags="--json --status")
    options.most(given, 0, usage("nodes"))
    release, settings, hosts = _known()
    rows = [{"host": host, "self": identity.is_here(host)} for host in hosts]
    if "--status" in given.flags:
        _ask_status(rows, settings, release["name"])
    if "--json" in given.flags:
        print(json.dumps({"node": identity.node(), "nodes": rows}, indent=2))
    else:
        print("\n".join(columns.lines(_table(rows, with_status="--status" in given.flags))))
    return FAILED if any(row.get("error") for row in rows) else DONE


def evaluate(given: options.Options, node: str | None, seconds: float | None) -> int:
    """Run ``rpc`` with these words on a node, or for None on all of them.

    A file of this host, and what is read from standard input, is sent along.
    """
    release, settings, hosts = _known()
    command, text = _command(given)

    def words(host: str) -> list[str]:
        return _words(host, settings, release["name"], command)

    if node is not None:
        return remote.attach(words(_host(node, hosts)), text)
    answers = remote.gather({host: words(host) for host in hosts}, text, seconds)
    if "--json" in given.flags:
        print(json.dumps([_row(answer) for answer in answers], indent=2))
    else:
        rows = [(row.host, str(row.status), _line(row)) for row in answers]
        print("\n".join(columns.lines([("NODE", "STATUS", "ANSWER"), *rows])))
    return max((answer.status for answer in answers), default=DONE)


def _known() -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    """The manifest, its row of nodes, and the hosts; configuration is loaded where they need it."""
    root = manifest.root()
    release = read_manifest(root)
    settings = release["nodes"]
    values: dict[str, Any] = {}
    if discovery.references(settings):
        from ..config import keys, loading

        memory = loading.load(root, release, paths.environ(root))
        try:
            loaded = loading.read(memory)["values"]
        finally:
            os.close(memory)
        values = {keys.show(path): value for path, value in keys.leaves(loaded)}
    hosts = discovery.hosts(settings, lambda key: values.get(key, ""))
    return release, settings, hosts


def _host(node: str, hosts: list[str]) -> str:
    """The host that a name stands for: itself, or ``shop@web1``."""
    wanted = node.rpartition("@")[2]
    if wanted not in hosts:
        known = ", ".join(hosts) or "none"
        raise Refusal(f"--node {node}: no such node", hint=f"the nodes: {known}", code=USAGE)
    return wanted


def _words(host: str, settings: dict[str, Any], name: str, command: list[str]) -> list[str]:
    """Of this host itself, without a connection."""
    here = {**settings, "connect": ("/bin/sh", "-c"), "root": ""}
    return remote.words(host, here if identity.is_here(host) else settings, name, command)


def _command(given: options.Options) -> tuple[list[str], bytes]:
    """``rpc`` as the other node's shell gets it, and what it reads there."""
    words, text, path = given.words, b"", given.values.get("--file")
    if path is not None:
        try:
            with open(path, "rb") as file:
                words, text = ["-"], file.read()
        except OSError as error:
            raise Refusal(f"{path}: {error.strerror}", code=USAGE) from None
    elif words == ["-"]:
        text = sys.stdin.buffer.read()
    flags = sorted(given.flags - {"--all-nodes"})
    rows = sorted((name, row) for name, row in given.values.items() if name not in _OURS)
    return ["rpc", *flags, *(word for row in rows for word in row), "--", *words], text


def _ask_status(rows: list[dict[str, Any]], settings: dict[str, Any], name: str) -> None:
    asked = {row["host"]: _words(row["host"], settings, name, ["status", "--json"]) for row in rows}
    answers = remote.gather(asked, b"", _PATIENCE)
    for row, answer in zip(rows, answers, strict=True):
        try:
            found = json.loads(answer.output)
            row |= {key: found[key] for key in ("node", "version", "state")}
        except (ValueError, KeyError, TypeError):
            lines = answer.error.splitlines() or [f"its command ends with {answer.status}"]
            row["error"] = lines[-1]


def _table(rows: list[dict[str, Any]], *, with_status: bool) -> list[tuple[str, ...]]:
    if not with_status:
        return [("NODE", ""), *((row["host"], "this one" if row["self"] else "") for row in rows)]
    return [
        ("NODE", "VERSION", "STATE"),
        *(
            (
                row["host"],
                untrusted_text.line(row.get("version", "-")),
                untrusted_text.line(row.get("state") or row["error"]),
            )
            for row in rows
        ),
    ]


def _row(answer: remote.Answer) -> dict[str, Any]:
    return {
        "node": answer.host,
        "status": answer.status,
        "output": answer.output,
        "error": answer.error,
    }


def _line(answer: remote.Answer) -> str:
    text = answer.output if answer.status == DONE else answer.error or answer.output
    return untrusted_text.line(text.replace("\n", " "))
