"""Takes `relforge/runtime` into the distribution: from the checkout, or from the source archive.

The wheel holds

    _relforge_runtime/relforge/runtime/     without relforge/__init__.py: a namespace package
    relforge-runtime.pth                    puts _relforge_runtime at the end of sys.path

so it shares no file with the wheel of relforge, which brings the whole package
`relforge`: either can be installed and removed beside the other.  Where both
are there, and inside a release, Python finds the package that has an
`__init__.py`, wherever it stands on sys.path.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HERE = Path(__file__).resolve().parent
PLACE = "_relforge_runtime"


def checkout() -> Path:
    """What holds `relforge`: this directory in a source archive, else the repository."""
    return HERE if (HERE / "relforge").is_dir() else HERE.parents[1]


def version() -> str:
    """The version of relforge, which is this distribution's."""
    text = (checkout() / "relforge" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "(.+)"$', text, re.M)
    assert found is not None, "relforge/__init__.py has no __version__"
    return found[1]


class RuntimeHook(BuildHookInterface[Any]):
    """hatchling's way to add files of other directories."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        package = checkout() / "relforge"
        included = build_data["force_include"]
        if self.target_name == "sdist":
            included[str(package / "__init__.py")] = "relforge/__init__.py"
            included[str(package / "runtime")] = "relforge/runtime"
            included[str(package / "py.typed")] = "relforge/py.typed"
            return
        included[str(HERE / "relforge-runtime.pth")] = "relforge-runtime.pth"
        included[str(package / "runtime")] = f"{PLACE}/relforge/runtime"
        included[str(package / "py.typed")] = f"{PLACE}/relforge/runtime/py.typed"
