"""Modules of the application that import what the release has not.

Only what runs unconditionally when a module is imported is an error: an import
inside a function or a condition is a warning, one that the code can do without
(``try: ... except ImportError:``, ``TYPE_CHECKING``) is none, and tests do not
count.  Nothing is imported for that, so it works for any CPU.
"""

from __future__ import annotations

import os
import re
import sys
import sysconfig
from collections.abc import Iterator

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from relforge.checks import content_memo, import_statements
from relforge.checks.distributions import DISTRIBUTIONS
from relforge.checks.modules import Modules
from relforge.model import layout
from relforge.model.release import Finding, Release
from relforge.model.spec import Project

RULE = "imports"
OWN = ("app", "release")  # layers
# Modules of CPython that are left out by default, by what keeps them.
OPTIONAL = {
    "ensurepip": "ensurepip",
    "idlelib": "idlelib",
    "test": "tests",
    "tkinter": "tkinter",
    "turtle": "tkinter",
}
# Written in Python, and in packages of their own on Debian: this host's CPython may lack them.
SEPARATE = {*OPTIONAL, "distutils", "lib2to3"}
_TEST = re.compile(r"(^|/)(tests?|testing)/|(^|/)(conftest|test_[^/]*|[^/]*_test)\.py$")


def rule(release: Release) -> Iterator[Finding]:
    """Each import of a module that is neither CPython's, nor a dependency's, nor the project's."""
    own_roots = layout.app_roots(release.settings.app_roots)
    roots = (release.python.site_packages, *own_roots, layout.RUNTIME)
    modules = Modules.of((path for layer in release.layers for path in layer.paths), roots)
    own = _own_names(release)
    for path, rows in _statements(release):
        # Once each, however many names of it are imported, and the certain one first.
        lacking = sorted(
            (-certain, line, name)
            for name, line, certain in rows
            if not _is_there(name, release, modules, own)
        )
        by_package = {_known_as(name): row for row in reversed(lacking) if (name := row[2])}
        for sure, line, name in sorted(by_package.values(), key=lambda row: row[1]):
            yield _missing_module(release, path, name, line, certain=bool(sure))


def _statements(release: Release) -> Iterator[tuple[str, content_memo.Rows]]:
    """What each source of the application imports: its path, and rows of `import_statements`."""
    for layer in release.layers:
        if layer.name in OWN:
            yield from content_memo.look(
                *(release, layer, "imports", ""),
                import_statements.of,
                lambda path: path.endswith(".py") and _counts(path),
            ).items()


def _counts(path: str) -> bool:
    ours = (f"{layout.RUNTIME}/", f"{layout.SCRIPTS}/")
    return not path.startswith(ours) and not _TEST.search(path)


def _own_names(release: Release) -> set[str]:
    """Every module and package of the application, wherever it lies.

    A script finds what is next to it, and code may extend ``sys.path``.
    """
    names = set()
    for layer in release.layers:
        if layer.name in OWN:
            for path in layer.paths:
                *directories, name = path.split("/")
                if name.endswith(".py"):
                    names.update(directories[1:])
                    names.add(name.removesuffix(".py"))
    return names


def _is_there(name: str, release: Release, modules: Modules, own: set[str]) -> bool:
    top = name.partition(".")[0]
    return top in own or modules.have(name) or _is_standard(top, release, modules)


def _is_standard(top: str, release: Release, modules: Modules) -> bool:
    """Whether CPython brings it, and it was not left out of the release.

    Modules in C may be built into the interpreter, where no file shows them.
    """
    if modules.standard(top, release.python.short):
        return True
    if top == "distutils" and modules.have("_distutils_hack"):
        return True  # setuptools' own, which a .pth file of it makes known by that name
    if top not in sys.stdlib_module_names:
        return False
    directory = os.path.join(sysconfig.get_path("stdlib"), top)
    in_python = top in SEPARATE or os.path.isdir(directory) or os.path.isfile(f"{directory}.py")
    return release.python.source == "system" or not in_python


def _missing_module(release: Release, path: str, name: str, line: int, *, certain: bool) -> Finding:
    top = name.partition(".")[0]
    about = f"imports {name!r}, which is not in the release"
    about += "" if certain else ", inside a function or condition"
    if top in sys.stdlib_module_names:
        hint = _how_to_keep(release, top)
    else:
        hint = _how_to_add(release.project, _known_as(name))
    return Finding(
        severity="error" if certain else "warning",
        rule=RULE,
        path=path,
        message=f"line {line} {about}",
        hint=hint,
        topic=about,
        detail=f"line {line}",
    )


def _how_to_keep(release: Release, top: str) -> str:
    if top in OPTIONAL:
        return f'write `python.keep = ["{OPTIONAL[top]}"]`: releases do not include it by default'
    return f"CPython {release.python.short} no longer has it, or python.exclude names it"


def _known_as(name: str) -> str:
    """The distribution that brings the module, as far as its name shows."""
    parts = name.split(".")
    tops = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((DISTRIBUTIONS[top] for top in tops if top in DISTRIBUTIONS), parts[0])


def _how_to_add(project: Project, distribution: str) -> str:
    for kind, key, rows in (
        ("group", "groups", project.groups),
        ("extra", "extras", project.optional_dependencies),
    ):
        for name, requirements in rows.items():
            if canonicalize_name(distribution) in map(_name, requirements):
                return (
                    f"{distribution} is in the {kind} {name!r}: move it to `project.dependencies`, "
                    f'or include the {kind}: dependencies.{key} = ["{name}"]'
                )
    return f"add {distribution} to `project.dependencies`, then run: relforge lock"


def _name(requirement: str) -> str:
    try:
        return canonicalize_name(Requirement(requirement).name)
    except InvalidRequirement:
        return ""
