"""pex: the one module that knows how it is run, and what it says when it fails.

It has no interface for Python (RESOLVING.md); each use is a subprocess.  Where
packages come from is pip's configuration and ``PIP_*``, which pex reads only
with ``--use-pip-config``.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from relforge import cache, command
from relforge.deps.platform import Platform
from relforge.errors import UserError

# What would change how pex itself runs.
MISLEADING = ("PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE")

log = logging.getLogger("relforge.deps")

PIP = "25.3"  # runs on Python 3.9 and newer
VENDORED_UNTIL = (3, 12)  # pex brings a pip of its own that no newer Python runs
TAIL = 15
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
UNSATISFIED = re.compile(r"No matching distribution found for (?P<name>[^\s(;]+)")
FAILED_DOWNLOAD = re.compile(r"^\d+\. (?P<name>\S+) \S+ from ", re.MULTILINE)
NOISE = re.compile(r"^(pid \d+ -> .*|.*WARNING: .*|.*is ignored: it is neither.*|\s*pip:\s*)$")
Words = Sequence[str | Path]
CREDENTIALS = re.compile(r"://[^/@\s]+@")


def build_wheel(sdist: Path, python: Path, version: tuple[int, int], into: Path) -> None:
    """Build the wheel of a source archive with that interpreter, in isolation."""
    _run(
        ["wheel", sdist, "--intransitive", "-d", into],
        ["--python", python, *_pip(version)],
        what=f"building {sdist.name}",
    )


def install(requirements: Sequence[str], python: Path, version: str, into: Path) -> None:
    """Make a virtual environment of that interpreter with the newest that fits each requirement."""
    if not requirements:  # as a backend in the project's own tree has: pex asks for one at least
        words: Words = [python, "-m", "venv", "--without-pip", into]
        command.run(words, what="making a build environment")
        return
    _run(
        ["venv", "create", "-d", into, *requirements],
        ["--python", python, *_pip(_pair(version))],
        what="fetching what the build backend needs",
    )


def lock(requirements: Path, python: Path | None, target: Platform, output: Path) -> None:
    """Resolve the requirements for one minor version of Python into a ``pylock.toml``.

    With an interpreter at hand the lock holds for every Linux; without one (it
    is in an archive), for the target alone.
    """
    minor = ".".join(target.python.split(".")[:2])
    native = output.with_name(f"{output.name}.pex.json")
    create: Words = ["lock", "create", "-r", requirements, "-o", native]
    pip = _pip(_pair(target.python) if python else sys.version_info[:2])
    what = "resolving the dependencies"
    pip = [*pip, "--resolver-version", "pip-2020-resolver"]
    if python is not None:
        where = ["--style", "universal", "--target-system", "linux"]
        which: Words = ["--interpreter-constraint", f"CPython=={minor}.*", "--python-path", python]
        _run(create, where, which, pip, what=what)
    else:
        where = ["--style", "strict", "--complete-platform", complete_platform(target)]
        _run(create, where, pip, what=what)
    exported: Words = ["lock", "export", "--format", "pep-751", native, "-o", output]
    _run(exported, what="writing the lock", own_pip=False)


def complete_platform(target: Platform) -> str:
    """The platform as pex reads it: JSON."""
    tags = [str(tag) for tag in target.tags]
    return json.dumps({"marker_environment": target.markers, "compatible_tags": tags})


def explain(output: str, what: str) -> UserError:
    """What went wrong, in words, from the output of a pex that failed."""
    text = CREDENTIALS.sub("://", output)
    if found := MISMATCH_OF_PIP.search(text) or MISMATCH_OF_PEX.search(text):
        expected = re.findall(r"[0-9a-f]{64}", found["expected"])
        return mismatch(found["name"], expected, found["found"])
    unsatisfied = UNSATISFIED.search(text) or FAILED_DOWNLOAD.search(text)
    name = unsatisfied["name"] if unsatisfied else ""
    if NETWORK.search(text):
        return UserError(
            f"{what}: no index could be reached" + (f" for {name}" if name else ""),
            hint="check the network and `pip config list`; a folder of wheels in PIP_FIND_LINKS "
            "with PIP_NO_INDEX=1 does without",
        )
    if name:
        return UserError(
            f"{what}: {name} is not to be had: no index that pip is configured for has a file "
            "of it that fits this Python and this system",
            hint="see `pip config list` for the indexes; or type: relforge lock",
        )
    rows = [f"    {row}" for row in text.splitlines() if row.strip() and not NOISE.match(row)]
    return UserError(f"{what}: pex failed\n" + "\n".join(rows[-TAIL:]))


def mismatch(name: str, expected: list[str], found: str) -> UserError:
    """The error of a file that is not the one that was locked."""
    return UserError(
        f"{name}: the hash does not match: the lock allows sha256 {' or '.join(expected)}, "
        f"the file that came has {found}",
        hint="if the package was published anew on purpose, type: relforge lock; "
        "else find out who changed it",
    )


def _run(*parts: Words, what: str, own_pip: bool = True) -> None:
    program = [sys.executable, "-m", "pex.cli", *(word for part in parts for word in part)]
    if own_pip:
        program += ["--use-pip-config", "--timeout", "60"]
    cache.touch(cache.home() / "pex")
    done = command.capture(
        program,
        env={"PEX_ROOT": str(cache.home() / "pex")},
        base={name: value for name, value in os.environ.items() if name not in MISLEADING},
    )
    output = done.stdout + done.stderr
    for line in CREDENTIALS.sub("://", output).splitlines():
        log.debug("  %s", line)
    if done.returncode:
        raise explain(output, what)


def _pip(python: tuple[int, ...]) -> list[str]:
    if python < VENDORED_UNTIL:
        return ["--pip-version", "vendored"]
    return ["--pip-version", PIP, "--no-allow-pip-version-fallback"]


def _pair(version: str) -> tuple[int, int]:
    major, minor = version.split(".")[:2]
    return int(major), int(minor)
