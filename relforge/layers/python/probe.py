"""What an installed interpreter says of itself."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from relforge import elf
from relforge.cache import file_facts
from relforge.model import python_version
from relforge.support import command

PROGRAM = """
import json, os, sys, sysconfig
print(json.dumps({
    "version": sys.version.split()[0].rstrip("+"),
    "implementation": sys.implementation.name,
    "prefix": sys.base_prefix,
    "stdlib": os.path.dirname(os.__file__),
    "dynload": next((p for p in sys.path if os.path.basename(p) == "lib-dynload"), ""),
    "include": os.path.dirname(sysconfig.get_config_h_filename()),
    "multiarch": sysconfig.get_config_var("MULTIARCH") or "",
    "soabi": sysconfig.get_config_var("SOABI") or "",
    "debug": hasattr(sys, "gettotalrefcount"),
    "threaded": "t" in sys.abiflags,
}))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One interpreter of the host.  Paths are absolute; ``executable`` is not a link."""

    executable: str
    machine: str
    loader: str
    version: str
    implementation: str
    prefix: str
    stdlib: str
    dynload: str
    include: str
    multiarch: str
    soabi: str
    debug: bool
    threaded: bool

    @property
    def spelled(self) -> str:
        """As settings name exactly this one: ``3.12.1``, ``3.14.2t``."""
        return python_version.spelled(self.version, threaded=self.threaded)

    @property
    def short(self) -> str:
        return python_version.short(self.spelled)

    @property
    def tag(self) -> str:
        return python_version.tag(self.spelled)


def probe(executable: Path) -> Probe | None:
    """Ask the interpreter, or what an unchanged file answered before; None where it is none.

    A virtual environment answers as the interpreter that it was made from.
    """
    try:
        real = executable.resolve(strict=True)
        row = file_facts.remembered("probe", file_facts.signature(real), lambda: _ask(real))
    except OSError:
        return None
    return Probe(**row) if row else None


def _ask(executable: Path) -> dict[str, Any] | None:
    binary = elf.read(executable)
    if binary is None:
        return None  # a shim of pyenv, a wrapper: what it starts is found elsewhere
    try:
        done = command.capture([executable, "-I", "-S", "-B", "-c", PROGRAM])
        answer = json.loads(done.stdout)
    except (OSError, ValueError):
        return None
    spelled = python_version.spelled(answer["version"], threaded=answer["threaded"])
    base = Path(answer["prefix"]) / "bin" / f"python{python_version.short(spelled)}"
    if base.is_file() and base.resolve() != executable:
        return asdict(found) if (found := probe(base)) else None  # a copy in an environment
    return {
        "executable": str(executable),
        "machine": binary.machine,
        "loader": Path(binary.interpreter).name,
        **answer,
    }
