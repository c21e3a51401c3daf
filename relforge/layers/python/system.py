"""The target's own interpreter: none goes in, and the launcher looks at what is there.

The tree is a virtual environment that can be moved: `pyvenv.cfg` names the
directory of the target's Python and nothing of the release, so `sys.executable`,
`sys.prefix` and site-packages are the release's own, wherever it lies, and
processes that the application starts find it with no variable set.

    bin/python           a shell script: a link to a link would hide the environment
    python/bin/python3.11 -> /usr/bin/python3.11
    python/pyvenv.cfg    home = /usr/bin
"""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from relforge import cache
from relforge.layers.python import host
from relforge.layers.python.probe import Probe, probe
from relforge.model import python_version
from relforge.model.release import Interpreter
from relforge.model.spec import PythonSettings
from relforge.support.errors import UserError

FORMAT = "1"
WAY_IN = "python.sh"  # the template of bin/python
PLACE = "/usr/bin/python{short}"  # where distributions have it
SETTINGS = """\
home = {home}
include-system-site-packages = false
version = {short}
"""


def find(settings: PythonSettings, target: str) -> Interpreter:
    """What the release expects on its target; raises UserError.

    Without a patch number in the settings it is that of the interpreter which
    stands in for it here: markers of the lock may ask for it.
    """
    short = python_version.short(settings.version)
    path = settings.path or PLACE.format(short=short)
    native = target == f"linux-{os.uname().machine}"
    own = _own(path, settings.version) if native else None
    helper = own or host.newest(short, host.places())
    if helper is None and native:
        host.find(short)  # says what there is
    exact = python_version.plain(settings.version) if settings.version != short else ""
    version = exact or (helper.version if helper else "")
    if not version:
        raise UserError(
            f"tool.relforge.python.version: cannot determine the patch version of {short} on "
            f"{target}: this host has no CPython {short}",
            hint=f'set it: version = "{python_version.example(short)}"',
        )
    return Interpreter(
        version=version,
        tag=python_version.tag(short),
        machine=target.removeprefix("linux-"),
        source="system",
        origin=Path(path),
        key=cache.key("system", FORMAT, path, short),
        runs_here=own is not None,
        helper=Path(helper.executable) if helper else None,
    )


def make(interpreter: Interpreter, draft: Path) -> None:
    """Fill the directory with the environment."""
    name = f"python{interpreter.short}"
    (draft / "bin").mkdir()
    (draft / "bin" / name).symlink_to(interpreter.origin)
    for link in ("python", "python3"):
        (draft / "bin" / link).symlink_to(name)
    home = PurePosixPath(interpreter.origin).parent
    text = SETTINGS.format(home=home, short=interpreter.minor)
    (draft / "pyvenv.cfg").write_text(text, encoding="utf-8")
    (draft / "lib" / name / "site-packages").mkdir(parents=True)


def _own(path: str, version: str) -> Probe | None:
    """The target's interpreter where this host is like it."""
    found = probe(Path(path))
    if found is None or host.refusal(found) or Path(path).resolve() != Path(found.executable):
        return None
    wanted = [int(part) for part in python_version.plain(version).split(".")]
    there = [int(part) for part in found.version.split(".")]
    fits = found.short == python_version.short(version) and there >= wanted
    return found if fits else None
