"""What pex, and the pip inside it, say when they fail, in words for a user."""

from __future__ import annotations

import re

from relforge.layers.deps.pins import mismatch
from relforge.support.errors import UserError

TAIL = 15
# What pip says of requirements that contradict each other.
CONFLICT = re.compile(
    r"(?:ERROR: )?Cannot install (?P<what>.+?) because these package versions have conflicting"
    r"[^\n]*\n(?P<why>(?:.*\n)*?)\s*(?:pip:\s*)?To fix this",
)
NETWORK = re.compile(
    r"NewConnectionError|ProxyError|name resolution|Name or service not known|Connection refused"
    r"|Connection reset|ConnectTimeout|timed out|SSLError|Network is unreachable|URLError"
    r"|RemoteDisconnected|nodename nor servname"
)
MISMATCH_OF_PIP = re.compile(
    r"^(?:pip:)?\s+(?P<name>\S+) from \S+.*:\n"
    r"(?P<expected>(?:(?:pip:)?\s+Expected .*\n)+)"
    r"(?:pip:)?\s+Got\s+(?P<found>[0-9a-f]+)",
    re.MULTILINE,
)
MISMATCH_OF_PEX = re.compile(
    r"Expected sha256 hash of (?P<expected>[0-9a-f]+) when downloading (?P<name>\S+) "
    r"but hashed to (?P<found>[0-9a-f]+)"
)
UNPINNED = re.compile(r"Cannot export (?P<place>\S+) in a PEP-751 lock")
UNSATISFIED = re.compile(r"No matching distribution found for (?P<name>[^\s(;]+)")
FAILED_DOWNLOAD = re.compile(r"^\d+\. (?P<name>\S+) \S+ from ", re.MULTILINE)
NOISE = re.compile(r"^(pid \d+ -> .*|.*WARNING: .*|.*is ignored: it is neither.*|\s*pip:\s*)$")


class PexError(UserError):
    """A pex that failed; ``output`` is all that it said."""

    def __init__(self, output: str, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.output = output


ELSEWHERE = "if it is on another index, check `indexes` in the settings and `pip config list`"


def explain(output: str, what: str) -> PexError:
    """What went wrong, in words, from the output of a pex that failed."""
    text = output
    if found := UNPINNED.search(text):
        return PexError(
            output,
            f"{what}: pex cannot pin {found['place']} to a commit",
            hint="uv can: relforge lock --resolver uv",
        )
    if found := MISMATCH_OF_PIP.search(text) or MISMATCH_OF_PEX.search(text):
        expected = re.findall(r"[0-9a-f]{64}", found["expected"])
        error = mismatch(found["name"], expected, found["found"])
        return PexError(output, error.message, hint=error.hint)
    unsatisfied = UNSATISFIED.search(text) or FAILED_DOWNLOAD.search(text)
    name = unsatisfied["name"] if unsatisfied else ""
    if NETWORK.search(text):
        return PexError(
            output,
            f"{what}: cannot reach any index" + (f" for {name}" if name else ""),
            hint="check the network and `pip config list`; without a network, set "
            "PIP_NO_INDEX=1 and PIP_FIND_LINKS to a directory of wheels",
        )
    if found := CONFLICT.search(text):
        rows = [row.strip().removeprefix("pip:").strip() for row in found["why"].splitlines()]
        asked = dict.fromkeys(row for row in rows if " depends on " in row or "requested" in row)
        listed = "".join(f"\n    {row}" for row in list(asked)[:TAIL])
        return PexError(
            output,
            f"{what}: these requirements contradict each other:{listed}",
            hint="relax one of them",
        )
    if name:
        # `refusals` asks the indexes why.
        return PexError(output, f"{what}: {name} cannot be found", hint=ELSEWHERE)
    rows = [f"    {row}" for row in text.splitlines() if row.strip() and not NOISE.match(row)]
    return PexError(output, f"{what}: pex failed\n" + "\n".join(rows[-TAIL:]))
