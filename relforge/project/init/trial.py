"""Applications that cannot be read: asked of the project's own environment."""

from __future__ import annotations

from pathlib import Path

from relforge.project.init import trying
from relforge.project.init.applications import Application
from relforge.project.init.names import Names
from relforge.project.init.roots import Roots

_ENTRY = ("asgi", "wsgi", "app", "application", "main", "server", "web", "api", "serve", "run")


def answered(
    root: Path, places: Roots, known: Names, found: tuple[Application, ...]
) -> tuple[tuple[Application, ...], dict[str, str]]:
    """Ask the project's environment about objects that cannot be read."""
    served = [row for row in found if row.interface in ("asgi", "wsgi")]
    if any(row.read for row in served):
        return found, {}
    targets = [row.target for row in served]
    for module, facts in known.modules.items():
        if module.rpartition(".")[2] in _ENTRY or facts.path.endswith("__init__.py"):
            names_there = [*facts.bound, *facts.imports]
            targets += [f"{module}:{name}" for name in names_there if name in _ENTRY]
    rows = tuple(dict.fromkeys(targets))[:12]
    directories = tuple(row for row in places.directories if row)
    answers = trying.kinds(root, (*directories, ""), rows, {}) if rows else {}
    asked = [
        Application(
            framework=f"{kind.upper()} application",
            interface="asgi" if kind == "asgi" else "wsgi",
            target=target,
            path=known.modules[target.partition(":")[0]].path,
        )
        for target, (kind, _) in answers.items()
        if kind
    ]
    failed = {target: why for target, (_, why) in answers.items() if why}
    wrong = {target for target, (kind, why) in answers.items() if not kind and not why}
    kept = [row for row in found if row.target not in wrong]
    there = {row.target for row in asked}
    return (*asked, *(row for row in kept if row.target not in there)), failed
