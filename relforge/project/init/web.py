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

_DEVELOPMENT = ("runserver", "flask run", "fastapi run", "fastapi dev")


def find(evidence: Evidence) -> Web:
    """The web service; without a process where there is nothing to serve."""
    program = evidence.program
    if program is not None:
        line = program.server
        if line is not None:
            return web_from_line.of_line(evidence, program, line)
        found = _by_sources(evidence) if _is_development(program) else Web()
        if found.process is not None and _has_server(evidence.dependencies):
            text = program.line.text
            note = f"{evidence.origin}: `{text}` is a development server: {NAME} is served by "
            return replace(found, notes=(*found.notes, f"{note}{found.process.server} instead"))
        return web_from_program.of_program(evidence, program)
    return _by_sources(evidence)


def _by_sources(evidence: Evidence) -> Web:
    found = web_from_objects.of_objects(evidence)
    return found if found.process else web_from_program.of_own(evidence)


def _is_development(program: Program) -> bool:
    words = program.line.main.words if program.line.main else ()
    text = " ".join(words)
    tools = words[:1] in (("make",), ("npm",), ("yarn",), ("pnpm",), ("docker",))
    return tools or any(word in text for word in _DEVELOPMENT)


def _has_server(dependencies: Dependencies) -> bool:
    return any(name in dependencies for name in ("uvicorn", "gunicorn", "hypercorn"))
