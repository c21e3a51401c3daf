"""Django's settings, as far as their source says."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from relforge.project.init import paths
from relforge.project.init.names import Names

VARIABLE = "DJANGO_SETTINGS_MODULE"
_DEEPEST = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One setting: what is assigned, and where."""

    node: ast.expr
    path: str
    line: int
    module: str
    condition: str = ""

    @property
    def where(self) -> str:
        return f"{self.path}:{self.line}"


Options = Callable[[str, str], str | None]


def no_options(section: str, key: str) -> str | None:
    """Where no file of configuration is known."""
    return None


class Settings:
    """The settings module that is served, with what it takes from others."""

    def __init__(self, names: Names, module: str, options: Options = no_options) -> None:
        self._names = names
        self._options = options
        self.module = module

    def value(self, name: str) -> Value | None:
        """The last assignment of a setting, in this module or in those that it takes in."""
        return self._find(self.module, name, 0)

    def values(self) -> Iterator[Value]:
        """Each setting, of this module and of those that it takes in with a star."""
        names: set[str] = set()
        waiting = [self.module]
        for module in waiting:
            facts = self._names.modules.get(module)
            if facts is None:
                continue
            for name in sorted(facts.settings.keys() - names):
                names.add(name)
                if (found := self._find(module, name, 0)) is not None:
                    yield found
            bases = (self._names.base(module, facts, row.level, row.module) for row in facts.stars)
            waiting += [base for base in bases if base not in waiting]

    def path(self, value: Value) -> str | None:
        """The path that a value is: see `paths.evaluate`."""
        return self._evaluate(value, 0)

    def text(self, name: str) -> str:
        """A setting that is a plain string."""
        value = self.value(name)
        node = value.node if value else None
        return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""

    def installs(self, app: str) -> bool:
        """Whether a module of the project names that app, as INSTALLED_APPS would."""
        return any(app in facts.texts for facts in self._names.modules.values())

    def apps(self) -> Iterator[str]:
        """The modules of every app that a list such as INSTALLED_APPS names."""
        rows = (
            row.value
            for facts in self._names.modules.values()
            for name, value in facts.settings.items()
            if name.endswith("APPS")
            for row in ast.walk(value.node)
            if isinstance(row, ast.Constant)
        )
        named = tuple(f"{row}." for row in rows if isinstance(row, str) and row)
        return (name for name in self._names.modules if f"{name}.".startswith(named))

    def _find(self, module: str, name: str, depth: int) -> Value | None:
        facts = self._names.modules.get(module)
        if facts is None or depth > _DEEPEST:
            return None
        if name in facts.settings:
            said = facts.settings[name]
            return Value(
                node=said.node,
                path=facts.path,
                line=said.line,
                module=module,
                condition=said.condition,
            )
        for row in reversed(facts.stars):
            base = self._names.base(module, facts, row.level, row.module)
            found = self._find(base, name, depth + 1)
            if found is not None:
                return found
        place = self._names.locate(self._names.absolute(module, name))
        if place is not None and place[0] != module:
            return self._find(place[0], place[1], depth + 1)
        return None

    def _lookup(self, value: Value, name: str, depth: int) -> str | None:
        found = self._find(value.module, name.rpartition(".")[2], 0)
        if found is None or depth > _DEEPEST or found.node is value.node:
            return None
        return self._evaluate(found, depth + 1)

    def _evaluate(self, value: Value, depth: int) -> str | None:
        return paths.evaluate(
            value.node,
            value.path,
            lambda name: self._lookup(value, name, depth),
            lambda section, key: self._option(section, key, depth),
        )

    def _option(self, section: str, key: str, depth: int) -> str | None:
        """What a file of configuration has there, else a dictionary of the sources."""
        said = self._options(section, key)
        if said is not None or depth > _DEEPEST:
            return said
        for module, facts in self._names.modules.items():
            for name, row in facts.settings.items():
                for node in _below(row.node, name, section, key):
                    value = Value(node=node, path=facts.path, line=row.line, module=module)
                    found = self._evaluate(value, depth + 1)
                    if found is not None:
                        return found
        return None


def _below(node: ast.expr, name: str, section: str, key: str) -> Iterator[ast.expr]:
    """``DIRS["static"]`` of ``DIRS``; ``["dirs"]["static"]``, or its default, of any dictionary."""
    if name == section:
        yield from _values(node, key)
        return
    for inner in _values(node, section):
        for value in _values(inner, key):
            yield from _values(value, "default") if isinstance(value, ast.Dict) else (value,)


def _values(node: ast.expr, key: str) -> Iterator[ast.expr]:
    if isinstance(node, ast.Dict):
        for name, value in zip(node.keys, node.values, strict=True):
            if isinstance(name, ast.Constant) and name.value == key:
                yield value


def module(names: Names, served: str, manage: str) -> str:
    """The settings module that is served: as asgi.py or wsgi.py says, else manage.py."""
    for name in (served, manage):
        facts = names.modules.get(name)
        found = facts.defaults.get(VARIABLE, "") if facts else ""
        if found in names.modules:
            return found
    candidates = [
        name
        for name, facts in names.modules.items()
        if {"INSTALLED_APPS", "ROOT_URLCONF", "STATIC_ROOT"} & set(facts.settings)
    ]
    return min(candidates, key=lambda name: (name.count("."), name), default="")
