"""The web service by the application objects of the sources: which one, and which server."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from relforge.project.init import applications
from relforge.project.init.applications import Application
from relforge.project.init.dependencies import Dependencies
from relforge.project.init.frameworks import ASGI_SERVERS, OTHER_SERVERS, SERVERS, Interface
from relforge.project.init.processes import Process
from relforge.project.init.syntax import Call, Name
from relforge.project.init.web_evidence import GAP, LISTEN, NAME, Evidence, Web


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


def of_objects(evidence: Evidence) -> Web:
    """The likeliest application, by a server that the project has; nothing where there is none."""
    wanted = preferred(evidence)
    web = [row for row in evidence.applications if row.interface in ("asgi", "wsgi")]
    started = next((row for row in web if row.said), None)
    if started is not None:
        return _served(evidence, started, web)
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
    return _served(evidence, chosen, web) if chosen else Web()


def by_name(evidence: Evidence) -> Web:
    """An object that has an application's name, where a server is a dependency: a question."""
    interface = preferred(evidence)
    if not any(name in evidence.dependencies for name in (*SERVERS, *OTHER_SERVERS)):
        return Web()
    rows = sorted(evidence.names.modules.items(), key=lambda row: (row[0].count("."), row[0]))
    for module, facts in rows:
        for name in applications.BY_NAME:
            value = facts.bound.get(name)
            if not isinstance(value, Call | Name) or not applications.is_entry(facts):
                continue
            made = value.callee + "()" if isinstance(value, Call) else value.dotted
            kind: Interface = "asgi" if interface == "asgi" else "wsgi"
            found = Application(
                framework="The application", interface=kind, target=f"{module}:{name}",
                path=facts.path,
            )  # fmt: skip
            doubt = (
                f"the source does not show whether `{made}` of {facts.path} is an "
                f"{kind.upper()} application"
            )
            process = process_of(found, server(kind, evidence.dependencies), {}, "By its name.")
            return Web(process=replace(process, doubt=doubt))
    return Web()


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
                comments=(f"{chosen.framework}, with the project's server.", GAP),
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
        process=process_of(chosen, name, options, f"{chosen.framework}."),
        application=chosen,
        others=others,
        port=chosen.port or 8000,
    )


def process_of(
    found: Application, server_name: str, options: dict[str, object], comment: str
) -> Process:
    """The service of an application and one of relforge's servers."""
    return Process(
        name=NAME,
        app=found.target,
        server=server_name,
        options=options,
        listen=(LISTEN,),
        modules=(found.module,),
        comments=(comment,),
    )
