"""The web service: which object is served, by which server, with which options."""

from __future__ import annotations

from dataclasses import replace

from relforge.project.init import (
    web_from_line,
    web_from_objects,
    web_from_program,
)
from relforge.project.init.dependencies import Dependencies
from relforge.project.init.procfile import Program
from relforge.project.init.web_evidence import NAME, Evidence, Web

_DEVELOPMENT = ("runserver", "flask run", "fastapi dev")


def find(evidence: Evidence) -> Web:
    """The web service; without a process where there is nothing to serve."""
    program = evidence.program
    if program is not None:
        line = program.server
        if line is not None and line.called_with:
            text = f"{line.target}({line.called_with})"
            note = (
                f"{evidence.origin}: {line.server} calls `{text}` with arguments, so it runs as a "
                "program: call it in a module, `app = ...`, and name `app`"
            )
            return replace(web_from_program.of_program(evidence, program), notes=(note,))
        if line is not None and (line.target or line.server != "uvicorn"):
            return web_from_line.of_line(evidence, program, line)
        if line is not None:  # fastapi run
            line = replace(line, target=_likeliest(evidence))
            return web_from_line.of_line(evidence, program, line)
        found = _by_sources(evidence) if _is_development(program) else Web()
        if found.process is not None and _has_server(evidence.dependencies):
            text = program.line.text
            note = f"{evidence.origin}: `{text}` is a development server: {NAME} is served by "
            return replace(found, notes=(*found.notes, f"{note}{found.process.server} instead"))
        return web_from_program.of_program(evidence, program)
    return _by_sources(evidence)


def _by_sources(evidence: Evidence) -> Web:
    """By an object, else by a program, else by what only has the name of an application."""
    for ask in (web_from_objects.of_objects, web_from_program.of_own, web_from_objects.by_name):
        found = ask(evidence)
        if found.process is not None:
            return found
    return Web()


def _likeliest(evidence: Evidence) -> str:
    """The application of the sources that a line means which names none."""
    return next((row.target for row in evidence.applications if row.interface == "asgi"), "")


def _is_development(program: Program) -> bool:
    words = program.line.main.words if program.line.main else ()
    text = " ".join(words)
    tools = words[:1] in (("make",), ("npm",), ("yarn",), ("pnpm",), ("docker",))
    return tools or any(word in text for word in _DEVELOPMENT)


def _has_server(dependencies: Dependencies) -> bool:
    return any(name in dependencies for name in ("uvicorn", "gunicorn", "hypercorn"))
