"""A configuration to build with: the schema's defaults, and what the settings lay over them.

Role ``trial`` of ``boot_app.py``.  In: ``{"settings": {}, "values": {}}``, as
`relforge.runtime.config.view.install_values` takes them.  Out: what
``$RELFORGE_CONFIG`` may name, which is ``{"values": {}, "secrets": [], "environ": {}}``.
"""

from __future__ import annotations

import json
import sys

from ..contract.manifest import root
from .resolve import trial


def main(_argv: list[str]) -> int:
    """Answer one question on standard input."""
    question = json.load(sys.stdin)
    outcome = trial(question["settings"], root=root(), values=question["values"])
    answer = {
        "values": outcome.values,
        "secrets": outcome.secrets,
        "environ": outcome.environ,
    }
    json.dump(answer, sys.stdout)
    return 0
