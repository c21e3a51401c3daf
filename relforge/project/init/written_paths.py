"""Files that a module writes, by a path that its source shows: below the project, or relative."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from relforge.project.init import paths
from relforge.project.init.syntax import assigned, dotted, statements

DATABASES = (".sqlite3", ".sqlite", ".db")  # how the names of their files end
# Calls by the last parts of their names, and what their first argument is the path of.
_CALLS = {
    "sqlite3.connect": "a database", "aiosqlite.connect": "a database",
    "shelve.open": "a database", "dbm.open": "a database", "TinyDB": "a database",
    "SqliteDatabase": "a database", "FileHandler": "a log", "RotatingFileHandler": "a log",
    "TimedRotatingFileHandler": "a log", "WatchedFileHandler": "a log",
    "FileSystemCache": "a cache", "diskcache.Cache": "a cache", "os.makedirs": "files",
    "os.mkdir": "files", "FileSystemStorage": "uploads"
}  # fmt: skip
_BY_LAST = {last: tuple(row for row in _CALLS if row.rpartition(".")[2] == last)
            for last in {row.rpartition(".")[2] for row in _CALLS}}  # fmt: skip
_METHODS = {"write_text": "a file", "write_bytes": "a file", "mkdir": "files", "touch": "a file"}
_SETTINGS = re.compile(
    r"(?P<uploads>UPLOADS?_(DIRECTORY|DIR|DEST|PATH|ROOT)|UPLOADED_\w+_DEST|MEDIA_(ROOT|DIR|DIRECTORY))"
    r"|(?P<sessions>SESSION_FILE_(DIR|PATH))|(?P<log>LOG_?FILE(NAME)?)|(?P<cache>CACHE_DIR)"
)
_SQLITE = re.compile(r"sqlite(?:\+\w+)?:///(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Written:
    """``path`` is relative to the project where ``inside``, else to the working directory."""

    what: str
    path: str
    line: int
    inside: bool


def written(file: str, tree: ast.Module, nodes: Sequence[ast.AST]) -> Iterator[Written]:
    """Those of a module, each path once."""
    bound = {name: value for row in statements(tree.body) for name, value in assigned(row) if value}
    seen: set[str] = set()
    for node in nodes:
        for what, value in _sinks(node):
            found = _found(what, value, file, bound)
            if found is not None and found.path not in seen:
                seen.add(found.path)
                yield found


def _sinks(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """What is written, and the expression that is its path."""
    if isinstance(node, ast.Call):
        yield from _of_call(node)
    elif isinstance(node, ast.Dict):
        rows = {key.value: value for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant)}  # fmt: skip
        kinds = " ".join(ast.unparse(rows[key]) for key in ("class", "BACKEND") if key in rows)
        if "filename" in rows and "Handler" in kinds:
            yield "a log", rows["filename"]
        if "LOCATION" in rows and "filebased" in kinds:
            yield "a cache", rows["LOCATION"]
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            named = target.slice if isinstance(target, ast.Subscript) else target
            name = named.value if isinstance(named, ast.Constant) else dotted(named)
            match = _SETTINGS.fullmatch(str(name).rpartition(".")[2])
            if match:
                what = next(key for key, value in match.groupdict().items() if value)
                yield {"log": "a log", "cache": "a cache"}.get(what, what), node.value
    if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp):
        parts = (node,) if isinstance(node, ast.Constant) else ast.walk(node)
        if any(isinstance(row, ast.Constant) and _SQLITE.match(str(row.value)) for row in parts):
            yield "a database", node


def _of_call(node: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    name = dotted(node.func)
    options = {row.arg: row.value for row in node.keywords}
    if name.endswith("basicConfig") and "filename" in options:
        yield "a log", options["filename"]
    ends = _BY_LAST.get(name.rpartition(".")[2], ())
    what = next((_CALLS[end] for end in ends if f".{name}".endswith(f".{end}")), "")
    if what and node.args:
        yield what, node.args[0]
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    if name == "" and isinstance(owner, ast.Constant) and _SQLITE.match(str(owner.value)):
        yield "a database", node  # "sqlite:///{}".format(path)
    if isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS:
        yield _METHODS[node.func.attr], node.func.value
    mode = options.get("mode") or (node.args[1] if len(node.args) > 1 else None)
    said = str(mode.value) if isinstance(mode, ast.Constant) else ""
    if name in ("open", "io.open") and re.match(r"[wax]|r\+", said):
        yield "a file", node.args[0]


def _found(what: str, value: ast.expr, file: str, bound: Mapping[str, ast.expr]) -> Written | None:
    path = _evaluate(value, file, bound, 0)
    if not path or "\n" in path:
        return None
    url = _SQLITE.match(path)
    if url is None and isinstance(value, ast.BinOp | ast.JoinedStr) and what == "a database":
        return None
    path = url[1].partition("?")[0] if url else path
    plain = posixpath.normpath(path.strip()) if path.strip() else "."
    if plain.startswith(f"{paths.ROOT}/"):
        inner = plain.removeprefix(f"{paths.ROOT}/")
        return Written(what, inner, value.lineno, inside=True) if inner else None
    template = "{" in plain or "%" in plain  # of a text that is filled in elsewhere
    if template or plain.startswith(("/", "..", "~", ":", "$")) or plain == "." or "://" in path:
        return None
    return Written(what, plain, value.lineno, inside=False)


def _evaluate(value: ast.expr, file: str, bound: Mapping[str, ast.expr], depth: int) -> str | None:
    def lookup(name: str) -> str | None:
        if name.endswith(".root_path"):  # Flask's own
            return f"{paths.ROOT}/{posixpath.dirname(file)}"
        inner = bound.get(name)
        if inner is None or inner is value or depth > 10:
            return None
        return _evaluate(inner, file, bound, depth + 1)

    return paths.evaluate(value, file, lookup)
