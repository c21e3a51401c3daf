"""Libraries of the application's that a provider needs: there, or an error that says how.

The runtime brings none of them: they come from the application's lock, as
whatever else it imports.
"""

from __future__ import annotations

import os
import sys

from .provider import BadOptions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def check(module: str, package: str, what: str) -> None:
    """Raise BadOptions that names the package and the next command; nothing is imported."""
    from importlib.util import find_spec

    if find_spec(module) is None:
        raise BadOptions([("", _missing(package, what))])


def need(module: str, package: str, what: str) -> Any:
    """The module; raises BadOptions as `check`."""
    from importlib import import_module

    check(module, package, what)
    return import_module(module)


def _missing(package: str, what: str) -> str:
    needs = f"{what} needs {package}, which"
    if os.environ.get("RELEASE_ROOT"):
        return (
            f"{needs} is not in the lockfile: add {package!r} to "
            "project.dependencies, then: relforge lock"
        )
    return f"{needs} is not installed in {sys.prefix}: add {package!r} to project.dependencies"
