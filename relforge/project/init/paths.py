"""Paths that settings compute, as far as their source says: ``BASE_DIR / "static"``.

Evaluated manually: ``__file__``, `pathlib`, `os.path`, names of the same or other modules, and
the defaults of environment variables.
"""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Callable, Iterable

from relforge.project.init.syntax import dotted

ROOT = "/\0"  # the project, in paths that are being worked out
_SAME = ("abspath", "realpath", "normpath", "expanduser", "str", "Path", "PurePath", "fspath")
_SAME_METHODS = ("resolve", "absolute", "as_posix", "expanduser", "root", "path")
_OPTIONS = ("get", "getpath")
_READS = ("get", "getenv", "config", "env", "str", "path", "root")
Lookup = Callable[[str], str | None]
Option = Callable[[str, str], str | None]
_URL = re.compile(r"sqlite(\+\w+)?:///")
_DEEPEST = 30


def _no_option(section: str, key: str) -> str | None:
    return None


def evaluate(
    node: ast.AST, file: str, lookup: Lookup, option: Option = _no_option, depth: int = 0
) -> str | None:
    """The path that an expression of a file makes; None where the source does not say it.

    Paths of the project begin with `ROOT`.  ``lookup`` knows the values of names, ``option``
    what a file of configuration or a dictionary has below a section and a key.
    """
    if depth > _DEEPEST:
        return None

    def inner(row: ast.AST) -> str | None:
        return evaluate(row, file, lookup, option, depth + 1)

    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.Name | ast.Attribute) and dotted(node):
        if dotted(node) == "__file__":
            return f"{ROOT}/{file}"
        if isinstance(node, ast.Attribute) and node.attr in ("parent", "root"):
            return _up(inner(node.value), node.attr == "parent")
        return lookup(dotted(node))
    if isinstance(node, ast.Attribute):
        return _up(inner(node.value), True) if node.attr == "parent" else None
    if isinstance(node, ast.Subscript):
        return _parents(node, inner) or _of_keys(node, option)
    if isinstance(node, ast.BinOp):
        return _joined(node, inner)
    if isinstance(node, ast.JoinedStr):
        rows = [
            inner(row.value if isinstance(row, ast.FormattedValue) else row) for row in node.values
        ]
        return "".join(row for row in rows if row is not None) if None not in rows else None
    if isinstance(node, ast.BoolOp):  # os.environ.get("X") or "static"
        return next((row for value in node.values if (row := inner(value)) is not None), None)
    return _called(node, inner, option) if isinstance(node, ast.Call) else None


def inside(path: str | None) -> str | None:
    """A path relative to the project; None where it is unknown, or leads elsewhere."""
    if not path:
        return None
    path = _URL.sub("", path)
    plain = posixpath.normpath(path)
    if plain.startswith(f"{ROOT}/"):
        return plain.removeprefix(f"{ROOT}/")
    return None if plain.startswith(("/", "..")) or plain == "." else plain


def _up(path: str | None, really: bool) -> str | None:
    if path is None:
        return None
    return posixpath.dirname(posixpath.normpath(path)) if really else path


def _parents(node: ast.Subscript, inner: Callable[[ast.AST], str | None]) -> str | None:
    """``Path(__file__).parents[2]``."""
    number = node.slice.value if isinstance(node.slice, ast.Constant) else None
    if not isinstance(node.value, ast.Attribute) or node.value.attr != "parents":
        return None
    path = inner(node.value.value)
    if path is None or not isinstance(number, int):
        return None
    for _ in range(number + 1):
        path = posixpath.dirname(posixpath.normpath(path))
    return path


def _of_keys(node: ast.Subscript, option: Option) -> str | None:
    """``config["dirs"]["static"]``, and ``DIRS["static"]``."""
    outer = node.value
    key = node.slice.value if isinstance(node.slice, ast.Constant) else None
    if not isinstance(key, str):
        return None
    if isinstance(outer, ast.Subscript) and isinstance(outer.slice, ast.Constant):
        return option(str(outer.slice.value), key)
    return option(dotted(outer), key) if dotted(outer) else None


def _joined(node: ast.BinOp, inner: Callable[[ast.AST], str | None]) -> str | None:
    if isinstance(node.op, ast.Mod):  # "%s/static" % BASE_DIR
        rows = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
        return _filled(inner(node.left), "%s", [inner(row) for row in rows])
    left, right = inner(node.left), inner(node.right)
    if left is None or right is None:
        return None
    if isinstance(node.op, ast.Div):
        return posixpath.join(left, right)
    return left + right if isinstance(node.op, ast.Add) else None


def _filled(text: str | None, mark: str, values: list[str | None]) -> str | None:
    """A text with a value for each of its marks."""
    known = [row for row in values if row is not None]
    if text is None or len(known) != len(values) or text.count(mark) != len(values):
        return None
    for value in known:
        text = text.replace(mark, value, 1)
    return text


def _called(node: ast.Call, inner: Callable[[ast.AST], str | None], option: Option) -> str | None:
    method = node.func.attr if isinstance(node.func, ast.Attribute) else dotted(node.func)
    options = {row.arg: row.value for row in node.keywords}
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    if owner is not None and method in ("joinpath", *_SAME_METHODS) and not _is_module(owner):
        rows = [inner(owner), *(inner(row) for row in node.args)]
        known = [row for row in rows if row is not None]
        if len(known) == len(rows):
            return posixpath.join(*known)
    if method == "join" and owner is not None and dotted(owner).endswith("path"):
        rows = [inner(row) for row in node.args]
        known = [row for row in rows if row is not None]
        return posixpath.join(*known) if known and len(known) == len(rows) else None
    if method == "format" and owner is not None and not node.keywords:
        text = re.sub(r"\{\d+\}", "{}", inner(owner) or "")
        return _filled(text, "{}", [inner(row) for row in node.args])
    if method == "dirname":
        return _up(inner(node.args[0]), True) if node.args else None
    if method in _READS and (default := _default(node, options)) is not None:
        return inner(default)
    if method in _OPTIONS and len(words := _words(node.args)) == 2:  # a file of configuration
        return option(*words)
    if method in _SAME and node.args:
        rows = [inner(row) for row in node.args]
        known = [row for row in rows if row is not None]
        return posixpath.join(*known) if len(known) == len(rows) else None
    return None


def _words(nodes: Iterable[ast.expr]) -> list[str]:
    return [
        row.value for row in nodes if isinstance(row, ast.Constant) and isinstance(row.value, str)
    ]


def _default(node: ast.Call, options: dict[str | None, ast.expr]) -> ast.expr | None:
    """What a call that reads a variable gives where it is not set.

    ``parser.get("section", "key")`` of an INI file has none, and looks alike: a variable's
    name is in capitals.
    """
    said = options.get("default") or options.get("fallback")
    if said is not None or len(node.args) != 2:
        return said
    name = node.args[0].value if isinstance(node.args[0], ast.Constant) else ""
    plain = isinstance(node.func, ast.Attribute) and node.func.attr == "get"
    return node.args[1] if not plain or (isinstance(name, str) and name.isupper()) else None


def _is_module(node: ast.AST) -> bool:
    return dotted(node) in ("os.path", "path", "posixpath", "os", "environ")
