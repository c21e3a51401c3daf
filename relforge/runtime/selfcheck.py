"""The release looks at itself, at build time: can everything that it names be imported?

Role ``check`` of ``boot_app.py``.  In: ``{"imports": bool, "config": {},
"targets": [{"setting": str, "target": "pkg.mod[:attribute]", "kind": "entry" | "server",
"interface": "asgi" | "wsgi" | "", "service": {"name": str, "options": {}},
"cwd": str}]}``; ``cwd`` is a directory of the release, "" for none of it.
Out: lines of JSON, so that a process which dies has said what came before.  For each target
``{"setting": str}``, with ``message``, ``hint`` and ``cause`` where it fails; two targets that
fail for one reason have one cause.  At the end ``{"modules": [str]}``: all that was imported.
What the application prints goes to standard error, below a line for each target (`MARK`).
"""

from __future__ import annotations

import ast
import gc
import importlib
import importlib.util
import json
import os
import sys
import traceback
from collections.abc import Iterator
from typing import Any

from .config import view
from .contract.manifest import load, root
from .errors import Refusal

MARK = "\x1frelforge: "  # and the setting
NO_CONFIG = (
    "where it needs its deployment's configuration to be imported, give it one in "
    "`check = { env = {...}, config = {...} }`, or set `check.import = false`"
)
Problem = dict[str, str]  # message, hint, cause


def main(_argv: list[str]) -> int:
    """Answer one question on standard input."""
    gc.disable()  # this process ends soon: a fourth of the time of most imports is collecting
    question = json.load(sys.stdin)
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever the application prints while it is imported is no answer
    for stream in (sys.stdout, sys.stderr):
        getattr(stream, "reconfigure")(line_buffering=True)  # noqa: B009 - a TextIO has none
    view.install_values(question["config"], load(root())["config"])
    failed: dict[str, Problem] = {}
    for row in question["targets"]:
        sys.stdout.flush()
        os.write(2, f"{MARK}{row['setting']}\n".encode())
        if row.get("cwd"):
            os.chdir(os.path.join(root(), row["cwd"]))
        look = _import if question["imports"] or row["kind"] == "server" else _look_up
        name = row["target"].partition(":")[0]
        problem = failed.get(name) or look(row["target"]) or _unlike(row) or _unfit(row)
        if problem and problem["cause"]:
            failed[name] = problem
        print(json.dumps({"setting": row["setting"], **(problem or {})}), file=answers)
    print(json.dumps({"modules": sorted(sys.modules)}), file=answers)
    answers.close()
    # Threads that the application started at import must not keep the build waiting.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _problem(message: str, hint: str, cause: str = "") -> Problem:
    return {"message": message, "hint": hint, "cause": cause}


def _unlike(row: dict[str, Any]) -> Problem | None:
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
    return _problem(
        f"{row['target']} is no {wanted.upper()} application, as the server's workers take them",
        'for ASGI: options = { worker_class = "uvicorn" }; for WSGI: "sync" or "gthread"',
    )


def _unfit(row: dict[str, Any]) -> Problem | None:
    """Options that the server would refuse when the service starts."""
    service = row.get("service")
    if not service:
        return None
    adapter = importlib.import_module(f"{__package__}.service.servers.{row['target']}")
    try:
        adapter.judge(service)
    except Refusal as error:
        return _problem(f"tool.relforge.{error.message}", error.hint)
    return None


def _import(target: str) -> Problem | None:
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
        return _problem(f"importing {name!r} fails:\n{_trimmed(error)}", hint, _cause(error))
    for part in attribute.split(".") if attribute else ():
        try:
            found = getattr(found, part)
        except AttributeError:
            return _problem(
                f"{name!r} has no attribute {attribute!r}", "it is written as pkg.module:name"
            )
    return None


def _cause(error: BaseException) -> str:
    """What makes two failures one: the error, and where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}: {error} {place}"


def _trimmed(error: BaseException) -> str:
    """The traceback from the first frame that is neither ours nor the import system's."""
    frames = error.__traceback__
    while frames and _is_machinery(frames.tb_frame.f_code.co_filename):
        frames = frames.tb_next
    return "".join(traceback.format_exception(type(error), error, frames)).rstrip()


def _is_machinery(file: str) -> bool:
    here = os.path.dirname(os.path.abspath(__file__))
    return file.startswith(("<frozen ", here)) or file == importlib.__file__


def _look_up(target: str) -> Problem | None:
    """Find every module that the target's sources import, without running any of them."""
    name = target.partition(":")[0]
    package = name.partition(".")[0]
    spec = importlib.util.find_spec(package)
    if spec is None:
        return _problem(f"there is no module {package!r}", "is its package part of the project?")
    for file in _sources(spec):
        for imported, line in _imports(file):
            if importlib.util.find_spec(imported) is None:
                return _problem(
                    f"{file}:{line} imports {imported!r}, which is not in the release",
                    "is its package among the locked dependencies?",
                    f"{file}:{line}",
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
