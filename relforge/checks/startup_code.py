"""Code of packages that runs at each start of the interpreter, before anything imports it.

CPython's `site` runs the lines of ``*.pth`` that begin with ``import``, imports what
``*.start`` names (since 3.15), ``sitecustomize`` and ``usercustomize``, and a
``pyvenv.cfg`` says where it looks for all of that.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from relforge.model import layout
from relforge.model.release import Entry, Finding, Release

RULE = "startup-code"
LAYERS = ("python", "deps")  # what others wrote
MODULES = ("sitecustomize", "usercustomize")
SHOWN = 60  # characters of a line
# What setuptools writes for its own `distutils`, and into packages that share a namespace.
_NAME = r"'[\w.]+'"
_NAMESPACE = (
    "import sys, types, os;{}p = os.path.join(sys._getframe(1).f_locals['sitedir'], *PARTS);"
    "importlib = {}__import__('importlib.util');{}__import__('importlib.machinery');"
    "m = {}sys.modules.setdefault(NAME, importlib.util.module_from_spec("
    "importlib.machinery.PathFinder.find_spec(NAME, [os.path.dirname(p)])));"
    "m = m or sys.modules.setdefault(NAME, types.ModuleType(NAME));"
    "mp = (m or []) and m.__dict__.setdefault('__path__',[]);(p not in mp) and mp.append(p)"
)
_MULTI = ";m and setattr(sys.modules[NAME], NAME, m)"
_DISTUTILS = (
    "import os; var = 'SETUPTOOLS_USE_DISTUTILS'; enabled = os.environ.get(var, 'local') == "
    "'local'; enabled and __import__('_distutils_hack').add_shim();"
)
_OLD = ("has_mfs = sys.version_info > (3, 5);", *["has_mfs and "] * 3)
_KNOWN = [
    re.compile(
        re.escape(text.replace("PARTS", "(NAMES)"))
        .replace("NAMES", rf"({_NAME}(, ?|))+")
        .replace("NAME", _NAME)
    )
    for text in (
        _DISTUTILS,
        *(
            _NAMESPACE.format(*words) + end
            for words in (_OLD, ("", "", "", ""))
            for end in ("", _MULTI)
        ),
    )
]


def rule(release: Release) -> Iterator[Finding]:
    """Each file of a package, or of the interpreter, that makes code run at each start."""
    site = release.python.site_packages
    lib = posixpath.dirname(site)
    for layer in release.layers:
        for entry in layer.entries if layer.name in LAYERS else ():
            directory, _, name = entry.path.rpartition("/")
            if name == "pyvenv.cfg" and directory in (layout.PYTHON, f"{layout.PYTHON}/bin"):
                yield _startup_code(entry.path, "says where the interpreter looks for modules")
            elif _is_module(entry.path, (site, lib, f"{lib}/lib-dynload")):
                yield _startup_code(entry.path, "is imported at each start")
            elif directory == site and name.endswith((".pth", ".start")):
                yield from _configuration(release, entry)


def _is_module(path: str, directories: tuple[str, ...]) -> bool:
    """Also as a package, or compiled: what is below the first directory has that name."""
    for directory in directories:
        if path.startswith(f"{directory}/"):
            first = path.removeprefix(f"{directory}/").partition("/")
            name, dot, _ = first[0].partition(".")
            if name in MODULES and (dot or first[2].startswith("__init__.")):
                return True
    return False


def _configuration(release: Release, entry: Entry) -> Iterator[Finding]:
    text = (release.tree / entry.path).read_bytes().decode("utf-8-sig", errors="replace")
    # Where some Python ends a line, and not only at line feeds.
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if entry.path.endswith(".start"):
            yield _startup_code(entry.path, f"runs at each start: {line.strip()[:SHOWN]}")
            return
        if line.startswith(("import ", "import\t")):
            if not any(known.fullmatch(line.rstrip()) for known in _KNOWN):
                yield _startup_code(entry.path, f"runs code at each start: {line[:SHOWN]}")
                return
        elif _leads_out(entry.path, line.strip()):
            yield _startup_code(
                entry.path, f"has modules looked for outside of the release: {line}"
            )
            return


def _leads_out(path: str, line: str) -> bool:
    there = posixpath.normpath(posixpath.join(posixpath.dirname(path), line))
    return posixpath.isabs(line) or there == ".." or there.startswith("../")


def _startup_code(path: str, message: str) -> Finding:
    return Finding(
        severity="warning",
        rule=RULE,
        path=path,
        message=message,
        hint="read it: it runs in each process of the release, whether or not "
        "anything imports its package",
    )
