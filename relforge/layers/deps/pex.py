"""pex: the one module that knows how it is run, and what it says when it fails.

It has no interface for Python (RESOLVING.md); each use is a subprocess.  Where
packages come from is pip's configuration and ``PIP_*``, which pex reads only
with ``--use-pip-config``.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from relforge import cache
from relforge.layers.deps import consistency, resolver_environment
from relforge.layers.deps.consistency import Distribution
from relforge.layers.deps.package_sources import PackageSources
from relforge.layers.deps.pex_errors import explain
from relforge.layers.deps.platform import Platform
from relforge.support import command, environment

log = logging.getLogger("relforge.layers.deps")

PIP = "25.3"  # runs on Python 3.9 and newer
_MODERN = ["--pip-version", PIP, "--no-allow-pip-version-fallback"]
VENDORED_UNTIL = (3, 12)  # pex brings a pip of its own that no newer Python runs
Words = Sequence[str | Path]


def install(
    requirements: Sequence[str], python: Path, version: str, into: Path, env: Mapping[str, str]
) -> None:
    """Make a virtual environment of that interpreter with the newest that fits each requirement."""
    if not requirements:  # as a backend in the project's own tree has: pex asks for one at least
        words: Words = [python, "-m", "venv", "--without-pip", into]
        command.run(words, what="making a build environment")
        return
    _run(
        ["venv", "create", "-d", into, *requirements],
        ["--python", python, *_pip(_pair(version))],
        what="fetching what the build backend needs",
        env=env,
    )


def lock(
    requirements: Path,
    constraints: Path,
    python: Path | None,
    target: Platform,
    places: PackageSources,
    output: Path,
) -> tuple[Distribution, ...]:
    """Resolve the requirements for one minor version of Python into a ``pylock.toml``.

    Returns what each package asks for, which pex's own lock holds.  Raises
    `PexError`, which has all that pex said.

    With an interpreter at hand the lock holds for every Linux; without one (it
    is in an archive), for the target alone.
    """
    minor = ".".join(target.python.split(".")[:2])
    native = output.with_name(f"{output.name}.pex.json")
    create: Words = ["lock", "create", "-r", requirements, "-o", native]
    create = [*create, "--constraints", constraints]
    env = resolver_environment.for_pip(places)
    pip = _pip(_pair(target.python) if python else sys.version_info[:2])
    if " @ " in requirements.read_text(encoding="utf-8"):
        pip = _MODERN  # the pip that pex brings along does not read every address
    what = "resolving the dependencies"
    pip = [*pip, "--resolver-version", "pip-2020-resolver"]
    if python is not None:
        where = ["--style", "universal", "--target-system", "linux"]
        which: Words = ["--interpreter-constraint", f"CPython=={minor}.*", "--python-path", python]
        _run(create, where, which, pip, what=what, env=env)
    else:
        where = ["--style", "strict", "--complete-platform", complete_platform(target)]
        _run(create, where, pip, what=what, env=env)
    exported: Words = ["lock", "export", "--format", "pep-751", native, "-o", output]
    _run(exported, what="writing the lock", own_pip=False)
    return _asked(native)


def _asked(native: Path) -> tuple[Distribution, ...]:
    """What the packages of pex's own lock ask for."""
    data = json.loads(native.read_bytes())
    return tuple(
        consistency.of_metadata(
            *(row["project_name"], row["version"]),
            {
                "Requires-Dist": row.get("requires_dists") or [],
                "Requires-Python": [row["requires_python"]] if row.get("requires_python") else [],
            },
        )
        for resolve in data["locked_resolves"]
        for row in resolve["locked_requirements"]
    )


def complete_platform(target: Platform) -> str:
    """The platform as pex reads it: JSON."""
    tags = [str(tag) for tag in target.tags]
    return json.dumps({"marker_environment": target.markers, "compatible_tags": tags})


def _run(
    *parts: Words, what: str, own_pip: bool = True, env: Mapping[str, str] | None = None
) -> None:
    program = [sys.executable, "-m", "pex.cli", *(word for part in parts for word in part)]
    if own_pip:
        program += ["--use-pip-config", "--timeout", "60"]
    cache.touch(cache.home() / "pex")
    done = command.capture(
        program,
        env={"PEX_ROOT": str(cache.home() / "pex"), **(env or {})},
        base=environment.of_resolvers(),
    )
    output = done.stdout + done.stderr
    for line in output.splitlines():
        log.debug("  %s", line)
    if done.returncode:
        raise explain(output, what)


def _pip(python: tuple[int, ...]) -> list[str]:
    if python < VENDORED_UNTIL:
        return ["--pip-version", "vendored"]
    return _MODERN


def _pair(version: str) -> tuple[int, int]:
    major, minor = version.split(".")[:2]
    return int(major), int(minor)
