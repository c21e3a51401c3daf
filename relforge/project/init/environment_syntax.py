"""What reads of the environment look like in a module, by whichever name it has `os.environ`."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from relforge.project.init.syntax import dotted

ENVIRON = ("environ", "os.environ")
GETENV = ("getenv", "os.getenv", "environ.get", "os.environ.get")
KINDS = {"int": "int", "float": "float", "bool": "bool", "list": "list", "json": "str"}
_NAME = re.compile(r"[A-Z][A-Z0-9_]*")
_COPIES = ("dict", "os.environ.copy", "environ.copy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One name that sources read."""

    name: str
    path: str
    line: int
    needed: bool  # read while the module is imported, and without a default
    kind: str = "str"  # str, int, float, bool, list
    sample: str = ""  # a value of the right form, where the source shows it


def plain(
    tree: ast.Module, imported: Mapping[str, str], nodes: Sequence[ast.AST]
) -> tuple[ast.Module, tuple[ast.AST, ...]]:
    """The module with `environ` and `getenv` under these names, and all of its nodes.

    ``from os import environ as e``, ``env = os.environ``, ``env = os.environ.copy()``.
    """
    names = dict(_aliases(imported, nodes))
    if not names:
        return tree, tuple(nodes)
    tree = copy.deepcopy(tree)
    found = tuple(ast.walk(tree))
    for node in found:
        if isinstance(node, ast.Name) and node.id in names and isinstance(node.ctx, ast.Load):
            node.id = names[node.id]
    return tree, found


def _aliases(imported: Mapping[str, str], nodes: Sequence[ast.AST]) -> Iterator[tuple[str, str]]:
    for name, full in imported.items():
        if full in ("os.environ", "os.getenv") and name != full.partition(".")[2]:
            yield name, full.partition(".")[2]
    for node in nodes:
        if not isinstance(node, ast.Assign):
            continue
        value: ast.AST = node.value
        if isinstance(value, ast.Call) and dotted(value.func) in _COPIES:
            value = value.args[0] if dotted(value.func) == "dict" and value.args else value.func
        if dotted(value).removesuffix(".copy") in ENVIRON:
            yield from ((row.id, "environ") for row in node.targets if isinstance(row, ast.Name))


def texts(*nodes: ast.AST) -> Iterator[str]:
    """The names of variables that are literals among these nodes."""
    for node in nodes:
        value = node.value if isinstance(node, ast.Constant) else None
        if isinstance(value, str) and _NAME.fullmatch(value):
            yield value


def ends(node: ast.AST) -> bool:
    """Whether this ends the process or raises."""
    if isinstance(node, ast.Raise):
        return True
    call = node.value if isinstance(node, ast.Expr) else node
    return isinstance(call, ast.Call) and dotted(call.func) in ("exit", "quit", "sys.exit")
