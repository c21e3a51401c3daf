"""The web service by a program that opens its port itself."""

from __future__ import annotations

from pathlib import PurePosixPath

from relforge.project.init import procfile, shell_lines
from relforge.project.init.facts import Facts
from relforge.project.init.frameworks import OWN_SERVERS
from relforge.project.init.processes import Process
from relforge.project.init.procfile import Program
from relforge.project.init.program_words import env_of, modules_of
from relforge.project.init.web_evidence import GAP, LISTEN, NAME, Evidence, Web

PYTHON = "${release.root}/python"
# Calls by which a program listens itself.
_STARTERS = frozenset({
    "aiohttp.web.run_app", "asyncio.start_server", "asyncio.start_unix_server",
    "grpc.aio.server", "grpc.server", "http.server.HTTPServer",
    "http.server.ThreadingHTTPServer", "hypercorn.asyncio.serve", "socketserver.TCPServer",
    "socketserver.ThreadingTCPServer", "uvicorn.run", "waitress.serve", "websockets.serve",
    "websockets.server.serve", "wsgiref.simple_server.make_server",
    "tornado.httpserver.HTTPServer", "aiohttp.web.TCPSite", "eventlet.wsgi.server",
    "gevent.pywsgi.WSGIServer", "cheroot.wsgi.Server", "bottle.run", "nicegui.ui.run"
})  # fmt: skip


def of_program(evidence: Evidence, program: Program) -> Web:
    """A line that starts no server of relforge's: a program that listens itself."""
    main = program.line.main
    words = program.words
    heroku = evidence.origin == procfile.FILE  # what runs a Procfile sets PORT
    asks = (main is not None and main.asks_port) or "$PORT" in program.line.text
    reads = "PORT" in evidence.given or any(
        row.name == "PORT" for f in evidence.names.modules.values() for row in f.variables
    )
    env = dict(main.env) if main else {}
    if "VIRTUAL_ENV" in evidence.given:
        env["VIRTUAL_ENV"] = PYTHON
    if reads or heroku or "$PORT" in " ".join(words):
        env["PORT"] = shell_lines.PORT
    knows = asks or reads or _is_gunicorn(words)
    process = Process(
        name=NAME,
        exec=words,
        ready={"tcp": LISTEN} if knows else "started",
        env=env_of(env),
        cwd=main.cwd if main else "",
        modules=modules_of(words),
        comments=(f"The {evidence.origin}'s line.", GAP),
    )
    return Web(process=process, port=program.line.port or 8000)


def _is_gunicorn(words: tuple[str, ...]) -> bool:
    """Whether these words start gunicorn, by another program, on $PORT: where it has no address."""
    address = any(word in ("-b", "-c") or word.startswith(("--bind", "--config")) for word in words)
    return "gunicorn" in words and not address


def of_own(evidence: Evidence) -> Web:
    """A program that serves by itself: aiohttp, Tornado, gRPC and the like."""
    for module, facts in sorted(evidence.names.modules.items(), key=lambda row: row[0].count(".")):
        calls = {evidence.names.absolute(module, row) for row in facts.calls}
        program = facts.guard or module.endswith("__main__") or facts.at_once & _listening(facts)
        called = _as_script(evidence, module)
        if not (program or called) or PurePosixPath(facts.path).name == "manage.py":
            continue
        env = _own_server(facts)
        if calls & _STARTERS or env is not None:
            reads = any(row.name == "PORT" for row in facts.variables)
            words: tuple[str, ...] = ("python", "-m", module.removesuffix(".__main__"))
            if "tornado.options.parse_command_line" in calls and "port" in facts.texts:
                words = (*words, f"--port={shell_lines.PORT}")
            knows = reads or len(words) > 3 or bool(env)
            process = Process(
                name=NAME,
                exec=words if program else (),
                run="" if program else called,
                ready={"tcp": LISTEN} if knows else "started",
                env={**(env or {}), **({"PORT": shell_lines.PORT} if reads else {})},
                modules=(module,),
                comments=(f"{facts.path} serves by itself.", GAP),
            )
            return Web(process=process)
    return Web()


def _own_server(facts: Facts) -> dict[str, str] | None:
    """The variables of a module's own server; None where it starts none that is known."""
    needs = {name.partition(".")[0] for name, level in facts.needs if not level}
    for package, (_, variables) in OWN_SERVERS.items():
        if package in needs and _listening(facts):
            return {name: f"${{http.{key}}}" for name, key in variables.items()}
    return None


def _listening(facts: Facts) -> frozenset[str]:
    """The calls by which a module's own server listens."""
    ends = tuple(end for calls, _ in OWN_SERVERS.values() for end in calls)
    return frozenset(row for row in facts.calls if row.endswith(ends))


def _as_script(evidence: Evidence, module: str) -> str:
    """The function of a module that a console script calls and that needs no words, else ""."""
    for target in evidence.scripts.values():
        owner, _, name = target.partition(":")
        found = evidence.names.modules[module].functions.get(name) if owner == module else None
        if found and not found.required and not found.decorators and not found.is_async:
            return target
    return ""
