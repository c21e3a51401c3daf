"""The application objects that a project's sources make, found without importing them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

Interface = Literal["asgi", "wsgi", "celery"]

# What an application is made by, and what it then is.
MAKERS: dict[str, tuple[str, Interface]] = {
    "django.core.asgi.get_asgi_application": ("Django", "asgi"),
    "django.core.wsgi.get_wsgi_application": ("Django", "wsgi"),
    "fastapi.FastAPI": ("FastAPI", "asgi"),
    "fastapi.applications.FastAPI": ("FastAPI", "asgi"),
    "flask.Flask": ("Flask", "wsgi"),
    "flask.app.Flask": ("Flask", "wsgi"),
    "litestar.Litestar": ("Litestar", "asgi"),
    "litestar.app.Litestar": ("Litestar", "asgi"),
    "quart.Quart": ("Quart", "asgi"),
    "starlette.applications.Starlette": ("Starlette", "asgi"),
    "celery.Celery": ("Celery", "celery"),
    "celery.app.Celery": ("Celery", "celery"),
}
FACTORIES = frozenset({"build_app", "create_app", "get_app", "make_app"})
ASIDE = frozenset({"benchmarks", "docs", "examples", "migrations", "scripts", "test", "tests"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """A module-level object: ``target`` is ``pkg.module:name``, ``path`` its file."""

    framework: str
    interface: Interface
    target: str
    path: str
    factory: bool = False  # what the target names makes the application


def find(root: Path, files: Iterable[str]) -> tuple[Application, ...]:
    """The applications in these sources, the likeliest first: ASGI, high up, named ``app``."""
    sources = {name: parse(root / name) for name in files if counts(name)}
    trees = {name: tree for name, tree in sources.items() if tree is not None}
    makers = dict(MAKERS)
    makers.update(_factories(trees))
    found = [
        application
        for name, tree in trees.items()
        for application in _in_module(name, tree, makers)
    ]
    made = {application.framework for application in found}
    found += [row for row in _only_made(trees) if row.framework not in made]
    return tuple(sorted(found, key=_likelihood))


def module(path: str) -> str:
    """``src/shop/web.py`` as ``shop.web``."""
    parts = list(PurePosixPath(path).with_suffix("").parts)
    if parts[0] == "src" and len(parts) > 1:
        parts = parts[1:]
    if parts[-1] == "__init__":
        parts = parts[:-1]
    return ".".join(parts)


def counts(name: str) -> bool:
    """Whether a file of that name is a module of the application, and no test of it."""
    path = PurePosixPath(name)
    aside = ASIDE & set(path.parts[:-1]) or path.name.startswith(("test_", "conftest"))
    return path.suffix == ".py" and not aside and all(p.isidentifier() for p in path.parts[:-1])


def parse(path: Path) -> ast.Module | None:
    """The module, None where it is nothing that this Python can read."""
    try:
        return ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None


def _likelihood(found: Application) -> tuple[bool, int, bool, str]:
    name = found.target.partition(":")[2]
    return (
        found.interface != "asgi",
        found.path.count("/"),
        name not in ("app", "application", "api"),
        found.target,
    )


def _factories(trees: dict[str, ast.Module]) -> Iterator[tuple[str, tuple[str, Interface]]]:
    """Functions such as ``create_app`` that make an application somewhere in their body."""
    for name, tree in trees.items():
        imported = _imported(name, tree)
        for node in tree.body:
            if not isinstance(node, ast.FunctionDef) or node.name not in FACTORIES:
                continue
            for inner in ast.walk(node):
                made = MAKERS.get(_called(inner, imported))
                if made:
                    yield f"{module(name)}.{node.name}", made


def _only_made(trees: dict[str, ast.Module]) -> Iterator[Application]:
    """Factories that can be called with nothing, for projects that leave that to the server."""
    made = dict(_factories(trees))
    for name, tree in trees.items():
        for node in tree.body:
            row = made.get(f"{module(name)}.{getattr(node, 'name', '')}")
            if not row or not isinstance(node, ast.FunctionDef) or row[1] == "celery":
                continue
            if len(node.args.args) == len(node.args.defaults):
                yield Application(
                    framework=row[0],
                    interface=row[1],
                    target=f"{module(name)}:{node.name}",
                    path=name,
                    factory=True,
                )


def _in_module(
    name: str, tree: ast.Module, makers: dict[str, tuple[str, Interface]]
) -> Iterator[Application]:
    imported = _imported(name, tree)
    for node in tree.body:
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign):
            targets = [node.target]
        else:
            continue
        made = makers.get(_called(node.value, imported))
        for target in targets:
            if made and isinstance(target, ast.Name):
                yield Application(
                    framework=made[0],
                    interface=made[1],
                    target=f"{module(name)}:{target.id}",
                    path=name,
                )


def _imported(path: str, tree: ast.Module) -> dict[str, str]:
    """What each name of the module stands for, dotted."""
    own = module(path)
    package = own if path.endswith("__init__.py") else own.rpartition(".")[0]
    names = {
        node.name: f"{own}.{node.name}" for node in tree.body if isinstance(node, ast.FunctionDef)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for row in node.names:
                names[row.asname or row.name.partition(".")[0]] = (
                    row.name if row.asname else row.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*above, node.module or ""]) if node.level else node.module or ""
            for row in node.names:
                names[row.asname or row.name] = f"{base.strip('.')}.{row.name}"
    return names


def _called(node: ast.AST | None, imported: dict[str, str]) -> str:
    """The dotted name of what a call calls, "" where it is no such call."""
    if not isinstance(node, ast.Call):
        return ""
    parts: list[str] = []
    callee: ast.expr = node.func
    while isinstance(callee, ast.Attribute):
        parts.append(callee.attr)
        callee = callee.value
    if not isinstance(callee, ast.Name):
        return ""
    return ".".join([imported.get(callee.id, callee.id), *reversed(parts)])
