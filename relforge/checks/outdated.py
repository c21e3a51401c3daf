"""Why an import failed, where a package is older than the release's Python."""

from __future__ import annotations

import re
import sys

from relforge.project.init.interpreter import REMOVED

_GONE = re.compile(
    r"^(?:ImportError: cannot import name '\w+' from|AttributeError: module) '(?P<of>[\w.]+)'"
    r"|^ModuleNotFoundError: No module named '(?P<module>[\w.]+)'"
)
_FILE = re.compile(r'^\s*File "[^"]*?site-packages/([^/"]+)', re.MULTILINE)


def hint(message: str, python: str) -> str:
    """What to do about an import that the standard library of ``python`` cannot serve, "" else.

    The message ends with the traceback; what its last line names has to be Python's, and the
    last frame a package's.
    """
    lines = message.rstrip().splitlines() or [""]
    gone = _GONE.search(lines[-1].strip())
    places = _FILE.findall(message)
    if gone is None or not places:
        return ""
    module = (gone["of"] or gone["module"]).partition(".")[0]
    standard = module in sys.stdlib_module_names if gone["of"] else module in REMOVED
    package = places[-1].removesuffix(".py")
    if not standard or package == module:
        return ""
    return (
        f"{package}, in the locked version, does not run on Python {python}: lock a newer "
        "one, or set `python.version` to one that it supports"
    )
