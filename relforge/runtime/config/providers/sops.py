"""``{ use = "sops", path = "/etc/ticketd/secrets.enc.yaml" }``: a file that sops decrypts.

The program comes from the host's ``PATH``; what keys it finds (age, PGP, a KMS)
is its own affair, set by its own variables.
"""

from __future__ import annotations

import os

from .. import printed
from ..provider import Failure, Layer, read_options
from .json_file import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..provider import Context

OUR_KEY = "sops"  # where a decrypted file may still hold sops' own notes


class Sops:
    """Encrypted YAML, JSON, dotenv or INI; the plain text is never written anywhere."""

    TIMEOUT, RETRIES = 20.0, 2

    def init(self, options: dict[str, Any]) -> dict[str, Any]:
        """Options: ``path``, ``optional``, ``program``, ``secret`` (unless it says false)."""
        known: dict[str, tuple[type, Any]] = {
            "path": (str, None),
            "optional": (bool, False),
            "program": (str, "sops"),
            "secret": (bool, True),
        }
        return read_options(options, known, ("path",))

    def load(self, state: dict[str, Any], context: Context) -> Layer:
        """The decrypted tables; only a missing file is optional."""
        path = context.path(state["path"], optional=state["optional"])
        if path is None or (state["optional"] and not os.path.lexists(path)):
            return Layer()
        if not os.path.exists(path):
            raise Failure(f"{path}: no such file")
        program = context.expand(state["program"]) or ""
        words = [program, "--decrypt", "--output-type", "json", path]
        try:
            data = printed.by(words, context)
        except printed.NotFound:
            raise Failure(f"{path}: no program {program!r} to decrypt it with") from None
        values = parse(f"what {program} makes of {path}", data)
        values.pop(OUR_KEY, None)
        return Layer.of(values, place=path, secret=state["secret"])

    def ways(self, state: dict[str, Any], key: str) -> list[str]:
        return [f"{key} in {state['path']}"]
