"""The release looks at itself, at build time: can everything that it names be imported?

Role ``check`` of ``boot_app.py``.  In: ``{"imports": bool, "config": {},
"targets": [{"setting": str, "target": "pkg.mod[:attribute]", "kind": "entry" | "server",
"interface": "asgi" | "wsgi" | "", "service": {"name": str, "options": {}, "at_boot": [str]},
"cwd": str, "call": {"by_name": [str], "by_words": bool, "by_facts": bool} or None,
"says_ready": bool, "hint": str}]}``; ``cwd`` is a directory of the release, "" for none of it.
Out: lines of JSON, so that a process which dies has said what came before.  For each target
``{"setting": str}``, with ``message``, ``hint`` and ``cause`` where it fails; two targets that
fail for one reason have one cause.  ``severity`` is ``warning`` where it is not an error.
At the end ``{"modules": [str]}``: all that was imported.
What the application prints goes to standard error, below a line for each target (`MARK`).
"""

from __future__ import annotations

import gc
import importlib
import inspect
import json
import os
import re
import sys
import traceback
from typing import Any

from . import calling, sources
from .config import view
from .config.trace import of_user
from .contract.manifest import load, root
from .errors import Refusal

MARK = "\x1frelforge: "  # and the setting
NO_CONFIG = (
    "where it needs its deployment's configuration to be imported, give it one in "
    "`check = { env = {...}, config = {...} }`, or set `check.import = false`"
)
NO_SERVER = (
    "the build has none, so the rest of the import was not checked; it happens at the "
    "first start; to look the modules up instead, set `check.import = false`"
)
# Errors of the standard library, of database drivers and of clients, by their names.
CONNECTING = {"AMQPConnectionError", "ConnectionError", "ServerSelectionTimeoutError", "gaierror"}
NO_CONNECTION = re.compile(r"connect|refused|translate host|Name or service", re.IGNORECASE)
NEVER_READY = (
    "nothing in the sources of its package reports that it is ready, which `start` waits for"
)
READY = 'call relforge.runtime.ready() when it is, or set ready = "started"'
Problem = dict[str, str]  # message, hint, cause, and the severity of a warning


def main(_argv: list[str]) -> int:
    """Answer one question on standard input."""
    gc.disable()  # this process ends soon: a fourth of the time of most imports is collecting
    question = json.load(sys.stdin)
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what the application prints while it is imported is not an answer
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
        problem = problem or _misfit(row) or _silent(row)
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
    if not wanted or not _is_imported(row):
        return None
    from .service.interface import is_wsgi

    app = _object(row)
    if is_wsgi(app) == (wanted == "wsgi"):
        return None
    return _problem(
        f"{row['target']} does not implement {wanted.upper()}, which the workers require",
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


def _misfit(row: dict[str, Any]) -> Problem | None:
    """A callable that cannot be called as it is going to be; of what was imported."""
    manner = row.get("call")
    if manner is None or not _is_imported(row):
        return None
    found = _object(row)
    if not callable(found):
        return _problem(f"{row['target']}: {type(found).__name__} objects cannot be called", "")
    problem = calling.misfit(found, **manner)
    return _problem(f"{row['target']}: {problem}", row.get("hint", "")) if problem else None


def _silent(row: dict[str, Any]) -> Problem | None:
    """A warning of what never says that it is ready."""
    if not row.get("says_ready") or sources.say_ready(row["target"]):
        return None
    return {**_problem(NEVER_READY, READY), "severity": "warning"}


def _is_imported(row: dict[str, Any]) -> bool:
    return row["target"].partition(":")[0] in sys.modules


def _object(row: dict[str, Any]) -> Any:
    name, _, attribute = row["target"].partition(":")
    found: Any = sys.modules[name]
    for part in attribute.split("."):
        found = getattr(found, part)
    return found


def _import(target: str) -> Problem | None:
    """Import the module and find the attribute; what is wrong with that, and a hint."""
    name, _, attribute = target.partition(":")
    try:
        found: Any = importlib.import_module(name)
    except BaseException as error:  # SystemExit at import is a failure like any other
        if unreached := _unreached(error):
            return {
                **_problem(f"importing {name!r} needs a server: {unreached}", NO_SERVER, name),
                "severity": "warning",
            }
        hint = NO_CONFIG
        if isinstance(error, ModuleNotFoundError) and error.name:
            hint = f"check that the package of {error.name!r} is in the lockfile"
            if name == error.name or name.startswith(f"{error.name}."):
                hint = (
                    "check that the module's package is part of the project, and the "
                    "spelling of its name"
                )
        return _problem(f"importing {name!r} fails:\n{of_user(error)}", hint, _cause(error))
    for part in attribute.split(".") if attribute else ():
        try:
            found = getattr(found, part)
        except AttributeError:
            return _problem(f"{name!r} has no attribute {attribute!r}", _there(name, found))
    return None


def _unreached(error: BaseException) -> str:
    """What was said of a server that could not be reached, "" where it is another error."""
    seen: list[BaseException] = []
    left: BaseException | None = error
    while left is not None and left not in seen:
        seen.append(left)
        kinds = {kind.__name__ for kind in type(left).__mro__}
        if kinds & CONNECTING or ("OperationalError" in kinds and NO_CONNECTION.search(str(left))):
            return " ".join(f"{type(left).__name__}: {left}".split())[:200]
        left = left.__cause__ or left.__context__
    return ""


def _there(name: str, module: Any) -> str:
    """What of a module may have been meant: its functions, and objects that can be called."""
    rows = [
        row
        for row, value in vars(module).items()
        if row[0] != "_" and callable(value) and not inspect.isclass(value)
        if not inspect.isroutine(value) or getattr(value, "__module__", "") == name
    ]
    listed = " or ".join(f"{name}:{row}" for row in rows[:4])
    return f"did you mean {listed}?" if rows else "write it as pkg.module:name"


def _cause(error: BaseException) -> str:
    """What makes two failures one: the error, and where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}: {error} {place}"


def _look_up(target: str) -> Problem | None:
    """Find every module that the target's sources import, without running any of them."""
    package = target.partition(":")[0].partition(".")[0]
    if not sources.is_there(package):
        return _problem(f"no module {package!r}", "check that its package is part of the project")
    missing = sources.first_missing(package)
    if missing is None:
        return None
    place, imported = missing
    return _problem(
        f"{place} imports {imported!r}, which is not in the release",
        "check that its package is in the lockfile",
        place,
    )
