"""The release looks at itself, at build time: can everything that it names be imported?

Role ``check`` of ``boot_app.py``.  In: ``{"imports": bool, "config": {},
"targets": [{"setting": str, "target": "pkg.mod[:attribute]", "kind": "entry" | "server",
"interface": "asgi" | "wsgi" | "", "call": {"by_name": [str], "by_words": bool,
"by_facts": bool} or None}]}``.
Out: ``{"failures": [{"setting": str, "message": str, "hint": str, "severity": "warning" where
it is not an error}]}``.
"""

from __future__ import annotations

import ast
import gc
import importlib
import importlib.util
import inspect
import json
import os
import re
import sys
import traceback
from collections.abc import Iterator
from typing import Any

from . import calling
from .config import view
from .contract.manifest import load, root

NO_CONFIG = (
    "where it needs its deployment's configuration to be imported, give it one in "
    "`check = { env = {...}, config = {...} }`, or set `check.import = false`"
)


NEVER_READY = "none of its package's sources says that it is ready, which `start` waits for"
READY = 'call relforge.runtime.ready() when it is, or set ready = "started"'
_SAYS_READY = re.compile(
    rb"\bready\(\)|\bimport\b.*\bready\b|READY=1|sd_?notify|relforge\.runtime", re.ASCII
)


def main(_argv: list[str]) -> int:
    """Answer one question on standard input."""
    gc.disable()  # this process ends soon: a fourth of the time of most imports is collecting
    question = json.load(sys.stdin)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever the application prints while it is imported is no answer
    view.install_values(question["config"], load(root())["config"])
    failures = []
    for row in question["targets"]:
        look = _import if question["imports"] or row["kind"] == "server" else _look_up
        problem = look(row["target"]) or _unlike(row) or _misfit(row)
        if problem:
            message, hint = problem
            failures.append({"setting": row["setting"], "message": message, "hint": hint})
        elif row.get("says_ready") and not _says_ready(row["target"]):
            silent = {"setting": row["setting"], "message": NEVER_READY, "hint": READY}
            failures.append({**silent, "severity": "warning"})
    json.dump({"failures": failures}, answers)
    answers.close()
    # Threads that the application started at import must not keep the build waiting.
    sys.stderr.flush()
    os._exit(0)


def _misfit(row: dict[str, Any]) -> tuple[str, str] | None:
    """A callable that cannot be called as it is going to be; of what was imported."""
    manner = row.get("call")
    name, _, attribute = row["target"].partition(":")
    if manner is None or name not in sys.modules:
        return None
    found: Any = sys.modules[name]
    for part in attribute.split("."):
        found = getattr(found, part)
    if not callable(found):
        return f"{row['target']}: a {type(found).__name__} cannot be called", ""
    problem = calling.misfit(found, **manner)
    if not problem:
        return None
    return f"{row['target']}: {problem}", row.get("hint", "")


def _unlike(row: dict[str, str]) -> tuple[str, str] | None:
    """An application of the other kind than its server takes; of what was imported."""
    wanted = row.get("interface")
    name, _, attribute = row["target"].partition(":")
    if not wanted or name not in sys.modules:
        return None
    from .service.servers.listening import is_wsgi

    app: Any = sys.modules[name]
    for part in attribute.split("."):
        app = getattr(app, part)
    if is_wsgi(app) == (wanted == "wsgi"):
        return None
    return (
        f"{row['target']} is no {wanted.upper()} application, as the server's workers take them",
        'for ASGI: options = { worker_class = "uvicorn" }; for WSGI: "sync" or "gthread"',
    )


def _import(target: str) -> tuple[str, str] | None:
    """Import the module and find the attribute; what is wrong with that, and a hint."""
    name, _, attribute = target.partition(":")
    try:
        found: Any = importlib.import_module(name)
    except BaseException as error:  # SystemExit at import is a failure like any other
        hint = NO_CONFIG
        if isinstance(error, ModuleNotFoundError) and error.name:
            hint = f"is the package of {error.name!r} among the locked dependencies?"
            if name == error.name or name.startswith(f"{error.name}."):
                hint = "is the module's package part of the project, and its name spelt so?"
        return f"importing {name!r} fails:\n{_trimmed(error)}", hint
    for part in attribute.split(".") if attribute else ():
        try:
            found = getattr(found, part)
        except AttributeError:
            return f"{name!r} has no attribute {attribute!r}", _there(name, found)
    return None


def _says_ready(target: str) -> bool:
    """Whether the sources of the target's package speak of it at all."""
    name = target.partition(":")[0]
    spec = importlib.util.find_spec(name.partition(".")[0])
    sources = [*_sources(spec)] if spec is not None else []
    if not all(file and file.endswith(".py") for file in sources):
        return True  # byte code, or written in C
    return not sources or any(_mentions_ready(file) for file in sources)


def _mentions_ready(file: str) -> bool:
    with open(file, "rb") as source:
        return _SAYS_READY.search(source.read()) is not None


def _there(name: str, module: Any) -> str:
    """What of a module may have been meant: its functions, and objects that can be called."""
    rows = [
        row
        for row, value in vars(module).items()
        if row[0] != "_" and callable(value) and not inspect.isclass(value)
        if not inspect.isroutine(value) or getattr(value, "__module__", "") == name
    ]
    listed = " or ".join(f"{name}:{row}" for row in rows[:4])
    return f"did you mean {listed}?" if rows else "it is written as pkg.module:name"


def _trimmed(error: BaseException) -> str:
    """The traceback from the first frame that is neither ours nor the import system's."""
    frames = error.__traceback__
    while frames and _is_machinery(frames.tb_frame.f_code.co_filename):
        frames = frames.tb_next
    return "".join(traceback.format_exception(type(error), error, frames)).rstrip()


def _is_machinery(file: str) -> bool:
    here = os.path.dirname(os.path.abspath(__file__))
    return file.startswith(("<frozen ", here)) or file == importlib.__file__


def _look_up(target: str) -> tuple[str, str] | None:
    """Find every module that the target's sources import, without running any of them."""
    name = target.partition(":")[0]
    package = name.partition(".")[0]
    spec = importlib.util.find_spec(package)
    if spec is None:
        return f"there is no module {package!r}", "is its package part of the project?"
    for file in _sources(spec):
        for imported, line in _imports(file):
            if importlib.util.find_spec(imported) is None:
                return (
                    f"{file}:{line} imports {imported!r}, which is not in the release",
                    "is its package among the locked dependencies?",
                )
    return None


def _sources(spec: Any) -> Iterator[str]:
    if not spec.submodule_search_locations:
        yield spec.origin
    for folder in spec.submodule_search_locations or ():
        for parent, _, files in os.walk(folder):
            yield from (os.path.join(parent, file) for file in files if file.endswith(".py"))


def _imports(file: str) -> Iterator[tuple[str, int]]:
    """Top-level names that a source imports unconditionally, with their lines."""
    with open(file, "rb") as source:
        tree = ast.parse(source.read(), file)
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from ((alias.name.partition(".")[0], node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0], node.lineno
