"""Text files of an interpreter that name the place where it was built or installed.

What is left of such a place in a relocated tree is computed from the running
interpreter's own ``sys.base_prefix``.
"""

from __future__ import annotations

import ast
import posixpath
import re
from dataclasses import dataclass
from pathlib import Path

from relforge.support.errors import UserError

NOWHERE = "/nonexistent"  # stands for a directory of the build
PREFIX = "@prefix@"  # stands for the tree in the build variables
PUBLIC = ("/", "/usr", "/usr/local", "/install", PREFIX)  # reveal nothing of a build host

# Build variables that name directories of the installation, whatever the prefix is.
DIRECTORIES = frozenset(
    {
        *("prefix", "exec_prefix", "host_prefix", "host_exec_prefix", "datarootdir"),
        *("BINDIR", "BINLIBDEST", "CONFINCLUDEDIR", "CONFINCLUDEPY", "DESTDIRS", "DESTLIB"),
        *("DESTSHARED", "EXENAME", "INCLDIRSTOMAKE", "INCLUDEDIR", "INCLUDEPY", "LIBDEST"),
        *("LIBDIR", "LIBPC", "LIBPL", "MACHDESTLIB", "MANDIR", "SCRIPTDIR"),
    }
)

BUILD_VARIABLES = """\
# The build's variables.  "{prefix}" stands for this interpreter's own directory.
import sys

build_time_vars = {{
{rows}}}
for _name, _value in build_time_vars.items():
    if isinstance(_value, str) and "{prefix}" in _value:
        build_time_vars[_name] = _value.replace("{prefix}", sys.base_prefix)
"""

GET_PREFERRED_SCHEMES = """\
def _get_preferred_schemes():
    return {"prefix": "posix_prefix", "home": "posix_home", "user": "posix_user"}
"""

# An environment made by `bin/python` of a release, a link, would look for the standard library
# beside the link, and then where Python was compiled to be: on a host with its own, in that one.
BASE_EXECUTABLE = "        executable = sys._base_executable\n"
FOLLOW_LINK = """\
        if os.path.islink(executable):
            executable = os.path.realpath(executable)
"""
# A copy of the program would not find its libraries, which lie where its run path says.
COPY = "force_copy = not self.symlinks"
LINK = "force_copy = False"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildPlaces:
    """The directories that must not be named: installed to, and built in."""

    prefixes: tuple[str, ...]
    builds: tuple[str, ...]
    multiarch: str  # a directory between lib and what is in it; "" where there is none

    @property
    def private(self) -> tuple[str, ...]:
        """Those that reveal something of a build host, the longest first."""
        found = {path for path in (*self.prefixes, *self.builds) if path not in PUBLIC}
        return tuple(sorted(found, key=lambda path: (-len(path), path)))


def places(stdlib: Path, prefix: str) -> BuildPlaces:
    """What the build variables in a standard library say of its places."""
    prefixes, builds, multiarch = {prefix}, set(), ""
    for path in sorted(stdlib.glob("_sysconfigdata_*.py")):
        variables = _variables(path)
        prefixes |= {str(variables.get(name) or prefix) for name in ("prefix", "exec_prefix")}
        for name in ("abs_builddir", "abs_srcdir"):
            directory = posixpath.normpath(str(variables.get(name) or NOWHERE))
            if directory.count("/") > 1:
                builds.add(directory)
        multiarch = str(variables.get("MULTIARCH") or "")
    return BuildPlaces(
        prefixes=tuple(sorted(prefixes)), builds=tuple(sorted(builds)), multiarch=multiarch
    )


def rewrite(stdlib: Path, found: BuildPlaces) -> None:
    """Make the texts of a copied standard library independent of those places."""
    for path in sorted(stdlib.glob("_sysconfigdata_*.py")):
        if not path.is_symlink():
            path.write_text(_build_variables(_variables(path), found))
    for path in sorted(stdlib.glob("config-*/Makefile")):
        path.write_text(_makefile(path.read_text(), found))
    _undo_debian(stdlib)
    venv = stdlib / "venv" / "__init__.py"
    if venv.is_file():
        text = venv.read_text().replace(FOLLOW_LINK, "").replace(COPY, LINK)
        venv.write_text(text.replace(BASE_EXECUTABLE, BASE_EXECUTABLE + FOLLOW_LINK, 1))
    for path in sorted(stdlib.rglob("*")):
        if path.is_file() and not path.is_symlink() and ".so" not in path.name:
            _hide(path, found.private)


def hide(data: bytes, private: tuple[str, ...]) -> bytes:
    """The bytes without those directories' names, each as long as it was.

    The last component stays: a linker lets a string share the tail of another,
    and the version ``3.12.1`` may be the tail of ``/opt/pythons/3.12.1``.
    """
    for path in private:
        head, _, last = path.rpartition("/")
        if head and path.encode() in data:
            other = (NOWHERE + "/" * len(head))[: len(head)] + "/" + last
            pattern = re.escape(path.encode()) + rb"(?![\w.-])"
            data = re.sub(pattern, other.encode(), data)
    return data


def site_packages(data: bytes) -> bytes:
    """The bytes of Debian's ``site``, as source or frozen in a program, naming site-packages.

    Frozen modules are data whose strings know their lengths: this one stays.
    """
    return data.replace(b"dist-packages", b"site-packages")


def _hide(path: Path, private: tuple[str, ...]) -> None:
    data = path.read_bytes()
    hidden = hide(data, private)
    if hidden != data:
        path.write_bytes(hidden)


def _variables(path: Path) -> dict[str, object]:
    for node in ast.parse(path.read_bytes()).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
            value = ast.literal_eval(node.value)
            assert isinstance(value, dict)
            return value
    raise UserError(f"{path}: the build variables are not in the form that CPython writes")


def _build_variables(variables: dict[str, object], found: BuildPlaces) -> str:
    rows = []
    for name, value in sorted(variables.items()):
        new = _value(name, value, found) if isinstance(value, str) else value
        rows.append(f"    {name!r}: {new!r},\n")
    return BUILD_VARIABLES.format(prefix=PREFIX, rows="".join(rows))


def _value(name: str, value: str, found: BuildPlaces) -> str:
    for path in sorted(found.builds, key=len, reverse=True):
        value = _replaced(value, path, NOWHERE)
    for path in sorted(found.prefixes, key=len, reverse=True):
        if path not in ("/", PREFIX) and (name in DIRECTORIES or path not in PUBLIC):
            value = _replaced(value, path, PREFIX)
    if name in DIRECTORIES and found.multiarch:
        value = value.replace(f"{PREFIX}/lib/{found.multiarch}", f"{PREFIX}/lib")
    return value


def _replaced(text: str, path: str, other: str) -> str:
    return re.sub(
        rf"(?<![\w.]){re.escape(path)}(?![\w.-])|(?<=-[IL]){re.escape(path)}(?![\w.-])",
        lambda _: other,
        text,
    )


def _makefile(text: str, found: BuildPlaces) -> str:
    for path in sorted(found.builds, key=len, reverse=True):
        text = _replaced(text, path, NOWHERE)
    here = "$(abspath $(dir $(lastword $(MAKEFILE_LIST)))/../../..)"
    text = re.sub(r"^prefix=.*$", lambda _: f"prefix=\t{here}", text, flags=re.M)
    text = re.sub(r"^exec_prefix=.*$", lambda _: "exec_prefix=\t${prefix}", text, flags=re.M)
    for path in found.prefixes:
        if path not in PUBLIC:
            text = _replaced(text, path, "$(prefix)")
    return text


def _undo_debian(stdlib: Path) -> None:
    """Let a Debian interpreter install to and look in site-packages, as upstream's does.

    Its own directories are for the distribution's packages, which are not here.
    """
    site = stdlib / "site.py"
    site.write_bytes(site_packages(site.read_bytes()))
    for path in (stdlib / "sysconfig.py", stdlib / "sysconfig" / "__init__.py"):
        if path.is_file() and "deb_system" in path.read_text():
            path.write_text(_with_function(path, GET_PREFERRED_SCHEMES))
            path.write_text(_without_keys(path, {"deb_system", "posix_local"}))


def _with_function(path: Path, function: str) -> str:
    """The module's text, with this definition in the place of the one of the same name."""
    text = path.read_text()
    name = function[len("def ") : function.index("(")]
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            lines = text.splitlines(keepends=True)
            return "".join([*lines[: node.lineno - 1], function, *lines[node.end_lineno :]])
    raise UserError(f"{path.name}: unknown changes by Debian: no {name}()")


def _without_keys(path: Path, names: set[str]) -> str:
    """The module's text without those entries of the table of installation schemes."""
    lines = path.read_text().splitlines(keepends=True)
    for node in ast.walk(ast.parse("".join(lines))):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value in names:
                    end = value.end_lineno or key.lineno
                    lines[key.lineno - 1 : end] = [""] * (end - key.lineno + 1)
    text = "".join(lines)
    return text.replace(", 'posix_local', 'deb_system')", ")")
