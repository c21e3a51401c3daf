"""Applications that get their routes from other modules: which import brings all of them.

``app = Flask(__name__)`` of a package is empty until somebody imports the module with its views.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from relforge.project.init import contents
from relforge.project.init.applications import Application
from relforge.project.init.names import Names


def whole(names: Names, found: Application) -> Application:
    """The application by the name of a module that loads every module that adds to it."""
    if found.factory or found.interface not in ("asgi", "wsgi"):
        return found
    module, name = loading(names, found.module, found.name)
    return replace(found, target=f"{module}:{name}", path=names.modules[module].path)


def loading(names: Names, module: str, name: str) -> tuple[str, str]:
    """The module that loads whatever adds to that object, and its name there; else its own."""
    dotted = f"{module}.{name}"
    added = set(adding(names, dotted))
    if added <= contents.closure(names, [module]):
        return module, name
    rows = sorted(_having(names, dotted), key=lambda row: _unlikeliness(names, *row))
    return next((r for r in rows if added <= contents.closure(names, [r[0]])), (module, name))


def adding(names: Names, dotted: str) -> Iterator[str]:
    """The modules with functions below ``@app.route``, ``@app.get`` and the like."""
    for module, facts in names.modules.items():
        rows = (names.absolute(module, row).rpartition(".")[0] for row in facts.decorators)
        if dotted in rows:
            yield module


def _having(names: Names, dotted: str) -> Iterator[tuple[str, str]]:
    """The modules that import the application, and their names for it."""
    for module, facts in names.modules.items():
        for name in facts.imports:
            if names.absolute(module, name) == dotted:
                yield module, name


def _unlikeliness(names: Names, module: str, name: str) -> tuple[bool, bool, int, str]:
    facts = names.modules[module]
    adds = any(row.startswith(f"{name}.") for row in facts.decorators)
    return (adds, facts.guard, module.count("."), module)
