"""The web service: which object is served, by which server, with which options."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from relforge.project.init import applications, procfile, server_lines, shell_lines
from relforge.project.init.applications import Application
from relforge.project.init.dependencies import Dependencies
from relforge.project.init.frameworks import ASGI_SERVERS, OTHER_SERVERS, SERVERS, Interface
from relforge.project.init.names import Names
from relforge.project.init.processes import Process
from relforge.project.init.procfile import Program
from relforge.project.init.server_lines import ServerLine
from relforge.project.init.syntax import Name

LISTEN = "${http.host}:${http.port}"
PYTHON = "${release.root}/python"
NAME = "web"
_DEVELOPMENT = ("runserver", "flask run", "fastapi run", "fastapi dev")
_GAP = "The program opens its own port, so an upgrade has a gap."
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
    root: str = ""  # where options of a server are relative to
    config: str = ""  # the text of gunicorn.conf.py
    given: frozenset[str] = frozenset()  # variables in files of the program, such as uwsgi.ini
    fields: dict[str, str] = field(default_factory=dict)


def find(evidence: Evidence) -> Web:
    """The web service; without a process where there is nothing to serve."""
    program = evidence.program
    if program is not None:
        line = program.server
        if line is not None:
            return _of_line(evidence, program, line)
        found = _of_objects(evidence) if _is_development(program) else Web()
        if found.process is not None and _has_server(evidence.dependencies):
            text = program.line.text
            note = f"{evidence.origin}: `{text}` is a development server: {NAME} is served by "
            return replace(found, notes=(*found.notes, f"{note}{found.process.server} instead"))
        return _of_program(evidence, program)
    return _of_objects(evidence)


def server(interface: Interface, dependencies: Dependencies) -> str:
    """The server that the project has for that interface; else the usual one."""
    if interface == "wsgi":
        known: Iterable[str] = ("gunicorn", "uvicorn", "hypercorn")
    else:
        known = ASGI_SERVERS
    usual = "gunicorn" if interface == "wsgi" else "uvicorn"
    for there in (dependencies.direct, dependencies.names):  # a lock has more than is asked for
        found = next((name for name in known if name in there), None)
        if found is not None:
            return found
    return usual


def preferred(evidence: Evidence) -> Interface:
    """The interface that the present servers can serve; ASGI where they leave it open."""
    names = evidence.dependencies
    asgi = any(name in names for name in ("uvicorn", "hypercorn", "daphne", "granian"))
    wsgi = (
        any(name in names for name, kind in OTHER_SERVERS.items() if kind == "wsgi")
        or "gunicorn" in names
    )
    if wsgi and not asgi:
        return "wsgi"
    return "asgi"


def _of_line(evidence: Evidence, program: Program, line: ServerLine) -> Web:
    options, unread, lost_notes = dict(line.options), list(line.unread), list[str]()
    if line.server == "gunicorn" and evidence.config:
        configured, lost = server_lines.config_file(evidence.config)
        target = str(configured.pop("wsgi_app", ""))
        bind = str(configured.pop("bind", ""))
        options = {**configured, **options}
        file = line.config or "gunicorn.conf.py"
        lost_notes = [f"{file}: `{name}` is computed there and is not copied" for name in lost]
        if target and not line.target:
            line = replace(line, target=target)
        if bind and not (line.port or line.listen or line.host):
            host, port, listen = server_lines.address(bind)
            line = replace(line, host=host, port=port, listen=listen)
        line = replace(line, interface=server_lines.interface("gunicorn", options))
    elif line.config:
        unread.append(f"-c {line.config}")
    module, _, name = line.target.partition(":")
    found, doubt = _named(evidence, line, module, name)
    if "worker_class" in options and "uvicorn" in str(options["worker_class"]).lower():
        options["worker_class"] = "uvicorn"
    if line.factory:
        options["factory"] = True
    if line.server == "gunicorn" and found.interface == "asgi" and line.interface == "wsgi":
        options["worker_class"] = "uvicorn"
    if line.server == "uvicorn" and found.interface == "wsgi":
        options["interface"] = "wsgi"
    notes = [f"{evidence.origin}: {row} is not copied: relforge does this itself" for row in unread]
    notes += lost_notes
    main = program.line.main
    env = {**dict(main.env if main else ()), **line.env}
    comment = f"{found.framework}, as the {evidence.origin} says."
    process = _app(found, line.server, options, comment)
    process = replace(
        process,
        listen=(line.listen or LISTEN,),
        instances=line.instances,
        env=env_of(env),
        cwd=_place(main.cwd if main else "", line.root),
        doubt=doubt,
    )
    return Web(
        process=process,
        application=found,
        host=_host(line),
        port=line.port or program.line.port or 8000,
        notes=tuple(notes),
    )


def _named(evidence: Evidence, line: ServerLine, module: str, name: str) -> tuple[Application, str]:
    """The application that a line names, and why it cannot be served, where that is known."""
    name = name or ("application" if line.interface == "wsgi" else "app")
    target = f"{module}:{name}"
    known = next((row for row in evidence.applications if row.target == target), None)
    if known is not None:
        return known, ""
    facts = evidence.names.modules.get(module)
    path = facts.path if facts else evidence.origin
    made = applications.kind(evidence.names, module, Name(name))
    found = Application(
        framework=made[0] if made else f"{module or 'an application'}",
        interface=line.interface,
        target=target,
        path=path,
        factory=line.factory,
    )
    if not module:
        return found, f"the {evidence.origin} names no application: `{line.server}` alone"
    if facts is not None:
        there = name in facts.bound or name in facts.functions or name in facts.classes
        if not there and name not in facts.imports and facts.readable and not facts.stars:
            return found, f"{facts.path} does not define `{name}`"
        return found, ""
    top = module.partition(".")[0]
    own = any(row.partition(".")[0] == top for row in evidence.names.modules)
    return found, f"the project has no module `{module}`" if own else ""


def _of_objects(evidence: Evidence) -> Web:
    wanted = preferred(evidence)
    web = [row for row in evidence.applications if row.interface in ("asgi", "wsgi")]
    said = {"asgi": evidence.asgi, "wsgi": evidence.wsgi}
    django = [row for row in web if row.framework in ("Django", "ASGI application")]
    if evidence.asgi or evidence.wsgi or any(row.framework == "Django" for row in web):
        for target in (said[wanted], said["wsgi" if wanted == "asgi" else "asgi"]):
            chosen = next((row for row in web if row.target == target and _fits(row, wanted)), None)
            if chosen is not None:
                return _served(evidence, chosen, web)
        django = [
            row for row in web if row.framework == "Django" or row.module.endswith(("asgi", "wsgi"))
        ]
    rows = django or web
    chosen = next((row for row in rows if row.interface == wanted), rows[0] if rows else None)
    return _served(evidence, chosen, web) if chosen else _of_own(evidence)


def _fits(row: Application, wanted: Interface) -> bool:
    return wanted in (row.interface, "asgi")


def _by_another(chosen: Application, dependencies: Dependencies) -> Process | None:
    """A server that the project has and that opens its port itself, where it has no other."""
    ours = any(name in dependencies for name in SERVERS)
    if ours:
        return None
    address = ("${http.host}", "${http.port}")
    words: dict[str, tuple[str, ...]] = {
        "daphne": ("daphne", "-b", address[0], "-p", address[1], chosen.target),
        "granian": ("granian", "--interface", chosen.interface, "--host", address[0], "--port",
                    address[1], *(("--factory",) if chosen.factory else ()), chosen.target),
        "waitress": ("waitress-serve", f"--listen={LISTEN}",
                     *(("--call",) if chosen.factory else ()), chosen.target),
    }  # fmt: skip
    for name, row in words.items():
        takes = name == "granian" or OTHER_SERVERS[name] == chosen.interface
        if name in dependencies and takes and not (name == "daphne" and chosen.factory):
            return Process(
                name=NAME,
                exec=row,
                ready={"tcp": LISTEN},
                modules=(chosen.module,),
                comments=(f"{chosen.framework}, with the project's server.", _GAP),
            )
    return None


def _served(evidence: Evidence, chosen: Application, web: list[Application]) -> Web:
    another = _by_another(chosen, evidence.dependencies)
    if another is not None:
        return Web(process=another, application=chosen)
    name = server(chosen.interface, evidence.dependencies)
    options: dict[str, object] = {}
    if chosen.factory:
        options["factory"] = True
    if chosen.interface == "wsgi" and name == "uvicorn":
        options["interface"] = "wsgi"
    others = tuple(row for row in web if row.interface == chosen.interface and row != chosen)
    return Web(
        process=_app(chosen, name, options, f"{chosen.framework}."),
        application=chosen,
        others=others,
    )


def _app(found: Application, server_name: str, options: dict[str, object], comment: str) -> Process:
    return Process(
        name=NAME,
        app=found.target,
        server=server_name,
        options=options,
        listen=(LISTEN,),
        modules=(found.module,),
        comments=(comment,),
    )


def _of_program(evidence: Evidence, program: Program) -> Web:
    """A line that starts no server of relforge's: a program that listens itself."""
    main = program.line.main
    words = program.words
    asks = (main is not None and main.asks_port) or "$PORT" in program.line.text
    reads = "PORT" in evidence.given or any(
        row.name == "PORT" for f in evidence.names.modules.values() for row in f.variables
    )
    env = dict(main.env) if main else {}
    if "VIRTUAL_ENV" in evidence.given:
        env["VIRTUAL_ENV"] = PYTHON
    if reads or "$PORT" in " ".join(words):
        env["PORT"] = shell_lines.PORT
    knows = asks or reads
    process = Process(
        name=NAME,
        exec=words,
        ready={"tcp": LISTEN} if knows else "started",
        env=env_of(env),
        cwd=main.cwd if main else "",
        modules=modules_of(words),
        comments=(f"The {evidence.origin}'s line.", _GAP),
    )
    return Web(process=process, port=program.line.port or 8000)


def _of_own(evidence: Evidence) -> Web:
    """A program that serves by itself: aiohttp, Tornado, gRPC and the like."""
    for module, facts in sorted(evidence.names.modules.items(), key=lambda row: row[0].count(".")):
        calls = {evidence.names.absolute(module, row) for row in facts.calls}
        main = facts.guard or module.endswith("__main__")
        if not main or PurePosixPath(facts.path).name == "manage.py":
            continue
        listens = calls & _STARTERS or (_listens(facts.calls) and "tornado" in str(facts.needs))
        if listens:
            reads = any(row.name == "PORT" for row in facts.variables)
            words: tuple[str, ...] = ("python", "-m", module.removesuffix(".__main__"))
            if "tornado.options.parse_command_line" in calls and "port" in facts.texts:
                words = (*words, f"--port={shell_lines.PORT}")
            knows = reads or len(words) > 3
            process = Process(
                name=NAME,
                exec=words,
                ready={"tcp": LISTEN} if knows else "started",
                env={"PORT": shell_lines.PORT} if reads else {},
                modules=(module,),
                comments=(f"{facts.path} serves by itself.", _GAP),
            )
            return Web(process=process)
    return Web()


def _listens(calls: frozenset[str]) -> bool:
    return any(row.endswith((".listen", ".run_app", ".bind")) for row in calls)


def _is_development(program: Program) -> bool:
    words = program.line.main.words if program.line.main else ()
    text = " ".join(words)
    tools = words[:1] in (("make",), ("npm",), ("yarn",), ("pnpm",), ("docker",))
    return tools or any(word in text for word in _DEVELOPMENT)


def _has_server(dependencies: Dependencies) -> bool:
    return any(name in dependencies for name in ("uvicorn", "gunicorn", "hypercorn"))


def modules_of(words: tuple[str, ...]) -> tuple[str, ...]:
    """The modules that the words of a program name, or those of a line for a shell."""
    if words[:2] == ("sh", "-c"):
        words = tuple(re.split(r"[\s\"'|;&()]+", words[2]))
    found = []
    for before, word in zip(("", *words), words, strict=False):
        if before == "-m" or before in ("--app", "-A"):
            found.append(word.partition(":")[0])
        elif word.endswith(".py"):
            found.append(word.removesuffix(".py").strip("./").replace("/", "."))
        elif ":" in word and "/" not in word and "$" not in word:
            found.append(word.partition(":")[0])
        elif "." in word and word.replace(".", "").replace("_", "").isalnum():
            found += [word, word.rpartition(".")[0]]
    return tuple(found)


def env_of(rows: dict[str, str]) -> dict[str, str]:
    """Assignments of a line, with the configured port."""
    words = shell_lines.put_port(tuple(rows.values()))
    return dict(zip(rows, words, strict=True))


def _host(line: ServerLine) -> str:
    return line.host if line.host and "$" not in line.host else "127.0.0.1"


def _place(cwd: str, root: str) -> str:
    return "/".join(part for part in f"{cwd}/{root}".split("/") if part not in ("", "."))
