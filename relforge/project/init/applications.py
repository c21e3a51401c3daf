"""The application objects that a project's sources make, found without importing them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from relforge.project.init.facts import Facts, Function
from relforge.project.init.frameworks import FACTORIES, MAKERS, WRAPPERS, Interface
from relforge.project.init.names import Names
from relforge.project.init.syntax import Call, Expression, Name

DJANGO_NAME = "application"  # what Django and every WSGI server look for
_DEEPEST = 12
_NOT_SERVED = ("env", "manage", "conftest")  # Alembic's env.py makes an application for itself
_BY_NAME: tuple[str, ...] = ("application", "app", "api", "asgi", "wsgi", "server")
Kind = tuple[str, Interface]
# What an application manually takes.
_SIGNATURES: dict[tuple[str, ...], Kind] = {
    ("environ", "start_response"): ("WSGI application", "wsgi"),
    ("scope", "receive", "send"): ("ASGI application", "asgi"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """A module-level object: ``target`` is ``pkg.module:name``, ``path`` its file."""

    framework: str
    interface: Interface
    target: str
    path: str
    factory: bool = False  # what the target names makes the application
    read: bool = True  # False: by the names alone, its object cannot be read

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
    made = {row.framework for row in found}
    factories = [row for module in names.modules for row in _factories(names, module)]
    found += [row for row in factories if row.framework not in made]
    return tuple(sorted(found, key=_likelihood))


def kind(names: Names, module: str, value: Expression, depth: int = 0) -> Kind | None:
    """What an expression of a module makes: framework and interface; None: no application."""
    if depth > _DEEPEST:
        return None
    if isinstance(value, Name):
        return _of_name(names, names.absolute(module, value.dotted), depth)
    if not isinstance(value, Call):
        return None
    callee = names.absolute(module, value.callee)
    if callee.endswith(".make_wsgi_app"):
        return "Pyramid", "wsgi"
    if callee in MAKERS:
        return MAKERS[callee]
    made = next((MAKERS[row] for row in names.bases(callee) if row in MAKERS), None)
    if made is not None:
        return made
    called = next((row for row in names.called_with(callee) if row), ())
    if called in _SIGNATURES:
        return _SIGNATURES[called]
    function = names.function(callee)
    if function is not None:
        return _returned(names, *function, depth + 1)
    rows = (*value.args, *(row for _, row in value.keywords))
    inner = next((row for arg in rows if (row := kind(names, module, arg, depth + 1))), None)
    if callee in WRAPPERS:
        return (inner[0] if inner else callee.partition(".")[0]), WRAPPERS[callee]
    own = names.locate(callee) is not None or "." in callee or callee in names.modules
    return inner if own and inner and inner[1] in ("asgi", "wsgi") else None


def _of_name(names: Names, dotted: str, depth: int) -> Kind | None:
    if dotted.endswith(".wsgi_app"):  # Flask's own
        dotted = dotted.removesuffix(".wsgi_app")
    if dotted.endswith(".server"):  # Dash's
        held = names.value(dotted.removesuffix(".server"))
        if held and names.calls(*held) == "dash.Dash":
            return "Dash", "wsgi"
    function = names.function(dotted)
    if function is not None and function[1].words in _SIGNATURES:
        return _SIGNATURES[function[1].words]
    found = names.value(dotted)
    if found is None:
        return None
    module, value = found
    place = names.locate(dotted)
    rows = [value]
    if place is not None:  # app = Flask(...); app = Wrapper(app)
        rows = list(reversed(names.modules[place[0]].history.get(place[1], (value,))))
        module = place[0]
    for index, row in enumerate(rows):
        if isinstance(row, Name) and names.absolute(module, row.dotted) == dotted:
            continue
        made = _bound(names, module, row, rows[index + 1 :], dotted, depth + 1)
        if made is not None:
            return made
    return None


def _bound(
    names: Names, module: str, value: Expression, before: list[Expression], own: str, depth: int
) -> Kind | None:
    """What is bound last; where it wraps what the same name was bound to, what that was."""
    if isinstance(value, Call) and before and depth < _DEEPEST:
        rows = (*value.args, *(row for _, row in value.keywords))
        wraps = any(isinstance(r, Name) and names.absolute(module, r.dotted) == own for r in rows)
        if wraps:
            callee = names.absolute(module, value.callee)
            made = MAKERS.get(callee)
            inner = made or _bound(names, module, before[0], before[1:], own, depth + 1)
            if callee in WRAPPERS and inner:
                return inner[0], WRAPPERS[callee]
            return inner
    return kind(names, module, value, depth)


def _returned(names: Names, module: str, function: Function, depth: int) -> Kind | None:
    """What a function returns, by its names and the calls in it."""
    for row in function.returns:
        value: Expression = row
        seen: set[str] = set()
        while isinstance(value, Name) and value.dotted in function.local:
            if value.dotted in seen:
                break
            seen.add(value.dotted)
            value = function.local[value.dotted]
        made = kind(names, module, value, depth)
        if made is None and isinstance(value, Call):  # return Middleware(app), app of the function
            inner = (function.local.get(getattr(arg, "dotted", "")) for arg in value.args)
            made = next(
                (k for arg in inner if arg and (k := kind(names, module, arg, depth))), None
            )
        if made is not None:
            return made
    return None


def _in_module(names: Names, module: str) -> Iterator[Application]:
    facts = names.modules[module]
    there = (*facts.imports, *facts.functions)
    candidates = [*facts.bound, *(name for name in there if name in _BY_NAME)]
    for name in dict.fromkeys(candidates):
        if name.startswith("_"):
            continue
        made = _of_name(names, f"{module}.{name}", 0)
        if made is None and name in facts.imports and name not in facts.bound:
            made = _of_name(names, names.absolute(module, name), 0)
        own = name in facts.bound or name in facts.functions
        if made is not None and (own or _is_entry(facts)):
            yield _application(made, module, name, facts)


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


def _factories(names: Names, module: str) -> Iterator[Application]:
    """Functions that can be called with nothing, for projects that leave that to the server."""
    facts = names.modules[module]
    for name, function in facts.functions.items():
        made = _returned(names, module, function, 0) if name in FACTORIES else None
        if made and not function.required and not function.is_async and made[1] != "celery":
            yield _application(made, module, name, facts, factory=True)


def unfit(names: Names) -> tuple[tuple[str, str], ...]:
    """Factories that a server cannot call: target, and why."""
    found = []
    for module, facts in names.modules.items():
        for name, function in facts.functions.items():
            made = _returned(names, module, function, 0) if name in FACTORIES else None
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


def _is_entry(facts: Facts) -> bool:
    """Whether a module is one that servers are pointed to, so that its imports count."""
    stem = PurePosixPath(facts.path).stem
    return stem in ("app", "application", "asgi", "main", "run", "serve", "server", "web", "wsgi")


def _likelihood(found: Application) -> tuple[bool, bool, bool, int, int, str]:
    last = found.module.rpartition(".")[2]
    by_name = _BY_NAME.index(found.name) if found.name in _BY_NAME else len(_BY_NAME)
    return (
        found.factory,
        last not in ("asgi", "wsgi"),
        found.interface != "asgi",
        found.path.count("/"),
        by_name,
        found.target,
    )
