"""Django's static files: what collectstatic gathers, as far as the settings' source tells."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterable, Iterator
from pathlib import Path

from relforge.model.spec import AssetSettings
from relforge.project.init.applications import counts, parse
from relforge.project.init.programs import MANAGE

COLLECT = ("{python}", MANAGE, "collectstatic", "--noinput")
_STATIC = "django.contrib.staticfiles"
_PATH_FUNCTIONS = ("join", "joinpath", "Path", "str")


def find(root: Path, files: Iterable[str], trees: tuple[str, ...]) -> AssetSettings | None:
    """Collecting into ``STATIC_ROOT``; None where there is none in the settings."""
    names = list(files)
    if MANAGE not in names:
        return None
    settings = [tree for name in names if counts(name) and (tree := parse(root / name))]
    into = next((path for value in _values(settings, "STATIC_ROOT") if (path := _path(value))), "")
    if not into:
        return None
    listed = (row for value in _values(settings, "STATICFILES_DIRS") for row in _rows(value))
    folders = {path for row in listed if (path := _path(row))}
    inputs = [*trees, *sorted(path for path in folders if not _is_below(path, trees))]
    return AssetSettings(
        run=(COLLECT,),
        inputs=tuple(name if (root / name).is_file() else f"{name}/**" for name in inputs),
        outputs=((into, f"app/{into}"),),
    )


def is_uncollected(root: Path, files: Iterable[str]) -> bool:
    """Whether Django is to serve static files, and nothing says where to gather them."""
    names = list(files)
    settings = [tree for name in names if counts(name) and (tree := parse(root / name))]
    installed = (ast.unparse(value) for value in _values(settings, "INSTALLED_APPS"))
    return any(_STATIC in text for text in installed) and find(root, names, ()) is None


def _values(modules: Iterable[ast.Module], name: str) -> Iterator[ast.expr]:
    """What is assigned to that name, anywhere in these modules."""
    for tree in modules:
        for node in tree.body:
            targets = node.targets if isinstance(node, ast.Assign) else []
            if isinstance(node, ast.Assign) and name in [ast.unparse(row) for row in targets]:
                yield node.value


def _rows(value: ast.expr) -> Iterable[ast.expr]:
    return value.elts if isinstance(value, ast.List | ast.Tuple) else ()


def _path(value: ast.expr) -> str:
    """``BASE_DIR / "static"`` or ``os.path.join(BASE_DIR, "static")`` as a path of the project.

    "" where it is anything else.
    """
    parts = list(_parts(value))
    path = posixpath.normpath("/".join(part for part in parts if part))
    known = bool(parts) and None not in parts and "" not in parts[1:]
    return path if known and path != "." and not path.startswith(("/", "..")) else ""


def _parts(value: ast.expr) -> Iterator[str | None]:
    """The words of a path; "" is the base folder, None what cannot be told."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value or None
    elif isinstance(value, ast.Name) and value.id in ("BASE_DIR", "PROJECT_ROOT", "ROOT_DIR"):
        yield ""
    elif isinstance(value, ast.BinOp) and isinstance(value.op, ast.Div):
        yield from _parts(value.left)
        yield from _parts(value.right)
    elif isinstance(value, ast.Call) and ast.unparse(value.func).endswith(_PATH_FUNCTIONS):
        method = isinstance(value.func, ast.Attribute) and value.func.attr == "joinpath"
        if method and isinstance(value.func, ast.Attribute):
            yield from _parts(value.func.value)
        for row in value.args:
            yield from _parts(row)
    else:
        yield None


def _is_below(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)
