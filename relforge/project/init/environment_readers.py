"""Who reads variables in a module: os.environ, decouple, django-environ, environs, starlette."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from relforge.project.init import demanded
from relforge.project.init.environment_syntax import ENVIRON, GETENV, KINDS, ends, texts
from relforge.project.init.syntax import dotted, statements

_READERS = ("decouple.config", "starlette.config.Config", "environ.Env", "environs.Env")
_URLS = {"db": "DATABASE_URL", "db_url": "DATABASE_URL", "cache": "CACHE_URL"}
_URLS |= {"email": "EMAIL_URL", "email_url": "EMAIL_URL", "dj_db_url": "DATABASE_URL"}


class EnvironmentReader:
    """The reads of one module."""

    def __init__(
        self, tree: ast.Module, nodes: Sequence[ast.AST], imported: dict[str, str]
    ) -> None:
        self._imported = imported
        self._readers = _readers(nodes, imported)
        self._helpers = dict(_helpers(tree))
        self._prefixes = dict(_prefixes(nodes, self._readers))

    def of(self, node: ast.AST) -> Iterator[tuple[str, bool, str]]:
        """Name, whether there is no default, and the kind where it is written."""
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            if dotted(node.value) in ENVIRON or dotted(node.value) in self._readers:
                yield from ((name, True, "") for name in texts(node.slice))
        elif isinstance(node, ast.Call):
            callee = dotted(node.func)
            if callee in GETENV or self._imported.get(callee) in ("os.getenv",):
                yield from ((name, False, "") for name in texts(*node.args[:1]))
            elif callee in self._helpers:
                given = len(node.args) + len(node.keywords) > 1
                needs = self._helpers[callee] and not given
                yield from ((name, needs, "") for name in texts(*node.args[:1]))
            elif callee.partition(".")[0] in self._readers:
                prefix = self._prefixes.get(id(node), "")
                for name, needed, kind in self._of_reader(callee, node):
                    yield prefix + name, needed, kind
        elif isinstance(node, ast.BoolOp | ast.If):
            yield from _demanded(node)

    def _of_reader(self, callee: str, node: ast.Call) -> Iterator[tuple[str, bool, str]]:
        first, _, method = callee.partition(".")
        if "." in method or method in ("read_env", "read_envfile", "prefixed", "scheme"):
            return
        options = {row.arg: row.value for row in node.keywords}
        plain = [row for row in node.args[1:] if dotted(row) not in (*KINDS, "str")]
        has_default = "default" in options or bool(plain)
        cast = dotted(options["cast"]) if "cast" in options else method
        if not node.args and method in _URLS:
            names = [_URLS[method]]
        else:
            names = list(texts(*node.args[:1]))
        for name in names:
            known = name in self._readers[first]
            yield name, not has_default and not known, KINDS.get(cast, "str")


def _readers(nodes: Sequence[ast.AST], imported: dict[str, str]) -> dict[str, frozenset[str]]:
    """The names that read variables when they are called, with those that have a default."""
    found = {name: frozenset[str]() for name, full in imported.items() if full == _READERS[0]}
    for node in nodes:
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
            continue
        first, _, rest = dotted(node.value.func).partition(".")
        full = imported.get(first, first) + (f".{rest}" if rest else "")
        if full in _READERS[1:] or full in ("environ.FileAwareEnv", "decouple.Config"):
            scheme = frozenset(row.arg for row in node.value.keywords if row.arg)
            found |= {name: scheme for target in node.targets if (name := dotted(target))}
    return found


def _helpers(tree: ast.Module) -> Iterator[tuple[str, bool]]:
    """Functions of the module that read the variable of their first argument.

    With each, whether it fails where that is missing.
    """
    for node in statements(tree.body):
        if not isinstance(node, ast.FunctionDef) or not node.args.args:
            continue
        first = node.args.args[0].arg
        inner = list(ast.walk(node))
        taken = any(
            isinstance(row, ast.Subscript)
            and dotted(row.value) in ENVIRON
            and dotted(row.slice) == first
            for row in inner
        )
        asked = [row for row in inner if isinstance(row, ast.Call) and _asks_for(row, first)]
        if taken or asked:
            caught = any(isinstance(row, ast.Try) for row in inner)
            yield node.name, (taken and not caught) or _fails(inner, asked)


def _asks_for(node: ast.Call, name: str) -> bool:
    """``os.getenv(name)``, with any default."""
    return dotted(node.func) in GETENV and bool(node.args) and dotted(node.args[0]) == name


def _fails(inner: Sequence[ast.AST], asked: Sequence[ast.Call]) -> bool:
    """Whether a function raises where one of these has no answer."""
    bound = {
        dotted(target)
        for row in inner
        if isinstance(row, ast.Assign) and row.value in asked
        for target in row.targets
    }
    return any(name in bound for name in demanded.refused(inner))


def _prefixes(
    nodes: Sequence[ast.AST], readers: dict[str, frozenset[str]]
) -> Iterator[tuple[int, str]]:
    """``with env.prefixed("SHOP_"):``: the nodes below, by their `id`."""
    for node in nodes:
        if not isinstance(node, ast.With):
            continue
        for item in node.items:
            call = item.context_expr
            if not isinstance(call, ast.Call) or not call.args:
                continue
            owner, _, method = dotted(call.func).rpartition(".")
            first = call.args[0]
            if owner in readers and method == "prefixed" and isinstance(first, ast.Constant):
                below = (inner for row in node.body for inner in ast.walk(row))
                yield from ((id(inner), str(first.value)) for inner in below)


def _demanded(node: ast.BoolOp | ast.If) -> Iterator[tuple[str, bool, str]]:
    """``os.getenv("X") or sys.exit(1)``, and ``if not os.getenv("X"): raise ...``."""
    if isinstance(node, ast.BoolOp):
        asked: list[ast.AST] = [*node.values[:-1]] if ends(node.values[-1]) else []
    else:
        asked = [node.test] if any(ends(row) for row in node.body) else []
    for row in asked:
        for inner in ast.walk(row):
            if not isinstance(inner, ast.Call) or dotted(inner.func) not in GETENV:
                continue
            if all(isinstance(value, ast.Constant) and not value.value for value in inner.args[1:]):
                yield from ((name, True, "") for name in texts(*inner.args[:1]))
