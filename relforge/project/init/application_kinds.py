"""What an expression or a name of the sources makes: a framework's application, or none."""

from __future__ import annotations

from relforge.project.init.facts import Function
from relforge.project.init.frameworks import MAKERS, WRAPPERS, Interface
from relforge.project.init.names import Names
from relforge.project.init.syntax import Call, Expression, Name

_DEEPEST = 12
Kind = tuple[str, Interface]
# What an application manually takes.
_SIGNATURES: dict[tuple[str, ...], Kind] = {
    ("environ", "start_response"): ("WSGI application", "wsgi"),
    ("scope", "receive", "send"): ("ASGI application", "asgi"),
}


def kind(names: Names, module: str, value: Expression, depth: int = 0) -> Kind | None:
    """What an expression of a module makes: framework and interface; None: no application."""
    if depth > _DEEPEST:
        return None
    if isinstance(value, Name):
        return of_name(names, names.absolute(module, value.dotted), depth)
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
    function = names.function(callee) or names.method(callee)
    if function is not None:
        return of_function(names, *function, depth + 1)
    rows = (*value.args, *(row for _, row in value.keywords))
    inner = next((row for arg in rows if (row := kind(names, module, arg, depth + 1))), None)
    if callee in WRAPPERS:
        return (inner[0] if inner else callee.partition(".")[0]), WRAPPERS[callee]
    own = names.locate(callee) is not None or "." in callee or callee in names.modules
    return inner if own and inner and inner[1] in ("asgi", "wsgi") else None


def of_name(names: Names, dotted: str, depth: int) -> Kind | None:
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
        held = names.attribute(dotted)
        return kind(names, *held, depth + 1) if held else None
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


def of_function(names: Names, module: str, function: Function, depth: int) -> Kind | None:
    """What a function returns, by its names and the calls in it, else as its annotation says."""
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
    said = kind(names, module, Call(function.annotation), depth) if function.annotation else None
    return said if said and said[1] in ("asgi", "wsgi") else None
