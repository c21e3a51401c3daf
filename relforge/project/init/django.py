"""Django's settings, as far as their source says: static files, and what is kept on disk."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

from relforge.project.init import paths
from relforge.project.init.names import Names

VARIABLE = "DJANGO_SETTINGS_MODULE"
_STATIC = "django.contrib.staticfiles"
DATABASES = (".sqlite3", ".sqlite", ".db")  # how the names of their files end
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


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticFiles:
    """Where collectstatic gathers, relative to the project, and from where in addition to the apps.

    ``root`` is "" where there is nothing to gather, or it cannot be found out: then ``why``.
    """

    root: str = ""
    folders: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that the application writes into its own directory."""

    what: str
    path: str
    where: str

    @property
    def folder(self) -> str:
        """The directory of a database, which has to be there before it is opened; else ""."""
        return self.path.rpartition("/")[0] if self.path.endswith(DATABASES) else ""


class Settings:
    """The settings module that is served, with what it takes from others."""

    def __init__(self, names: Names, module: str) -> None:
        self._names = names
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
        return paths.evaluate(value.node, value.path, lambda name: self._lookup(value, name, 0))

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
        return paths.evaluate(
            found.node, found.path, lambda inner: self._lookup(found, inner, depth + 1)
        )


def static(settings: Settings) -> StaticFiles:
    """What `collectstatic` would gather, and into which directory."""
    value = settings.value("STATIC_ROOT")
    used = settings.installs(_STATIC)
    if not used and settings.value("INSTALLED_APPS") is not None:
        return StaticFiles()
    if value is None:
        why = "STATIC_ROOT is not set in the settings" if used else ""
        return StaticFiles(why=why)
    path = settings.path(value)
    root = paths.inside(path)
    shown = f"STATIC_ROOT is set in {value.where}"
    if value.condition:
        return StaticFiles(why=f"{shown} under the condition `{value.condition}`")
    if path is None:
        return StaticFiles(why=f"{shown}, but its value cannot be read from the source")
    if root is None:
        return StaticFiles(why=f"{shown} to {path.replace(paths.ROOT, '..')}, outside the project")
    listed = settings.value("STATICFILES_DIRS")
    folders: list[str] = []
    if listed is not None:
        for row in _elements(listed.node):
            inner = paths.inside(settings.path(replace(listed, node=row)))
            folders += [inner] if inner else []
    return StaticFiles(root=root, folders=tuple(dict.fromkeys(folders)))


def kept(settings: Settings) -> Iterator[Kept]:
    """Databases and uploads that would be in the release itself."""
    seen: set[str] = set()
    for value in settings.values():
        for path, where in _files(settings, value):
            if path not in seen:
                seen.add(path)
                yield Kept("the database", path, where)
    for name, what in (("MEDIA_ROOT", "uploads"), ("FILE_UPLOAD_TEMP_DIR", "uploads")):
        said = settings.value(name)
        folder = paths.inside(settings.path(said)) if said else None
        if said and folder:
            yield Kept(what, folder, said.where)


def _files(settings: Settings, value: Value) -> Iterator[tuple[str, str]]:
    """The databases that a setting names, relative to the project, and where."""
    waiting: list[ast.expr] = [value.node]
    for node in waiting:
        plain = isinstance(node, ast.Constant) and str(node.value).count(".") == 1
        if isinstance(node, ast.Call | ast.BinOp | ast.JoinedStr) or plain:
            one = replace(value, node=node, line=node.lineno)
            path = paths.inside(settings.path(one))
            if path and path.endswith(DATABASES):
                yield path, one.where
                continue
        waiting += [row for row in ast.iter_child_nodes(node) if isinstance(row, ast.expr)]


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


def _elements(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.List | ast.Tuple):
        rows = node.elts
        return [
            row.elts[1] if isinstance(row, ast.Tuple) and len(row.elts) == 2 else row
            for row in rows
        ]
    return []
