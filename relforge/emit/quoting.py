"""One text as one word of another program's syntax."""

from __future__ import annotations

import json
import shlex


def shell(text: str) -> str:
    """For a POSIX shell."""
    return shlex.quote(text)


def double(text: str) -> str:
    """In double quotes with backslashes, as JSON, YAML and HCL read it.

    HCL, compose files and workflows also put values in for ``${...}``; `deployment` holds
    texts of the settings after that was done, so that none is left.
    """
    return json.dumps(text, ensure_ascii=False)
