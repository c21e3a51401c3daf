"""Where things are in a release.

ticketd-1.4.0/
  bin/ticketd  bin/python
  python/      bin/ lib/ share/scripts/
  app/
  release/     manifest.json launch config.toml env.sh SHA256SUMS tree.json units/
  runtime/     relforge/__init__.py relforge/runtime/ console-libs/
"""

from __future__ import annotations

import re

from relforge.model import python_version

PYTHON = "python"
SCRIPTS = "python/share/scripts"
APP = "app"
RUNTIME = "runtime"
CONSOLE_LIBS = "runtime/console-libs"  # no name that can be imported
MANIFEST = "release/manifest.json"
LAUNCH = "release/launch"
CONFIG = "release/config.toml"
ENV_SH = "release/env.sh"
SUMS = "release/SHA256SUMS"
TREE_LIST = "release/tree.json"
SBOM = "release/sbom.cdx.json"
_INTERPRETER = re.compile(rf"{PYTHON}/bin/python(\d(\.\d+)?t?)?")
STATE = "var"  # the one directory that is not part of a release

# What describes a finished tree, and is written once nothing of it changes any more.
SEALED = (MANIFEST, LAUNCH, SUMS, TREE_LIST, SBOM)


def site_packages(version: str) -> str:
    """Where packages are in a release with that Python: ``3.12``, ``3.12.1`` or ``3.14t``."""
    return f"{PYTHON}/lib/python{python_version.short(version)}/site-packages"


def app_roots(roots: tuple[str, ...]) -> tuple[str, ...]:
    """The directories of the application from which one imports: the inner ones first."""
    return (*(f"{APP}/{root}" for root in roots), APP)


def is_below(path: str, directory: str) -> bool:
    """Whether the path is that directory, or something in it."""
    return path == directory or path.startswith(f"{directory}/")


def is_ours(path: str, name: str) -> bool:
    """Whether that path of the release of that name is relforge's own, or part of what is.

    The interpreter's program is: everything that the release does begins with it.
    """
    own = any(path == own or path.startswith(f"{own}/") for own in _ours(name))
    return own or bool(_INTERPRETER.fullmatch(path))


def holds_ours(path: str, name: str) -> bool:
    """Whether something of relforge's own is below that path."""
    if path in (".", PYTHON, f"{PYTHON}/bin"):
        return True
    return any(own.startswith(f"{path}/") for own in _ours(name))


def _ours(name: str) -> tuple[str, ...]:
    return (*SEALED, f"bin/{name}", "bin/python", RUNTIME, STATE)
