"""What decides on the web service, and what is decided."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from relforge.project.init import django, procfile
from relforge.project.init.applications import Application
from relforge.project.init.dependencies import Dependencies
from relforge.project.init.names import Names
from relforge.project.init.processes import Process
from relforge.project.init.procfile import Program
from relforge.project.init.reading import Sources

LISTEN = "${http.host}:${http.port}"
NAME = "web"
# As shells, uWSGI and supervisord write them.
_VARIABLE = re.compile(r"\$\((\w+)\)|\$\{?([A-Z_]+)\b|%\(ENV_(\w+)\)s")
GAP = "The program opens its own port, so an upgrade has a gap."


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """The service, and what there is to say about it.  ``host`` and ``port`` are defaults."""

    process: Process | None = None
    application: Application | None = None
    others: tuple[Application, ...] = ()
    host: str = "127.0.0.1"
    port: int = 8000
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What decides it."""

    names: Names
    applications: tuple[Application, ...]
    dependencies: Dependencies
    program: Program | None = None  # of a Procfile, or of a Dockerfile
    origin: str = procfile.FILE
    asgi: str = ""  # Django's ASGI_APPLICATION, as a target
    wsgi: str = ""
    config: str = ""  # the text of gunicorn.conf.py
    scripts: Mapping[str, str] = field(default_factory=dict)  # console scripts
    given: frozenset[str] = frozenset()  # variables in files of the program, such as uwsgi.ini


def gather(
    sources: Sources,
    known: Names,
    found: tuple[Application, ...],
    asked: Dependencies,
    program: Program | None,
    origin: str,
    settings: django.Settings | None,
    scripts: Mapping[str, str],
) -> Evidence:
    """All of it: from the line that starts the server, its files and Django's settings."""
    line = program.server if program else None
    config = line.config if line else ""
    if config and not sources.has(config):  # python:config.gunicorn
        config = f"{config.replace('.', '/')}.py"
    return Evidence(
        names=known,
        applications=found,
        dependencies=asked,
        program=program,
        origin=origin,
        asgi=_target(settings, "ASGI_APPLICATION"),
        wsgi=_target(settings, "WSGI_APPLICATION"),
        config=sources.text(config or "gunicorn.conf.py"),
        scripts=scripts,
        given=frozenset(_variables(program, sources)) if program else frozenset(),
    )


def _variables(program: Program, sources: Sources) -> Iterator[str]:
    """The variables in the files that the words of a program name."""
    for word in program.words:
        for row in _VARIABLE.findall(sources.text(word.removeprefix("./"))):
            yield next(name for name in row if name)


def _target(settings: django.Settings | None, name: str) -> str:
    module, _, attribute = (settings.text(name) if settings else "").rpartition(".")
    return f"{module}:{attribute}" if module else ""
