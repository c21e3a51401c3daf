"""The names of what a project depends on, as far as its files say so."""

from __future__ import annotations

import ast
import configparser
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import tomli
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from relforge.project.init.frameworks import BRINGS
from relforge.project.init.reading import Sources
from relforge.project.init.syntax import dotted

_OPTION = re.compile(r"(-r|--requirement|-c|--constraint|-e|--editable)[ =]?\s*(\S+)")
_LOCKED = re.compile(r'^name = "([^"]+)"', re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """Canonical names; ``locked`` is whether they come from a lock, and so are all of them."""

    names: frozenset[str]
    locked: bool = False
    files: tuple[str, ...] = ()  # where they are written
    readable: bool = True  # False: a backend computes them

    def __contains__(self, name: str) -> bool:
        return name in self.names

    @property
    def complete(self) -> bool:
        """Whether a name that is not among them is not there."""
        return self.locked or (self.readable and bool(self.names))


def read(data: Mapping[str, Any], sources: Sources, lock: str | None) -> Dependencies:
    """What is asked for, and what a lock has; extras of the known ones are counted."""
    rows: dict[str, list[str]] = {}
    project, tool = _table(data, "project"), _table(data, "tool")
    if project.get("dependencies"):
        rows["pyproject.toml"] = [str(row) for row in project["dependencies"]]
    poetry = _table(_table(tool, "poetry"), "dependencies")
    if poetry:
        rows.setdefault("pyproject.toml", []).extend(_of_poetry(poetry))
    for name in ("requirements.txt", "requirements.in"):
        lines = list(_requirements(sources, name, ()))
        if lines:
            rows[name] = lines
    for name, reader in (("setup.cfg", _setup_cfg), ("setup.py", _setup_py), ("Pipfile", _pipfile)):
        found = list(reader(sources.text(name)))
        if found:
            rows[name] = found
    own = frozenset(name for lines in rows.values() for line in lines for name in _names(line))
    text = sources.text(lock) if lock else ""
    if lock and lock.endswith((".txt", "requirements.lock")):
        locked = frozenset(name for line in _lines(text) for name in _names(line))
    else:
        locked = frozenset(canonicalize_name(name) for name in _LOCKED.findall(text))
    computed = "dependencies" in project.get("dynamic", ()) or "install_requires" in sources.text(
        "setup.py"
    )
    return Dependencies(
        names=own | locked,
        locked=bool(locked),
        files=tuple(rows),
        readable=not computed or bool(rows),
    )


def _requirements(sources: Sources, name: str, above: tuple[str, ...]) -> Iterator[str]:
    """The lines of a requirements file and of those that it takes in."""
    for line in _lines(sources.text(name)) if name not in above else ():
        option = _OPTION.match(line)
        if option and option[1] in ("-r", "--requirement"):
            inner = str(PurePosixPath(name).parent / option[2])
            yield from _requirements(sources, inner, (*above, name))
        elif not line.startswith("-"):
            yield line


def _lines(text: str) -> Iterator[str]:
    for line in text.replace("\\\n", " ").splitlines():
        plain = re.split(r"(?:^|\s)#|\s--hash", line)[0].strip()
        if plain:
            yield plain


def _names(line: str) -> Iterator[str]:
    try:
        row = Requirement(line)
    except InvalidRequirement:
        egg = re.search(r"#egg=([\w.-]+)", line) or re.match(r"([\w.-]+)\s*@", line)
        if egg:
            yield canonicalize_name(egg[1])
        return
    name = canonicalize_name(row.name)
    yield name
    yield from BRINGS.get(name, ())
    for extra in row.extras:
        yield from BRINGS.get(f"{name}[{extra.lower()}]", ())


def _of_poetry(table: Mapping[str, Any]) -> Iterator[str]:
    for name, value in table.items():
        if name != "python":
            extras = value.get("extras", ()) if isinstance(value, dict) else ()
            yield f"{name}[{','.join(extras)}]" if extras else name


def _pipfile(text: str) -> Iterable[str]:
    try:
        return list(_of_poetry(_table(tomli.loads(text), "packages")))
    except tomli.TOMLDecodeError:
        return ()


def _setup_cfg(text: str) -> Iterable[str]:
    parser = configparser.ConfigParser()
    try:
        parser.read_string(text)
        return list(_lines(parser.get("options", "install_requires", fallback="")))
    except configparser.Error:
        return ()


def _setup_py(text: str) -> Iterable[str]:
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] == "setup":
            for row in node.keywords:
                if row.arg == "install_requires" and isinstance(row.value, ast.List):
                    for word in row.value.elts:
                        if isinstance(word, ast.Constant) and isinstance(word.value, str):
                            yield word.value


def _table(data: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = data.get(key, {})
    return value if isinstance(value, dict) else {}
