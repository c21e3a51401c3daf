"""Modules by their names: ``shop.ops.count()`` needs no ``import shop.ops`` before it."""

from __future__ import annotations

import ast
import builtins
import importlib
import importlib.util

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


def bring(text: str, namespace: dict[str, Any]) -> None:
    """Import what ``text`` names and nobody has defined, and put it into the namespace.

    Only a name that would otherwise be a NameError is looked for.  Raises what
    importing a module raises; a text with a syntax error is left alone.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    bound = {name for node in ast.walk(tree) for name in _bound(node)}
    for chain in _chains(tree):
        name = chain[0]
        if name in bound or hasattr(builtins, name):
            continue
        if name not in namespace and _exists(name):
            namespace[name] = importlib.import_module(name)
        _descend(namespace.get(name), chain)


def _descend(module: Any, chain: tuple[str, ...]) -> None:
    """Import the packages' modules that the chain goes through."""
    for depth, part in enumerate(chain[1:], 2):
        if not hasattr(module, "__path__") or hasattr(module, part):
            return
        name = ".".join(chain[:depth])
        if not _exists(name):
            return
        module = importlib.import_module(name)


def _exists(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ValueError:  # a module without a spec, as __main__ is
        return False


def _chains(tree: ast.AST) -> Iterator[tuple[str, ...]]:
    """``("shop", "ops", "count")`` for each name with its attributes."""
    for node in ast.walk(tree):
        parts: list[str] = []
        root: ast.AST = node
        while isinstance(root, ast.Attribute):
            parts.append(root.attr)
            root = root.value
        if isinstance(root, ast.Name) and isinstance(root.ctx, ast.Load):
            yield (root.id, *reversed(parts))


def _bound(node: ast.AST) -> Iterator[str]:
    """The names that this piece of the text itself defines, wherever in it."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.alias(name=name, asname=other):
            yield other or name.partition(".")[0]
        case ast.ExceptHandler(name=str() as name):
            yield name
