"""What one module says: a pure function from its text to facts, and nothing of it is run.

Names stay as the module writes them; `names` says what they are in the whole project.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Set
from dataclasses import dataclass, field

from relforge.project.init import variables
from relforge.project.init.syntax import (
    Expression,
    assigned,
    conditions,
    dotted,
    expression,
    is_guard,
    statements,
)
from relforge.project.init.variables import Variable

_WORD = re.compile(r"[\w./:@-]{2,120}")
_LOADERS = ("autodiscover_tasks", "from_object", "import_module", "import_string", "load_module")
_OPENS = ("open", "io.open", "codecs.open")
_SETTING = re.compile(r"[A-Z][A-Z0-9_]+")


@dataclass(frozen=True, slots=True)
class Imported:
    """``from ..a import b``: two levels, module ``a``, name ``b``; "" of an `import`."""

    level: int
    module: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the module's own level."""

    name: str
    line: int
    required: int  # arguments without a default
    plain: bool  # takes positional words and nothing else
    words: tuple[str, ...]  # the names of those
    is_async: bool
    local: dict[str, Expression]  # what its names are bound to
    returns: tuple[Expression, ...]
    decorators: tuple[str, ...]
    annotation: str  # the name of what it says to return


@dataclass(frozen=True, slots=True)
class Class:
    """A class of the module's own level, and the names that its body binds."""

    name: str
    bases: tuple[str, ...]
    bound: frozenset[str]
    called_with: tuple[str, ...] = ()  # the parameters of its instances, without `self`


@dataclass(frozen=True, slots=True)
class Setting:
    """A value of an upper-case name, and the condition under which it is assigned."""

    node: ast.expr
    line: int
    condition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A module."""

    path: str
    readable: bool = True
    imports: dict[str, Imported] = field(default_factory=dict)
    needs: tuple[tuple[str, int], ...] = ()  # every module that is imported, with its level
    stars: tuple[Imported, ...] = ()
    bound: dict[str, Expression] = field(default_factory=dict)  # the last binding counts
    history: dict[str, tuple[Expression, ...]] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    classes: dict[str, Class] = field(default_factory=dict)
    calls: frozenset[str] = frozenset()
    decorators: frozenset[str] = frozenset()
    mentions: frozenset[str] = frozenset()  # attributes that are set, arguments that have a name
    guard: bool = False
    guard_calls: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()  # short strings without spaces
    loads: frozenset[str] = frozenset()  # strings that something imports: from_object("config")
    variables: tuple[Variable, ...] = ()
    sets: frozenset[str] = frozenset()  # variables that it sets itself
    defaults: dict[str, str] = field(default_factory=dict)  # os.environ.setdefault
    opens: tuple[tuple[str, int], ...] = ()  # files by a relative path
    settings: dict[str, Setting] = field(default_factory=dict)  # UPPER = value, any = {...}
    paths: tuple[str, ...] = ()  # what sys.path.insert adds, as source
    unset: frozenset[str] = frozenset()  # declared, and bound by another module alone


def read(path: str, text: str | bytes) -> Facts:
    """The facts of a module; of none that this Python can parse only that."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return Facts(path=path, readable=False)
    nodes = list(ast.walk(tree))
    imports = dict(_imports(nodes))
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
    full = {name: _full(row) for name, row in imports.items()}
    return Facts(
        path=path,
        imports=imports,
        needs=tuple(_needs(nodes)),
        stars=tuple(
            Imported(node.level, node.module or "")
            for node in statements(tree.body)
            if isinstance(node, ast.ImportFrom) and node.names[0].name == "*"
        ),
        bound={name: rows[-1] for name, rows in history.items()},
        history={name: tuple(rows) for name, rows in history.items() if len(rows) > 1},
        functions={row.name: row for row in _functions(tree)},
        classes={row.name: row for row in _classes(tree)},
        calls=frozenset(dotted(node.func) for node in calls) - {""},
        decorators=frozenset(_decorators(nodes)),
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
        opens=tuple(_opens(calls)),
        settings=settings,
        unset=frozenset(_unset(tree, nodes, history.keys())),
        paths=tuple(
            ast.unparse(node.args[-1])
            for node in calls
            if dotted(node.func) in ("sys.path.insert", "sys.path.append") and node.args
        ),
    )


def _reads(text: str | bytes) -> bool:
    """Whether a module may read the environment at all."""
    plain = text if isinstance(text, str) else text.decode("utf-8", errors="replace")
    return any(
        word in plain for word in ("environ", "getenv", "BaseSettings", "decouple", "Config")
    )


def _full(row: Imported) -> str:
    return ".".join(part for part in (row.module, row.name) if part)


def _imports(nodes: list[ast.AST]) -> Iterator[tuple[str, Imported]]:
    for node in nodes:
        if isinstance(node, ast.Import):
            for row in node.names:
                first = row.name.partition(".")[0]
                yield row.asname or first, Imported(0, row.name if row.asname else first)
        elif isinstance(node, ast.ImportFrom):
            for row in node.names:
                yield row.asname or row.name, Imported(node.level, node.module or "", row.name)


def _needs(nodes: list[ast.AST]) -> Iterator[tuple[str, int]]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((row.name, 0) for row in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            yield base, node.level
            for row in node.names:
                yield f"{base}.{row.name}".strip("."), node.level


def _functions(tree: ast.Module) -> Iterator[Function]:
    for node in statements(tree.body):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        inner = list(ast.walk(node))
        local: dict[str, Expression] = {}
        for row in inner:
            if isinstance(row, ast.stmt):
                local |= {name: expression(value) for name, value in assigned(row)}
        given = node.args
        yield Function(
            name=node.name,
            line=node.lineno,
            required=len(given.posonlyargs)
            + len(given.args)
            - len(given.defaults)
            + sum(default is None for default in given.kw_defaults),
            plain=not (given.vararg or given.kwarg or given.kwonlyargs),
            words=tuple(row.arg for row in given.args),
            is_async=isinstance(node, ast.AsyncFunctionDef),
            local=local,
            returns=tuple(expression(row.value) for row in inner if isinstance(row, ast.Return)),
            decorators=tuple(
                dotted(row.func if isinstance(row, ast.Call) else row)
                for row in node.decorator_list
            ),
            annotation=dotted(node.returns) if node.returns is not None else "",
        )


def _unset(tree: ast.Module, nodes: list[ast.AST], bound: Set[str]) -> Iterator[str]:
    """``config: Config``, a name that nothing in the module binds: another module has to."""
    shared = {name for row in nodes if isinstance(row, ast.Global) for name in row.names}
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and node.value is None:
            name = dotted(node.target)
            if name and name not in bound and name not in shared:
                yield name


def _classes(tree: ast.Module) -> Iterator[Class]:
    for node in statements(tree.body):
        if isinstance(node, ast.ClassDef):
            bound = {name for row in node.body for name, _ in assigned(row)}
            bound |= {
                row.name
                for row in node.body
                if isinstance(row, ast.FunctionDef | ast.AsyncFunctionDef)
            }
            bases = tuple(dotted(row) for row in node.bases)
            called = next(
                (
                    tuple(given.arg for given in row.args.args[1:])
                    for row in node.body
                    if isinstance(row, ast.FunctionDef | ast.AsyncFunctionDef)
                    and row.name == "__call__"
                ),
                (),
            )
            yield Class(node.name, bases, frozenset(bound), called)


def _decorators(nodes: list[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for row in node.decorator_list:
                yield dotted(row.func if isinstance(row, ast.Call) else row)


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
