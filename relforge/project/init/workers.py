"""Workers and schedulers that sources show: each task queue by its own program."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from relforge.project.init import attached, contents, schedulers
from relforge.project.init.applications import Application
from relforge.project.init.dependencies import Dependencies
from relforge.project.init.names import Names
from relforge.project.init.processes import Process
from relforge.project.init.syntax import Expression, Other

_BEAT = ("beat_schedule", "CELERY_BEAT_SCHEDULE", "CELERYBEAT_SCHEDULE", "CELERY_BEAT_SCHEDULER")
_SCHEDULES = ("celery.schedules", "celery.schedules.crontab")
_ONE = "Only one at a time, even during a replacement."
_STARTED = "this program does not report when it is ready"


def find(
    names: Names,
    applications: tuple[Application, ...],
    dependencies: Dependencies,
    manage: str,
    lines: str,
) -> tuple[Process, ...]:
    """Those that ``lines``, the Procfile's text, does not start already.

    ``manage`` is the module of Django's manage.py, "" where there is none.
    """
    found = [
        *_celery(names, applications, dependencies, lines),
        *_by_objects(names),
        *_by_packages(names, dependencies, manage),
    ]
    kept: dict[str, Process] = {}
    for row in found:
        word = next((w for w in row.exec if w not in ("python", "-m", manage)), "")
        if not re.search(rf"\b{re.escape(word.removesuffix('.py'))}\b", lines):
            kept.setdefault(row.name, row)
    return tuple(kept.values())


def _celery(
    names: Names,
    applications: tuple[Application, ...],
    dependencies: Dependencies,
    lines: str,
) -> Iterator[Process]:
    app = next((row for row in applications if row.interface == "celery"), None)
    if app is None or "celery" in lines:
        return
    yield Process(
        name="worker",
        exec=("celery", "--app", app.module, "worker"),
        ready="started",
        drain="60s",
        required=False,
        modules=(app.module,),
        comments=(f"Celery: {app.target}; {_STARTED}.",),
    )
    if _has_schedule(names) or "django-celery-beat" in dependencies:
        yield Process(
            name="beat",
            exec=("celery", "--app", app.module, "beat"),
            ready="started",
            required=False,
            singleton=True,
            cwd=None,
            modules=(app.module,),
            comments=("Celery's scheduler.", _ONE, "Two instances would send each task twice."),
        )


def _has_schedule(names: Names) -> bool:
    for facts in names.modules.values():
        needs = {name for name, _ in facts.needs}
        if (
            needs & set(_SCHEDULES)
            or facts.mentions & set(_BEAT)
            or set(_BEAT) & set(facts.settings)
        ):
            return True
        if any(call.endswith("add_periodic_task") for call in facts.calls):
            return True
    return False


def _by_objects(names: Names) -> Iterator[Process]:
    """Task queues whose programs are given an object of the project's."""
    for module, facts in names.modules.items():
        for name, row in facts.classes.items():
            known = "arq" in _needs(names, module) or name == "WorkerSettings"
            if known and "Settings" in name and row.bound & {"functions", "cron_jobs"}:
                yield _worker(("arq", f"{module}.{name}"), module, "arq")
        for name, value in facts.bound.items():
            yield from _of_object(names, module, name, value)
        if facts.guard and schedulers.blocks(names, module):
            yield _scheduler(("python", "-m", module), module, "APScheduler")
    actors = [
        module
        for module, facts in names.modules.items()
        if "dramatiq.actor" in {names.absolute(module, row) for row in facts.decorators}
    ]
    if actors:
        yield _worker(("dramatiq", *sorted(actors)), actors[0], "dramatiq")


def _of_object(names: Names, module: str, name: str, value: Expression) -> Iterator[Process]:
    """SAQ's settings, taskiq's brokers and schedulers, and Huey."""
    callee = names.calls(module, value)
    package = callee.partition(".")[0]
    if isinstance(value, Other) and {"queue", "functions"} <= set(value.keys):
        yield _worker(("saq", f"{module}.{name}"), module, "SAQ")
    elif package.startswith("taskiq") and callee.endswith("Broker"):
        dotted = f"{module}.{name}"
        tasks = sorted(set(attached.adding(names, dotted)) - contents.closure(names, [module]))
        words = ("taskiq", "worker", f"{module}:{name}", *tasks)
        yield replace(_worker(words, module, "taskiq"), modules=(module, *tasks))
    elif package.startswith("taskiq") and callee.endswith("TaskiqScheduler"):
        yield _scheduler(("taskiq", "scheduler", f"{module}:{name}"), module, "taskiq")
    elif package == "huey" and callee.endswith("Huey"):
        owner, own = attached.loading(names, module, name)
        yield _worker(("huey_consumer", f"{owner}.{own}"), owner, "Huey")


def _by_packages(names: Names, dependencies: Dependencies, manage: str) -> Iterator[Process]:
    """Those that Django's manage.py starts, and RQ."""
    programs = {
        "django-rq": ("rqworker", "RQ"),
        "django-dramatiq": ("rundramatiq", "dramatiq"),
        "django-q": ("qcluster", "Django Q"),
        "django-q2": ("qcluster", "Django Q"),
        "huey": ("run_huey", "Huey"),
    }
    texts = frozenset(text for facts in names.modules.values() for text in facts.texts)
    for package, (word, tool) in programs.items():
        installed = package != "huey" or "huey.contrib.djhuey" in texts
        if manage and package in dependencies and installed:
            yield _worker(("python", "-m", manage, word), manage, tool)
    if "rq" in dependencies and "django-rq" not in dependencies:
        queue = any(
            names.absolute(module, call) in ("rq.Queue", "rq.queue.Queue")
            for module, facts in names.modules.items()
            for call in facts.calls
        )
        if queue:
            doubt = "no file shows which Redis and queues the RQ worker uses"
            words = ("rq", "worker", "--url", "redis://127.0.0.1:6379", "default")
            yield Process(
                name="worker", exec=words, ready="started", required=False, doubt=doubt,
                comments=("RQ.",),
            )  # fmt: skip


def _needs(names: Names, module: str) -> set[str]:
    return {name.partition(".")[0] for name, level in names.modules[module].needs if not level}


def _worker(words: tuple[str, ...], module: str, tool: str) -> Process:
    return Process(
        name="worker",
        exec=words,
        ready="started",
        drain="60s",
        required=False,
        modules=(module,),
        comments=(f"{tool}; {_STARTED}.",),
    )


def _scheduler(words: tuple[str, ...], module: str, tool: str) -> Process:
    return Process(
        name="scheduler",
        exec=words,
        ready="started",
        required=False,
        singleton=True,
        modules=(module,),
        comments=(f"{tool}'s scheduler.", _ONE),
    )
