"""Files of a Django site: what collectstatic gathers, and what the site writes into itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

from relforge.project.init import paths
from relforge.project.init.django import Settings, Value
from relforge.project.init.written_paths import DATABASES

_STATIC = "django.contrib.staticfiles"


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticFiles:
    """Where collectstatic gathers, relative to the project, and from where other than the apps.

    ``root`` is "" where there is nothing to gather, or it cannot be determined: then ``why``.
    """

    root: str = ""
    directories: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that the application writes into its own directory."""

    what: str
    path: str
    where: str

    @property
    def directory(self) -> str:
        """The directory of a database, which has to be there before it is opened; else ""."""
        return self.path.rpartition("/")[0] if self.path.endswith(DATABASES) else ""


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
    directories: list[str] = []
    if listed is not None:
        for row in _elements(listed.node):
            inner = paths.inside(settings.path(replace(listed, node=row)))
            directories += [inner] if inner else []
    return StaticFiles(root=root, directories=tuple(dict.fromkeys(directories)))


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
        directory = paths.inside(settings.path(said)) if said else None
        if said and directory:
            yield Kept(what, directory, said.where)


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


def _elements(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.List | ast.Tuple):
        rows = node.elts
        return [
            row.elts[1] if isinstance(row, ast.Tuple) and len(row.elts) == 2 else row
            for row in rows
        ]
    return []
