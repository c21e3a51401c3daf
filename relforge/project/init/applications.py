"""The application objects that a project's sources make, found without importing them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from relforge.project.init import contents
from relforge.project.init.application_kinds import Kind, of_function, of_name
from relforge.project.init.facts import Facts
from relforge.project.init.frameworks import FACTORIES, HELD, Interface
from relforge.project.init.names import Names

DJANGO_NAME = "application"  # what Django and every WSGI server look for
_MOST = 30  # applications that are compared with one another
_NOT_SERVED = ("env", "manage", "conftest")  # Alembic's env.py makes an application for itself
BY_NAME: tuple[str, ...] = ("application", "app", "api", "asgi", "wsgi", "server")


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """A module-level object: ``target`` is ``pkg.module:name``, ``path`` its file."""

    framework: str
    interface: Interface
    target: str
    path: str
    factory: bool = False  # what the target names makes the application
    read: bool = True  # False: by the names alone, its object cannot be read
    said: bool = False  # the sources themselves start a server with it
    port: int = 0  # and on that port

    @property
    def module(self) -> str:
        return self.target.partition(":")[0]

    @property
    def name(self) -> str:
        return self.target.partition(":")[2]


def find(names: Names) -> tuple[Application, ...]:
    """The applications in these sources, the likeliest first."""
    served = [name for name in names.modules if name.rpartition(".")[2] not in _NOT_SERVED]
    found = [row for module in served for row in _in_module(names, module)]
    found += [row for module in names.modules for row in _by_its_name(names, module, found)]
    factories = [row for module in names.modules for row in _factories(names, module)]
    # One whose module lacks what another module gives it is not served as it is.
    whole = [row for row in found if not names.modules[row.module].unset]
    found = whole if factories else found
    made = {row.framework for row in found}
    found += [row for row in factories if row.framework not in made]
    if not any(row.interface in ("asgi", "wsgi") for row in found):
        found += [
            row for module in names.modules for row in _factories(names, module, any_name=True)
        ]
    said = {row.target: row for row in _started(names)}
    found = [*said.values(), *(row for row in found if row.target not in said)]
    held = set(_held(names, found))
    return tuple(sorted(found, key=lambda row: _likelihood(row, held=row.target in held)))


def _started(names: Names) -> Iterator[Application]:
    """``uvicorn.run("shop.api:app", port=9000)``: the sources say what is served."""
    for module, facts in names.modules.items():
        for row in facts.starts:
            owner, _, name = row.target.partition(":")
            there = names.modules.get(owner)
            known = there and {*there.bound, *there.functions, *there.imports, *there.classes}
            if names.absolute(module, row.callee) != "uvicorn.run" or name not in (known or ()):
                continue
            made = of_name(names, f"{owner}.{name}", 0)
            function = names.function(f"{owner}.{name}")
            if made is None and function is not None:
                made = of_function(names, *function, 0)
            kind = made or ("ASGI application", "asgi")
            plain = _application(kind, owner, name, names.modules[owner], factory=row.factory)
            yield replace(plain, said=True, port=row.port)


def _held(names: Names, found: list[Application]) -> Iterator[str]:
    """The applications that another one contains: its module imports theirs, and not the reverse.

    What is served is the outermost: ``Mount("/api", api)``, ``DispatcherMiddleware(front, ...)``.
    """
    web = [row for row in found if row.interface in ("asgi", "wsgi") and not row.factory][:_MOST]
    reached = {row.module: contents.closure(names, [row.module]) for row in web}
    place = {row.target: names.locate(f"{row.module}.{row.name}") for row in web}
    for inner in web:
        for outer in web:
            one_way = inner.module in reached[outer.module] - {outer.module}
            mutual = outer.module in reached[inner.module]
            entry = is_entry(names.modules[outer.module])
            if one_way and not mutual and entry and place[inner.target] != place[outer.target]:
                yield inner.target


def _in_module(names: Names, module: str) -> Iterator[Application]:
    facts = names.modules[module]
    there = (*facts.imports, *facts.functions)
    candidates = [*facts.bound, *(name for name in there if name in BY_NAME)]
    for name in dict.fromkeys(candidates):
        if name.startswith("_"):
            continue
        made = of_name(names, f"{module}.{name}", 0)
        if made is None and name in facts.imports and name not in facts.bound:
            made = of_name(names, names.absolute(module, name), 0)
        own = name in facts.bound or name in facts.functions
        if made is not None and (own or is_entry(facts)):
            held = HELD.get(names.calls(module, facts.bound[name])) if name in facts.bound else ""
            yield _application(made, module, f"{name}.{held}" if held else name, facts)


def _by_its_name(names: Names, module: str, found: list[Application]) -> Iterator[Application]:
    """``application`` of a module or package `asgi` or `wsgi`, whatever makes it."""
    facts = names.modules[module]
    last = module.rpartition(".")[2]
    if last not in ("asgi", "wsgi") or any(row.module == module for row in found):
        return
    there = {**facts.imports, **facts.bound, **facts.functions}
    name = next((name for name in (DJANGO_NAME, "app") if name in there), "")
    if name:
        made: Kind = ("", "asgi" if last == "asgi" else "wsgi")
        row = _application(made, module, name, facts)
        yield Application(
            framework=f"{last.upper()} application",
            interface=row.interface,
            target=row.target,
            path=row.path,
            read=name in facts.functions,
        )


def _factories(names: Names, module: str, *, any_name: bool = False) -> Iterator[Application]:
    """Functions that can be called with nothing, for projects that leave that to the server.

    ``any_name`` takes those with other names than factories have.
    """
    facts = names.modules[module]
    for name, function in facts.functions.items():
        named = name in FACTORIES or (name in BY_NAME and function.annotation)
        named = named or (any_name and not name.startswith(("_", "test")))
        made = of_function(names, module, function, 0) if named else None
        if made and not function.required and not function.is_async and made[1] != "celery":
            yield _application(made, module, name, facts, factory=True)


def unfit(names: Names) -> tuple[tuple[str, str], ...]:
    """Factories that a server cannot call: target, and why."""
    found = []
    for module, facts in names.modules.items():
        for name, function in facts.functions.items():
            made = of_function(names, module, function, 0) if name in FACTORIES else None
            if made and made[1] in ("asgi", "wsgi") and (function.required or function.is_async):
                why = "is a coroutine" if function.is_async else "wants arguments"
                found.append((f"{module}:{name}", why))
    return tuple(found)


def _application(
    made: Kind, module: str, name: str, facts: Facts, *, factory: bool = False
) -> Application:
    return Application(
        framework=made[0],
        interface=made[1],
        target=f"{module}:{name}",
        path=facts.path,
        factory=factory,
    )


def is_entry(facts: Facts) -> bool:
    """Whether a module is one that servers are pointed to, so that its imports count."""
    stem = PurePosixPath(facts.path).stem
    return stem in ("app", "application", "asgi", "main", "run", "serve", "server", "web", "wsgi")


def _likelihood(
    found: Application, *, held: bool
) -> tuple[bool, bool, bool, bool, bool, int, int, str]:
    last = found.module.rpartition(".")[2]
    by_name = BY_NAME.index(found.name) if found.name in BY_NAME else len(BY_NAME)
    return (
        not found.said,
        found.factory,
        last not in ("asgi", "wsgi"),
        found.interface != "asgi",
        held,
        found.path.count("/"),
        by_name,
        found.target,
    )
