"""The web service by the command line of a server, in a Procfile or a Dockerfile."""

from __future__ import annotations

from dataclasses import replace

from relforge.project.init import application_kinds, server_lines, server_options
from relforge.project.init.applications import Application
from relforge.project.init.procfile import Program
from relforge.project.init.program_words import env_of
from relforge.project.init.server_lines import ServerLine
from relforge.project.init.syntax import Name
from relforge.project.init.web_evidence import LISTEN, Evidence, Web
from relforge.project.init.web_from_objects import process_of


def of_line(evidence: Evidence, program: Program, line: ServerLine) -> Web:
    """The application that the line names, with the options that are a server's own."""
    options, unread, lost_notes = dict(line.options), list(line.unread), list[str]()
    if line.server == "gunicorn" and evidence.config:
        told, lost = server_options.config_file(evidence.config)
        target = str(told.pop("wsgi_app", ""))
        bind = str(told.pop("bind", ""))
        options = {**told, **options}
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
    process = process_of(found, line.server, options, comment)
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
    made = application_kinds.kind(evidence.names, module, Name(name))
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


def _host(line: ServerLine) -> str:
    return line.host if line.host and "$" not in line.host else "127.0.0.1"


def _place(cwd: str, root: str) -> str:
    return "/".join(part for part in f"{cwd}/{root}".split("/") if part not in ("", "."))
