"""The variables that the fields of pydantic's BaseSettings read."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from relforge.project.init.environment_syntax import KINDS, Variable
from relforge.project.init.syntax import dotted, statements

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


def fields(
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
                kind=KINDS.get(annotation.partition("[")[0], "str"),
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
    if isinstance(alias, ast.Call) and alias.args:  # AliasChoices("ONE", "OTHER")
        alias = alias.args[0]
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
