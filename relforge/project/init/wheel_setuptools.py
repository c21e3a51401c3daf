"""What setuptools takes: by its table, by setup.cfg or setup.py, or by what it finds itself."""

from __future__ import annotations

import ast
import configparser
import re
from collections.abc import Iterator, Mapping
from typing import Any

from relforge.project.init import wheel_layout
from relforge.project.init.reading import Sources
from relforge.project.init.syntax import dotted
from relforge.project.init.wheel_layout import Wheel, below, packages, plain, table

# setuptools takes none of these from a flat layout.
_NO_PACKAGES = frozenset({
    "ci", "bin", "debian", "doc", "docs", "documentation", "manpages", "news",
    "newsfragments", "changelog", "test", "tests", "unit_test", "unit_tests", "example",
    "examples", "scripts", "tools", "util", "utils", "python", "build", "benchmark",
    "benchmarks", "exercise", "exercises", "htmlcov", "tasks", "fabfile", "site_scons",
    "node_modules", "migrations", "alembic"
})  # fmt: skip
_NO_MODULES = frozenset({
    "setup", "conftest", "test", "tests", "example", "examples", "build", "toxfile",
    "noxfile", "pavement", "dodo", "tasks", "fabfile", "SConstruct"
})  # fmt: skip


def is_used(sources: Sources) -> bool:
    """Whether there is a setup.py, or a setup.cfg that is not only other tools'."""
    text = sources.text("setup.cfg")
    return sources.has("setup.py") or "[metadata]" in text or "[options]" in text


def wheel(data: Mapping[str, Any], sources: Sources) -> Wheel:
    """The wheel that setuptools builds of the project."""
    own = table(table(data, "tool"), "setuptools")
    given = {**_setup_cfg(sources.text("setup.cfg")), **_setup_py(sources.text("setup.py"))}
    listed, where = own.get("packages", given.get("packages")), ""
    mapping = {**given.get("package_dir", {}), **own.get("package-dir", {})}
    if isinstance(listed, dict):
        find = table({"find": listed.get("find", listed.get("find_namespace", {}))}, "find")
        where = str((find.get("where") or ["."])[0])
        chosen = _found(sources, where, find.get("include"), find.get("exclude"))
    elif isinstance(listed, list):
        chosen = [str(row) for row in listed]
    else:
        chosen = None
    modules = own.get("py-modules", given.get("py_modules")) or ()
    data_in = bool(own.get("package-data") or given.get("package_data"))
    data_in = data_in or sources.has("MANIFEST.in")
    root = plain(str(mapping.get("", where)))
    if chosen is None and not modules:
        return _discovered(sources, root or ("src" if packages(sources, "src") else ""), data_in)
    rows = []
    for row in sorted(chosen or (), key=len):
        path, first = row.replace(".", "/"), row.partition(".")[0]
        source = mapping.get(
            row,
            below(mapping[first], path.partition("/")[2])
            if first in mapping
            else below(root, path),
        )
        rows.append((plain(str(source)), path))
    rows += [(below(root, f"{row}.py"), f"{row}.py") for row in modules]
    return Wheel(backend="setuptools", rows=_outermost(rows), data=data_in)


def _discovered(sources: Sources, root: str, data: bool) -> Wheel:
    found = [row for row in packages(sources, root) if root or row not in _NO_PACKAGES]
    if len(found) > 1 and not root:
        problem = f"setuptools refuses to choose between {', '.join(found)} (a flat layout)"
        return Wheel(backend="setuptools", problem=problem, data=data)
    loose = [
        row
        for row in wheel_layout.modules(sources, root)
        if row.removesuffix(".py") not in _NO_MODULES
    ]
    if not found and len(loose) > 1:
        problem = f"setuptools refuses to choose between {', '.join(loose)} (a flat layout)"
        return Wheel(backend="setuptools", problem=problem, data=data)
    rows = tuple((below(root, row), row) for row in found or loose)
    return Wheel(backend="setuptools", rows=rows, data=data)


def _found(sources: Sources, where: str, include: Any, exclude: Any) -> list[str]:
    directory = plain(where)
    wanted = [str(row).rstrip(".*") for row in include or ()]
    unwanted = [str(row).rstrip(".*") for row in exclude or ()]
    rows = packages(sources, directory)
    rows = [row for row in rows if not wanted or any(row.startswith(w) for w in wanted)]
    return [row for row in rows if row not in unwanted]


def _setup_cfg(text: str) -> dict[str, Any]:
    parser = configparser.ConfigParser()
    try:
        parser.read_string(text)
    except configparser.Error:
        return {}
    options = dict(parser["options"]) if "options" in parser else {}
    found: dict[str, Any] = {}
    if "package_dir" in options:
        pairs = (row.partition("=") for row in options["package_dir"].splitlines() if "=" in row)
        found["package_dir"] = {key.strip(): value.strip() for key, _, value in pairs}
    value = options.get("packages", "").strip()
    if value.startswith("find"):
        section = "options.packages.find"
        rows = dict(parser[section]) if section in parser else {}
        where = rows.get("where", found.get("package_dir", {}).get("", "."))
        found["packages"] = {"find": {"where": [where.strip()]}}
        for key in ("include", "exclude"):
            if key in rows:
                found["packages"]["find"][key] = rows[key].split()
    elif value:
        found["packages"] = re.split(r"[\s,]+", value)
    if options.get("py_modules"):
        found["py_modules"] = re.split(r"[\s,]+", options["py_modules"].strip())
    if "options.package_data" in parser:
        found["package_data"] = True
    return found


def _setup_py(text: str) -> dict[str, Any]:
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] == "setup":
            rows = {row.arg: row.value for row in node.keywords if row.arg}
            return dict(_setup_rows(rows))
    return {}


def _setup_rows(rows: dict[str, ast.expr]) -> Iterator[tuple[str, Any]]:
    for key in ("packages", "package_dir", "py_modules", "package_data"):
        node = rows.get(key)
        if isinstance(node, ast.Call) and dotted(node.func).endswith(
            ("find_packages", "find_namespace_packages")
        ):
            where = node.args[:1] + [row.value for row in node.keywords if row.arg == "where"]
            directory = _literal(where[0]) if where else "."
            yield key, {"find": {"where": [directory if isinstance(directory, str) else "."]}}
        elif node is not None and (value := _literal(node)) is not None:
            yield key, value


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def _outermost(rows: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Without the rows that another one already covers."""
    kept: list[tuple[str, str]] = []
    for source, target in rows:
        if not any(
            source.startswith(f"{above}/") and target == f"{to}/{source.removeprefix(above)[1:]}"
            for above, to in kept
        ):
            kept.append((source, target))
    return tuple(kept)
