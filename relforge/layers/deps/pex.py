"""pex: the one module that knows how it is run, and what it says when it fails.

It has no interface for Python (RESOLVING.md); each use is a subprocess.  Where
packages come from is pip's configuration and ``PIP_*``, which pex reads only
with ``--use-pip-config``.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from relforge import cache
from relforge.layers.deps import consistency, netrc_file, resolver_environment
from relforge.layers.deps.consistency import Distribution
from relforge.layers.deps.package_sources import PackageSources
from relforge.layers.deps.pex_errors import explain
from relforge.layers.deps.platform import Platform
from relforge.model.spec import Index
from relforge.support import command, environment
from relforge.support.errors import UserError

log = logging.getLogger("relforge.layers.deps")

BACKEND = "fetching what the build backend needs"
PATIENCE = 20.0  # seconds
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
        ["venv", "create", "-d", into, *joined(requirements)],
        ["--python", python, *_pip(_pair(version))],
        what=BACKEND,
        env=env,
    )


def joined(requirements: Iterable[str]) -> list[str]:
    """The same, one row for each package: pip refuses a name that stands there twice."""
    rows: dict[tuple[str, str], list[Requirement]] = {}
    for text in requirements:
        try:
            row = Requirement(text)
        except InvalidRequirement as error:
            raise UserError(f"{BACKEND}: {text!r} is not a requirement: {error}") from None
        rows.setdefault((canonicalize_name(row.name), str(row.marker or "")), []).append(row)
    for same in rows.values():
        for row in same[1:]:
            same[0].extras |= row.extras
            same[0].specifier &= row.specifier
    return [str(same[0]) for same in rows.values()]


def lock(
    requirements: Path,
    constraints: Path,
    python: Path | None,
    target: Platform,
    places: PackageSources,
    output: Path,
    first: Mapping[str, Index] | None = None,
) -> tuple[Distribution, ...]:
    """Resolve the requirements for one minor version of Python into a ``pylock.toml``.

    Returns what each package asks for, which pex's own lock holds.  Raises
    `PexError`, which has all that pex said.

    ``first`` are packages that several indexes have, each with the one that counts.
    With an interpreter at hand the lock holds for every Linux; without one (it
    is in an archive), for the target alone.
    """
    minor = ".".join(target.python.split(".")[:2])
    native = output.with_name(f"{output.name}.pex.json")
    create: Words = ["lock", "create", "-r", requirements, "-o", native]
    create = [*create, "--constraints", constraints]
    env = resolver_environment.for_pip(places)
    if first or any(index.packages for index in places.indexes):
        create = [*create, *_by_name(places, first or {})]
        env = {name: text for name, text in env.items() if "INDEX" not in name}
    asked = requirements.read_text(encoding="utf-8")
    env |= netrc_file.write(output.with_name("netrc"), places, asked)
    pip = _pip(_pair(target.python) if python else sys.version_info[:2])
    if " @ " in asked:
        pip = _MODERN  # the pip that pex brings along does not read every address
    what = "resolving the dependencies"
    which: Words
    pip = [*pip, "--resolver-version", "pip-2020-resolver"]
    if python is not None:
        where = ["--style", "universal", "--target-system", "linux"]
        which = ["--interpreter-constraint", f"CPython=={minor}.*", "--python-path", python]
    else:
        where, which = ["--style", "strict", "--complete-platform", complete_platform(target)], []
    with said_when_long():
        _run(create, where, which, pip, what=what, env=env)
    exported: Words = ["lock", "export", "--format", "pep-751", native, "-o", output]
    _run(exported, what="writing the lock", own_pip=False)
    return _asked(native)


@contextmanager
def said_when_long() -> Iterator[None]:
    """Say, once it has taken a while, what would be faster."""
    words = "pex is still resolving; uv does the same in a fraction of the time (--resolver uv)"
    timer = threading.Timer(PATIENCE, log.warning, [words])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _by_name(places: PackageSources, first: Mapping[str, Index]) -> Iterator[str]:
    """All indexes by name, and the packages that each of them alone is asked for."""
    yield "--no-pypi"
    for number, index in enumerate(places.by_priority):
        scopes = [f"^{_expression(pattern)}$" for pattern in index.packages]
        yield from ("--index", f"{number}={index.url}" if scopes else index.url)
        yield from (word for scope in scopes for word in ("--source", f"{number}={scope}"))
    for number, (name, index) in enumerate(sorted(first.items())):
        yield from ("--index", f"first-{number}={index.url}")
        yield from ("--source", f"first-{number}={name}")


def _expression(pattern: str) -> str:
    """A pattern such as ``corp-*`` as a regular expression, which pex matches names with."""
    return re.escape(pattern.lower()).replace(r"\*", ".*").replace(r"\?", ".")


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
