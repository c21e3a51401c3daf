"""Role ``probe``: is a program ready?  Exit status 0 says yes."""

from __future__ import annotations

import json
import os
import socket
import sys

from ..contract import address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def main(argv: list[str]) -> int:
    """``argv`` is one JSON object: ``http``, ``tcp`` or ``exec``, ``cwd`` and ``timeout``."""
    question: dict[str, Any] = json.loads(argv[0])
    seconds: float = question["timeout"]
    if "exec" in question:
        os.chdir(question["cwd"])
        os.execvp(question["exec"][0], question["exec"])
    try:
        fits = _http(question["http"], seconds) if "http" in question else _tcp(question, seconds)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0 if fits else 1


def _tcp(question: dict[str, Any], seconds: float) -> bool:
    place = address.read(question["tcp"])
    with socket.create_connection((place.host, place.port), timeout=seconds):
        return True


def _http(url: str, seconds: float) -> bool:
    from urllib.request import ProxyHandler, build_opener

    # A proxy of the environment has no business between a supervisor and its child.
    with build_opener(ProxyHandler({})).open(url, timeout=seconds) as answer:
        return 200 <= int(answer.status) < 400
