"""A command of the release on other nodes, by what ``nodes.connect`` names: ssh by default.

The last word that it gets is a line for the other node's shell, as ssh(1) takes it.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys

from ..contract.manifest import root as release_root
from ..errors import FAILED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PLACE = "{host}"
_SLACK = 15.0  # seconds over the command's own limit: a connection has to be made


class Answer:
    """What a command printed on a node, and its exit status; 255 is ssh's own failure."""

    def __init__(self, host: str, status: int, output: str, error: str) -> None:
        self.host = host
        self.status = status
        self.output = output
        self.error = error


def words(host: str, settings: dict[str, Any], name: str, command: list[str]) -> list[str]:
    """The program and arguments that run a command of the release on that host."""
    connect = [word.replace(PLACE, host) for word in settings["connect"]]
    return [*connect, shlex.join([_program(settings.get("root", ""), name), *command])]


def attach(argv: list[str], text: bytes) -> int:
    """Run it with this process's output; ``text`` is what it reads.  Its exit status."""
    sys.stdout.flush()
    try:
        return subprocess.run(argv, input=text, check=False).returncode
    except OSError as error:
        print(f"{argv[0]}: {error.strerror}", file=sys.stderr)
        return FAILED


def gather(rows: dict[str, list[str]], text: bytes, seconds: float | None) -> list[Answer]:
    """Run one command for each host at the same time; ``text`` is what each reads."""
    started: dict[str, subprocess.Popen[bytes] | OSError] = {}
    for host, argv in rows.items():
        try:
            started[host] = subprocess.Popen(
                argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
        except OSError as error:
            started[host] = error
    return [_answer(host, process, text, seconds) for host, process in started.items()]


def _answer(
    host: str, process: subprocess.Popen[bytes] | OSError, text: bytes, seconds: float | None
) -> Answer:
    if isinstance(process, OSError):
        return Answer(host, FAILED, "", f"{process.filename}: {process.strerror}")
    try:
        out, error = process.communicate(text, None if seconds is None else seconds + _SLACK)
    except subprocess.TimeoutExpired:
        process.kill()
        out, error = process.communicate()
        return Answer(host, FAILED, _shown(out), f"no answer within {seconds:g}s")
    return Answer(host, process.returncode, _shown(out), _shown(error))


def _shown(data: bytes) -> str:
    return data.decode(errors="backslashreplace").rstrip("\n")


def _program(deploy_root: str, name: str) -> str:
    """``bin/<name>`` there: below ``current`` where releases are installed side by side."""
    root = release_root()
    releases = os.path.dirname(root)
    if not deploy_root and os.path.basename(releases) != "releases":
        return os.path.join(root, "bin", name)
    return os.path.join(deploy_root or os.path.dirname(releases), "current", "bin", name)
