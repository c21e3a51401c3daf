"""What the wheel of a project will hold, by the tables of its build backend; none of it is run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from relforge.project.init import wheel_setuptools
from relforge.project.init.reading import Sources
from relforge.project.init.wheel_layout import Wheel, below, module, modules, packages, plain, table


def wheel(data: Mapping[str, Any], name: str, sources: Sources) -> Wheel | None:
    """The wheel that a build makes; None where nothing builds one."""
    has_setup = wheel_setuptools.is_used(sources)
    if "build-system" not in data and not has_setup:
        # PEP 517: setuptools builds it then; it finds what is in src/.
        default = bool(name) and any(row.startswith("src/") for row in sources.modules)
        return wheel_setuptools.wheel(data, sources) if default else None
    backend = str(table(data, "build-system").get("build-backend", "setuptools"))
    tool = table(data, "tool")
    readers = {
        "hatchling": lambda: _hatch(table(tool, "hatch"), name, sources),
        "poetry": lambda: _poetry(table(tool, "poetry"), name, sources),
        "flit_core": lambda: _flit(table(tool, "flit"), name, sources),
        "flit": lambda: _flit(table(tool, "flit"), name, sources),
        "pdm": lambda: _pdm(table(tool, "pdm"), sources),
        "uv_build": lambda: _uv(table(tool, "uv"), name, sources),
        "setuptools": lambda: wheel_setuptools.wheel(data, sources),
    }
    first = backend.partition(".")[0]
    if first not in readers:
        return Wheel(backend=backend, known=False)
    return readers[first]()


def _hatch(tool: Mapping[str, Any], name: str, sources: Sources) -> Wheel:
    build = table(tool, "build")
    target = table(table(build, "targets"), "wheel")
    packages = target.get("packages", build.get("packages"))
    renamed = target.get("sources", build.get("sources", ()))
    only = target.get("only-include", build.get("only-include"))
    only = only or target.get("include", build.get("include"))
    if packages:
        rows = [(plain(row), PurePosixPath(row).name) for row in packages]
    elif only:
        picked = (plain(row.removesuffix("/**").removesuffix("/*")) for row in only)
        rows = [(row, _renamed(row, renamed)) for row in picked if sources.has(row)]
    else:
        rows = list(_named(name, sources, ("src", "")))
    force = table({"x": target.get("force-include", {})}, "x")
    rows += [(plain(source), str(to)) for source, to in force.items()]
    problem = "" if rows else f"hatchling finds no package named {module(name)!r}"
    return Wheel(backend="hatchling", rows=tuple(rows), problem=problem)


def _renamed(path: str, sources: Any) -> str:
    pairs = sources.items() if isinstance(sources, dict) else ((row, "") for row in sources or ())
    for source, target in pairs:
        if path == source or path.startswith(f"{plain(source)}/"):
            return f"{target}/{path.removeprefix(plain(source))}".replace("//", "/").strip("/")
    return path


def _poetry(tool: Mapping[str, Any], name: str, sources: Sources) -> Wheel:
    listed = tool.get("packages")
    if tool.get("package-mode") is False:
        return Wheel(backend="poetry-core", problem="package-mode = false: Poetry builds no wheel")
    if listed:
        rows = [
            (plain(f"{row.get('from', '')}/{row['include']}"), str(row["include"]).strip("/"))
            for row in listed
            if isinstance(row, dict) and "include" in row and row.get("format") != "sdist"
        ]
    else:
        rows = list(_named(str(tool.get("name", name)), sources, ("", "src")))
    problem = "" if rows else f"poetry-core finds no package named {module(name)!r}"
    return Wheel(backend="poetry-core", rows=tuple(rows), problem=problem)


def _flit(tool: Mapping[str, Any], name: str, sources: Sources) -> Wheel:
    named = str(table(tool, "module").get("name", name))
    rows = tuple(_named(named, sources, ("", "src")))
    problem = "" if rows else f"flit finds no module named {module(named)!r}"
    return Wheel(backend="flit", rows=rows, problem=problem)


def _pdm(tool: Mapping[str, Any], sources: Sources) -> Wheel:
    build = table(tool, "build")
    directory = str(build.get("package-dir", "src" if sources.has("src") else "")).strip("./")
    includes = [plain(row) for row in build.get("includes", ()) if sources.has(plain(row))]
    if includes:
        rows = [(row, row.removeprefix(f"{directory}/") if directory else row) for row in includes]
    else:
        rows = [(below(directory, row), row) for row in packages(sources, directory)]
        rows = rows or [(below(directory, row), row) for row in modules(sources, directory)]
    return Wheel(backend="pdm-backend", rows=tuple(rows))


def _uv(tool: Mapping[str, Any], name: str, sources: Sources) -> Wheel:
    build = table(tool, "build-backend")
    directory = str(build.get("module-root", "src")).strip("./")
    given = build.get("module-name", module(name))
    names = [given] if isinstance(given, str) else list(given)
    paths = [row.replace(".", "/") for row in names]
    rows = [(below(directory, row), row) for row in paths if sources.has(below(directory, row))]
    problem = "" if rows else f"uv_build finds no module {names[0]!r} below {directory or '.'}/"
    return Wheel(backend="uv_build", rows=tuple(rows), problem=problem)


def _named(name: str, sources: Sources, directories: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """The package or module of the project's name."""
    for directory in directories:
        for word in dict.fromkeys((module(name), name, name.lower(), module(name).lower())):
            for path, mark in ((word, f"{word}/__init__.py"), (f"{word}.py", f"{word}.py")):
                if sources.has(below(directory, mark)):
                    yield below(directory, path), path
                    return
