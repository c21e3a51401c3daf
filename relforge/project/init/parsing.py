"""From the text of a module to its facts: a pure function, and nothing of it is run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from relforge.project.init import (
    deferred_annotations,
    definitions,
    imported,
    variables,
    written_paths,
)
from relforge.project.init.facts import Facts, Imported, Setting, Start
from relforge.project.init.frameworks import MAKERS
from relforge.project.init.syntax import (
    Expression,
    assigned,
    conditions,
    dotted,
    expression,
    is_guard,
    statements,
)

_WORD = re.compile(r"[\w./:@-]{2,120}")
_LOADERS = ("autodiscover_tasks", "from_object", "import_module", "import_string", "load_module")
_OPENS = ("open", "io.open", "codecs.open")
_MAKERS = {part for row in MAKERS for part in (row, row.rpartition(".")[0])}
_TARGET = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
_SETTING = re.compile(r"[A-Z][A-Z0-9_]+")


def read(path: str, text: str | bytes) -> Facts:
    """The facts of a module; of none that this Python can parse only that."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return Facts(path=path, readable=False)
    nodes = list(ast.walk(tree))
    imports = dict(imported.names(nodes))
    history: dict[str, list[Expression]] = {}
    settings: dict[str, Setting] = {}
    under = dict(conditions(tree.body))
    for node in statements(tree.body):
        for name, value in assigned(node):
            history.setdefault(name, []).append(expression(value))
            condition = under.get(id(node), "")
            # What always holds wins over what holds under a condition.
            known = name in settings and condition and not settings[name].condition
            said = _SETTING.fullmatch(name) or isinstance(value, ast.Dict)
            if value is not None and said and not known:
                settings[name] = Setting(value, node.lineno, condition)
    for row in tree.body:  # django-configurations has its settings in classes
        for inner in row.body if isinstance(row, ast.ClassDef) else ():
            for name, value in assigned(inner):
                if value is not None and _SETTING.fullmatch(name):
                    settings.setdefault(name, Setting(value, inner.lineno, ""))
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    guards = [node for node in tree.body if is_guard(node)]
    full = {name: imported.full(row) for name, row in imports.items()}
    return Facts(
        path=path,
        imports=imports,
        needs=tuple(imported.modules(nodes)),
        optional=frozenset(imported.optional(nodes)),
        stars=tuple(
            Imported(node.level, node.module or "")
            for node in statements(tree.body)
            if isinstance(node, ast.ImportFrom) and node.names[0].name == "*"
        ),
        bound={name: rows[-1] for name, rows in history.items()},
        history={name: tuple(rows) for name, rows in history.items() if len(rows) > 1},
        functions={row.name: row for row in definitions.functions(tree.body)},
        classes={row.name: row for row in definitions.classes(tree, whole=_makes(imports))},
        calls=frozenset(dotted(node.func) for node in calls) - {""},
        at_once=frozenset(
            dotted(row.value.func)
            for row in tree.body
            if isinstance(row, ast.Expr) and isinstance(row.value, ast.Call)
        ),
        starts=tuple(_starts(calls)),
        decorators=frozenset(definitions.decorators(nodes)),
        mentions=frozenset(_mentions(nodes)),
        guard=bool(guards),
        guard_calls=frozenset(
            dotted(row.func)
            for guard in guards
            for row in ast.walk(guard)
            if isinstance(row, ast.Call)
        )
        - {""},
        texts=frozenset(_texts(nodes)),
        loads=frozenset(_loads(calls)),
        variables=variables.variables(path, tree, full, nodes) if _reads(text) else (),
        sets=frozenset(variables.written(nodes)) if _reads(text) else frozenset(),
        defaults=dict(_defaults(calls)),
        written=tuple(written_paths.written(path, tree, nodes)),
        opens=tuple(_opens(calls)),
        settings=settings,
        deferred=deferred_annotations.find(path, tree),
        unset=frozenset(definitions.unset(tree, nodes, history.keys())),
        paths=tuple(
            ast.unparse(node.args[-1])
            for node in calls
            if dotted(node.func) in ("sys.path.insert", "sys.path.append") and node.args
        ),
    )


def _makes(imports: Mapping[str, Imported]) -> bool:
    """Whether a module imports something of the frameworks that makes applications."""
    return any(imported.full(row) in _MAKERS for row in imports.values())


def _reads(text: str | bytes) -> bool:
    """Whether a module may read the environment at all."""
    plain = text if isinstance(text, str) else text.decode("utf-8", errors="replace")
    return any(
        word in plain for word in ("environ", "getenv", "BaseSettings", "decouple", "Config")
    )


def _mentions(nodes: list[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg


def _texts(nodes: list[ast.AST]) -> Iterator[str]:
    for node in nodes:
        value = node.value if isinstance(node, ast.Constant) else None
        if isinstance(value, str) and _WORD.fullmatch(value):
            yield value


def _loads(calls: list[ast.Call]) -> Iterator[str]:
    for node in calls:
        if dotted(node.func).rpartition(".")[2] in _LOADERS:
            yield from _texts([row for argument in node.args for row in ast.walk(argument)])


def _defaults(calls: list[ast.Call]) -> Iterator[tuple[str, str]]:
    for node in calls:
        if dotted(node.func).endswith("environ.setdefault") and len(node.args) == 2:
            values = [row.value for row in node.args if isinstance(row, ast.Constant)]
            if len(values) == 2:
                yield str(values[0]), str(values[1])


def _starts(calls: list[ast.Call]) -> Iterator[Start]:
    """Calls of a function `run` or `serve` whose first argument names an application."""
    for node in calls:
        first = node.args[0] if node.args else None
        target = first.value if isinstance(first, ast.Constant) else None
        if dotted(node.func).rpartition(".")[2] not in ("run", "serve"):
            continue
        if isinstance(target, str) and _TARGET.fullmatch(target):
            options = {
                row.arg: row.value.value
                for row in node.keywords
                if isinstance(row.value, ast.Constant)
            }
            port = options.get("port")
            yield Start(
                callee=dotted(node.func),
                target=target,
                factory=options.get("factory") is True,
                port=port if isinstance(port, int) else 0,
            )


def _opens(calls: list[ast.Call]) -> Iterator[tuple[str, int]]:
    """``open("templates/a.html")``, ``Path("data").read_text()``: relative to where one works."""
    for node in calls:
        first = node.args[0] if node.args else None
        mode = node.args[1] if len(node.args) > 1 else None
        if isinstance(mode, ast.Constant) and isinstance(mode.value, str) and "r" not in mode.value:
            continue
        named = dotted(node.func) in _OPENS
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("read_text", "read_bytes"):
            made = node.func.value
            if isinstance(made, ast.Call) and dotted(made.func).endswith("Path") and made.args:
                first, named = made.args[0], True
        path = first.value if named and isinstance(first, ast.Constant) else None
        if isinstance(path, str) and path and not path.startswith(("/", "~")):
            yield path, node.lineno
