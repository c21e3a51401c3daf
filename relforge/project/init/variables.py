"""The environment variables that a module reads, and which of them it cannot do without.

What is read with a default, inside a function, or behind a question for it is optional.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from relforge.project.init import demanded
from relforge.project.init.syntax import dotted, is_guard, statements

# What every process has, or what the release and the service's own manager set.
EVERYWHERE = frozenset({
    "CI", "HOME", "HOSTNAME", "LANG", "LC_ALL", "LOGNAME", "PATH", "PWD", "PYTHONPATH",
    "SHELL", "TEMP", "TERM", "TMP", "TMPDIR", "TZ", "USER", "VIRTUAL_ENV"
})  # fmt: skip
_ENVIRON = ("environ", "os.environ")
_GETENV = demanded.GETENV
_READERS = ("decouple.config", "starlette.config.Config", "environ.Env", "environs.Env")
_NAME = re.compile(r"[A-Z][A-Z0-9_]*")
_KINDS = {"int": "int", "float": "float", "bool": "bool", "list": "list", "json": "str"}
_SAMPLES = {
    "EmailStr": "build@example.com",
    "PostgresDsn": "postgresql://127.0.0.1/build",
    "RedisDsn": "redis://127.0.0.1:6379/0",
    "AmqpDsn": "amqp://127.0.0.1",
    "Url": "http://127.0.0.1",
    "UUID": "00000000-0000-0000-0000-000000000000",
    "list": "[]",
    "List": "[]",
    "set": "[]",
    "dict": "{}",
    "Dict": "{}",
}
_URLS = {"db": "DATABASE_URL", "db_url": "DATABASE_URL", "cache": "CACHE_URL"}
_URLS |= {"email": "EMAIL_URL", "email_url": "EMAIL_URL", "dj_db_url": "DATABASE_URL"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One name that sources read."""

    name: str
    path: str
    line: int
    needed: bool  # read while the module is imported, and without a default
    kind: str = "str"  # str, int, float, bool, list
    sample: str = ""  # a value of the right form, where the source shows it


def variables(
    path: str, tree: ast.Module, imported: dict[str, str], nodes: Sequence[ast.AST] = ()
) -> tuple[Variable, ...]:
    """Those that the module reads; ``imported`` says what its names stand for.

    ``nodes`` are all nodes of the module, where somebody has walked it already.
    """
    nodes = nodes or tuple(ast.walk(tree))
    found: dict[str, Variable] = {}
    reader = _Reader(imported, _readers(nodes, imported))
    guarded = set(_guarded(nodes))
    at_import = {id(node) for node in _at_import(tree)}
    kinds = _kinds(nodes)
    unsurvived = {id(node) for node in demanded.demanded(nodes, at_import)}
    for node in nodes:
        for name, needed, kind in reader.of(node):
            wanted = needed or id(node) in unsurvived
            wanted = wanted and id(node) in at_import and name not in guarded
            before = found.get(name)
            if before is None or (wanted and not before.needed):
                found[name] = Variable(
                    name=name,
                    path=path,
                    line=getattr(node, "lineno", 0),
                    needed=wanted,
                    kind=kind or kinds.get(id(node), "str"),
                )
    for row in _of_settings(path, tree, imported, nodes):
        found.setdefault(row.name, row)
    return tuple(found.values())


def written(nodes: Sequence[ast.AST]) -> Iterator[str]:
    """The variables that the module sets itself, where they are missing or always."""
    for node in nodes:
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            if dotted(node.value) in _ENVIRON:
                yield from _texts(node.slice)
        elif isinstance(node, ast.Call) and dotted(node.func).endswith("environ.setdefault"):
            yield from _texts(*node.args[:1])


class _Reader:
    """Reads of one module: by os.environ, decouple, django-environ, environs, starlette."""

    def __init__(self, imported: dict[str, str], readers: dict[str, frozenset[str]]) -> None:
        self._imported = imported
        self._readers = readers

    def of(self, node: ast.AST) -> Iterator[tuple[str, bool, str]]:
        """Name, whether there is no default, and the kind where it is written."""
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            if dotted(node.value) in _ENVIRON or dotted(node.value) in self._readers:
                yield from ((name, True, "") for name in _texts(node.slice))
        elif isinstance(node, ast.Call):
            callee = dotted(node.func)
            if callee in _GETENV or self._imported.get(callee) in ("os.getenv",):
                yield from ((name, False, "") for name in _texts(*node.args[:1]))
            elif callee.partition(".")[0] in self._readers:
                yield from self._of_reader(callee, node)
        elif isinstance(node, ast.BoolOp | ast.If):
            yield from _demanded(node)

    def _of_reader(self, callee: str, node: ast.Call) -> Iterator[tuple[str, bool, str]]:
        first, _, method = callee.partition(".")
        if "." in method or method in ("read_env", "read_envfile", "prefixed", "scheme"):
            return
        options = {row.arg: row.value for row in node.keywords}
        plain = [row for row in node.args[1:] if dotted(row) not in (*_KINDS, "str")]
        has_default = "default" in options or bool(plain)
        cast = dotted(options["cast"]) if "cast" in options else method
        if not node.args and method in _URLS:
            names = [_URLS[method]]
        else:
            names = list(_texts(*node.args[:1]))
        for name in names:
            known = name in self._readers[first]
            yield name, not has_default and not known, _KINDS.get(cast, "str")


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


def _at_import(tree: ast.Module) -> Iterator[ast.AST]:
    """Nodes that are evaluated when the module is imported."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    rows: list[ast.AST] = [row for row in tree.body if not is_guard(row)]
    while rows:
        node = rows.pop()
        yield node
        if not isinstance(node, functions):
            rows.extend(ast.iter_child_nodes(node))


def _guarded(nodes: Sequence[ast.AST]) -> Iterator[str]:
    """The variables whose absence the module asks about, or catches."""
    for node in nodes:
        if isinstance(node, ast.Compare) and any(
            isinstance(o, ast.In | ast.NotIn) for o in node.ops
        ):
            if any(dotted(row) in _ENVIRON for row in node.comparators):
                yield from _texts(node.left)
        elif isinstance(node, ast.Try):
            caught = " ".join(ast.unparse(row.type) for row in node.handlers if row.type)
            if re.search(r"KeyError|LookupError|Exception", caught):
                yield from _texts(*(inner for row in node.body for inner in ast.walk(row)))
        elif isinstance(node, ast.If | ast.IfExp) and _asks(node.test):
            body = node.body if isinstance(node.body, list) else [node.body]
            if not any(_ends(row) for row in body):
                behind = (inner for row in (node.test, *body) for inner in ast.walk(row))
                yield from _texts(*behind)


def _asks(test: ast.expr) -> bool:
    """Whether a condition looks at the environment."""
    rows = (dotted(row) for row in ast.walk(test))
    return any(row in (*_ENVIRON, *_GETENV) for row in rows)


def _demanded(node: ast.BoolOp | ast.If) -> Iterator[tuple[str, bool, str]]:
    """``os.getenv("X") or sys.exit(1)``, and ``if not os.getenv("X"): raise ...``."""
    if isinstance(node, ast.BoolOp):
        asked: list[ast.AST] = [*node.values[:-1]] if _ends(node.values[-1]) else []
    else:
        asked = [node.test] if any(_ends(row) for row in node.body) else []
    for row in asked:
        for inner in ast.walk(row):
            if not isinstance(inner, ast.Call) or dotted(inner.func) not in _GETENV:
                continue
            if all(isinstance(value, ast.Constant) and not value.value for value in inner.args[1:]):
                yield from ((name, True, "") for name in _texts(*inner.args[:1]))


def _ends(node: ast.AST) -> bool:
    """Whether this ends the process or raises."""
    if isinstance(node, ast.Raise):
        return True
    call = node.value if isinstance(node, ast.Expr) else node
    return isinstance(call, ast.Call) and dotted(call.func) in ("exit", "quit", "sys.exit")


def _kinds(nodes: Sequence[ast.AST]) -> dict[int, str]:
    """What reads are turned into at once: ``int(os.environ["X"])``."""
    return {
        id(node.args[0]): _KINDS[dotted(node.func)]
        for node in nodes
        if isinstance(node, ast.Call) and dotted(node.func) in ("int", "float") and node.args
    }


def _texts(*nodes: ast.AST) -> Iterator[str]:
    for node in nodes:
        value = node.value if isinstance(node, ast.Constant) else None
        if isinstance(value, str) and _NAME.fullmatch(value):
            yield value


def _of_settings(
    path: str, tree: ast.Module, imported: dict[str, str], nodes: Sequence[ast.AST]
) -> Iterator[Variable]:
    """The fields of pydantic's BaseSettings."""
    made = {node.name for node in nodes if isinstance(node, ast.ClassDef)} & {
        dotted(node.func) for node in nodes if isinstance(node, ast.Call)
    }
    known = {"BaseSettings"}
    for node in statements(tree.body):
        if not isinstance(node, ast.ClassDef):
            continue
        bases = [dotted(row) for row in node.bases]
        full = [imported.get(row.partition(".")[0], row) for row in bases]
        if not any(row.rpartition(".")[2] in known for row in (*bases, *full)):
            continue
        known.add(node.name)
        prefix = _prefix(node)
        for row in node.body:
            if not isinstance(row, ast.AnnAssign) or not isinstance(row.target, ast.Name):
                continue
            if row.target.id in ("model_config", "Config") or "ClassVar" in ast.unparse(
                row.annotation
            ):
                continue
            alias, default = _field(row.value)
            name = alias or (prefix + row.target.id).upper()
            annotation = ast.unparse(row.annotation)
            yield Variable(
                name=name,
                path=path,
                line=row.lineno,
                needed=not default and node.name in made,
                kind=_KINDS.get(annotation.partition("[")[0], "str"),
                sample=_sample(annotation),
            )


def _sample(annotation: str) -> str:
    """A value that pydantic takes for a field of that type."""
    literal = re.match(r"Literal\['([^']*)'", annotation)
    if literal:
        return literal[1]
    return next((text for word, text in _SAMPLES.items() if word in annotation), "")


def _field(value: ast.expr | None) -> tuple[str, bool]:
    """Its alias, and whether it has a default."""
    if not isinstance(value, ast.Call) or dotted(value.func).rpartition(".")[2] != "Field":
        return "", value is not None
    options = {row.arg: row.value for row in value.keywords}
    alias = options.get("validation_alias") or options.get("alias") or options.get("env")
    name = alias.value if isinstance(alias, ast.Constant) else ""
    first = value.args[0] if value.args else options.get("default", options.get("default_factory"))
    required = first is None or (isinstance(first, ast.Constant) and first.value is Ellipsis)
    return str(name), not required


def _prefix(node: ast.ClassDef) -> str:
    for row in ast.walk(node):
        if isinstance(row, ast.keyword) and row.arg == "env_prefix":
            value: ast.AST = row.value
        elif isinstance(row, ast.Assign) and "env_prefix" in [dotted(t) for t in row.targets]:
            value = row.value
        else:
            continue
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return value.value
    return ""
