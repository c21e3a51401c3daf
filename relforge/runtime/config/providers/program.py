"""``{ use = "exec", command = ["sops", "--decrypt", "--output-type", "json", "/etc/x.json"] }``."""

from __future__ import annotations

import json
import subprocess

from ..provider import BadOptions, Failure, Layer, read_options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..provider import Context

_LINES = 5  # of a failed program's stderr


class Program:
    """A program that prints one JSON object: sops, vault, op, a script of the operator's."""

    def init(self, options: dict[str, Any]) -> dict[str, Any]:
        """Options: ``command``, ``timeout`` in seconds, ``secret`` (unless it says false)."""
        known = {"command": (list, []), "timeout": (float, 20.0), "secret": (bool, True)}
        state = read_options(options, known, ("command",))
        words = state["command"]
        if not words or not all(isinstance(word, str) and word for word in words):
            raise BadOptions(
                [("command", 'expected words such as ["sops", "--decrypt", "x.json"]')]
            )
        return state

    def load(self, state: dict[str, Any], context: Context) -> Layer:
        """What the program prints; it runs in the release's folder, without input."""
        words = [context.expand(word) or "" for word in state["command"]]
        try:
            done = subprocess.run(
                words,
                cwd=context.root,
                env=context.environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=state["timeout"],
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Failure(f"{words[0]}: did not end within {state['timeout']:g} s") from None
        except OSError as error:
            raise Failure(f"{words[0]}: {error.strerror}") from None
        if done.returncode:
            last = done.stderr.decode(errors="replace").strip().splitlines()[-_LINES:]
            raise Failure("\n      ".join([f"{words[0]}: ended with {done.returncode}", *last]))
        try:
            values = json.loads(done.stdout)
        except ValueError as error:
            where = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
            raise Failure(f"{words[0]}: printed no JSON{where}") from None
        if not isinstance(values, dict):
            raise Failure(f"{words[0]}: expected an object, got {type(values).__name__}")
        return Layer.of(values, place=words[0], secret=state["secret"])

    def ways(self, state: dict[str, Any], key: str) -> list[str]:
        return [f"{key} in what {state['command'][0]} prints"]
