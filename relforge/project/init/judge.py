"""The build's judgement over what is about to be written, as far as the sources allow it.

What would not run gets a doubt: it is written as a comment below a true sentence.
"""

from __future__ import annotations

import re
from dataclasses import replace

from relforge.project.init.found import Found
from relforge.project.init.processes import OwnCommand, Process

# Programs by the packages that bring them, where the names differ.
PROGRAMS: dict[str, tuple[str, ...]] = {
    "ddtrace-run": ("ddtrace",),
    "django-admin": ("django",),
    "fastapi": ("fastapi-cli", "fastapi"),
    "huey_consumer": ("huey",),
    "huey_consumer.py": ("huey",),
    "newrelic-admin": ("newrelic",),
    "opentelemetry-instrument": ("opentelemetry-instrumentation",),
    "rqscheduler": ("rq-scheduler",),
    "rqworker": ("rq",),
    "supervisord": ("supervisor",),
    "uwsgi": ("uwsgi", "pyuwsgi"),
    "waitress-serve": ("waitress",),
}
BUILD_TOOLS = frozenset({"docker", "docker-compose", "make", "npm", "npx", "pnpm", "yarn"})
HOST = frozenset(["bash", "env", "nice", "sh", "sleep", "true"])


def judged(found: Found) -> Found:
    """The same, with a doubt at each service and command that would not run."""
    return replace(
        found,
        services=tuple(_service(found, row) for row in found.services),
        commands=tuple(_command(found, row) for row in found.commands),
    )


def lacking(found: Found) -> tuple[str, ...]:
    """Packages that what is written needs, and that are not among the dependencies.

    What a build backend computes is known by the files that it most likely reads.
    """
    if not (found.dependencies.complete or found.dependencies.names):
        return ()
    wanted = []
    for row in found.services:
        if row.doubt:
            continue
        if row.server:
            wanted.append(row.server)
        elif row.exec and (package := _package(found, row.exec)):
            wanted.append(package)
        if row.options.get("worker_class") == "uvicorn" and row.server == "gunicorn":
            wanted.append("uvicorn")
    return tuple(dict.fromkeys(name for name in wanted if name not in found.dependencies))


def of_the_host(found: Found) -> tuple[tuple[str, str], ...]:
    """Programs that neither the project nor a dependency of a known name brings: by what."""
    rows: list[tuple[str, str]] = []
    for kind, name, words, doubt in (
        *(("services", row.name, row.exec, row.doubt) for row in found.services),
        *(("commands", row.name, row.exec, row.doubt) for row in found.commands),
    ):
        word = words[0] if words else ""
        known = not word or doubt or word in HOST or "python" in word or "/" in word
        if known or word in found.scripts or _is_brought(found, word):
            continue
        rows.append((f"{kind}.{name}", word))
    return tuple(rows)


def _service(found: Found, row: Process) -> Process:
    if row.doubt:
        return row
    target = row.app or row.run
    doubt = _target(found, target) if target else _program(found, row.exec, row.cwd or "")
    return replace(row, doubt=doubt)


def _command(found: Found, row: OwnCommand) -> OwnCommand:
    if row.call:
        return replace(row, doubt=row.doubt or _target(found, row.call))
    doubt = row.doubt or _program(found, row.exec, row.cwd or "")
    if not doubt and row.exec[0] == "alembic" and "alembic" not in found.dependencies:
        doubt = "alembic is not in the dependencies"
    return replace(row, doubt=doubt)


def _target(found: Found, target: str) -> str:
    """Why an object of the project is not there, "" where nothing speaks against it."""
    module, _, name = target.partition(":")
    facts = found.names.modules.get(module)
    if facts is None:
        top = module.partition(".")[0]
        own = any(other.partition(".")[0] == top for other in found.names.modules)
        return f"the project has no module `{module}`" if own else ""
    if not _goes_in(found, facts.path):
        return f"{facts.path} is not part of the release"
    if not facts.readable:
        return ""
    first = name.partition(".")[0]
    there = {**facts.bound, **facts.functions, **facts.classes, **facts.imports}
    if first not in there and not facts.stars:
        return f"{facts.path} does not define `{first}`"
    return ""


def _program(found: Found, words: tuple[str, ...], cwd: str) -> str:
    """Why a program cannot be started, "" where nothing speaks against it."""
    if not words:
        return "nothing to run"
    if words[0] in BUILD_TOOLS:
        return f"`{words[0]}` needs a checkout, and a release has none"
    module = words[2] if words[:2] == ("python", "-m") and len(words) > 2 else ""
    if module:
        return _module(found, module)
    path = words[1] if words[0] == "python" and len(words) > 1 else words[0]
    if words[0] == "python" and path.startswith("-"):
        return ""
    if path.endswith(".py") or (words[0] != "python" and "/" in path):
        return _file(found, path, cwd)
    return ""


def _module(found: Found, module: str) -> str:
    known = found.names.modules
    facts = known.get(f"{module}.__main__") or known.get(module)
    if facts is not None:
        if not _goes_in(found, facts.path):
            return f"{facts.path} is not part of the release"
        package = facts.path.endswith("__init__.py")
        return f"the package `{module}` has no __main__.py" if package else ""
    top = module.partition(".")[0]
    own = any(other.partition(".")[0] == top for other in known)
    return f"the project has no module `{module}`" if own else ""


def _file(found: Found, path: str, cwd: str) -> str:
    if path.startswith("/") or "$" in path:
        return ""
    directory = cwd.removeprefix("app").strip("/")
    plain = re.sub(r"^\./", "", path)
    place = f"{directory}/{plain}" if directory else plain
    if not found.sources.has(place):
        return f"the project has no file `{place}`"
    if not _goes_in(found, place):
        return f"`{place}` is not part of the release"
    return "" if cwd else f"`{place}` is a path in the project that a wheel does not contain"


def _goes_in(found: Found, path: str) -> bool:
    if found.contents.trees is not None:
        return found.contents.holds(path)
    if found.wheel is None or not found.wheel.known:
        return True
    covered = any(path == row or path.startswith(f"{row}/") for row in found.overlays)
    return covered or found.wheel.place(path) is not None


def _package(found: Found, words: tuple[str, ...]) -> str:
    """The dependency that brings the program, where its name is known."""
    word = words[0]
    if word in PROGRAMS:
        known = PROGRAMS[word]
        return next((name for name in known if name in found.dependencies), known[0])
    if word in ("celery", "rq", "saq", "arq", "taskiq", "dramatiq", "daphne", "granian", "uvicorn"):
        return word
    return word if word in ("gunicorn", "hypercorn", "flask", "alembic", "honcho") else ""


def _is_brought(found: Found, word: str) -> bool:
    rows = PROGRAMS.get(word, (word.lower().replace("_", "-"),))
    return any(row in found.dependencies for row in rows) or not found.dependencies.complete
