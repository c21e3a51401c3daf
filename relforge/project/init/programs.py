"""What of a project is run from the command line."""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from relforge.project.init import alembic
from relforge.project.init.applications import Application
from relforge.project.init.dependencies import Dependencies
from relforge.project.init.facts import Facts
from relforge.project.init.names import Names
from relforge.project.init.processes import OwnCommand
from relforge.project.init.reading import Sources
from relforge.project.init.roots import MANAGE, Roots, is_manager
from relforge.runtime.contract.command import RESERVED

NO_PROGRAMS = frozenset(
    {"conftest.py", "dodo.py", "fabfile.py", "noxfile.py", "setup.py", "tasks.py"}
)
_COMMAND = re.compile(r"[a-z][a-z0-9_-]*")
_DJANGO = "execute_from_command_line"
_MANAGERS = ("Manager", "FlaskGroup", "AppGroup")


def managers(sources: Sources, roots: Roots) -> tuple[OwnCommand, ...]:
    """A command for each ``manage.py``, of Django's or another kind, whatever its form."""
    found: list[OwnCommand] = []
    for path, facts in sources.modules.items():
        if not is_manager(sources, path):
            continue
        kind = _kind_of_manager(facts)
        module = roots.module(path)
        if not kind or not module:
            continue
        name = "manage" if not found else f"manage-{PurePosixPath(path).parent.name or 'top'}"
        doubt = "" if not found else f"{found[0].exec[-1]} is already a module of this name"
        found.append(
            OwnCommand(
                name=name,
                exec=("python", "-m", module),
                help=f"{kind}'s manage.py",
                modules=(module,),
                doubt=doubt,
                cwd=str(PurePosixPath(path).parent).removeprefix("."),
            )
        )
    return tuple(found)


def unused_managers(sources: Sources, roots: Roots) -> Iterator[str]:
    """Each ``manage.py`` that is not executable."""
    for path, facts in sources.modules.items():
        if is_manager(sources, path) and not (_kind_of_manager(facts) and roots.module(path)):
            yield path


def scripts(data: Mapping[str, Any], sources: Sources) -> dict[str, str]:
    """Console scripts, wherever a project declares them: name = ``pkg.module:function``."""
    found = dict(_table(_table(data, "project"), "scripts"))
    poetry = _table(_table(_table(data, "tool"), "poetry"), "scripts")
    found |= {key: value for key, value in poetry.items() if isinstance(value, str)}
    parser = configparser.ConfigParser()
    try:
        parser.read_string(sources.text("setup.cfg"))
        lines = parser.get("options.entry_points", "console_scripts", fallback="").splitlines()
    except configparser.Error:
        lines = []
    match = re.search(r"console_scripts['\"]?\s*[:=]\s*\[([^\]]*)\]", sources.text("setup.py"))
    lines += re.findall(r"['\"]([^'\"]+=[^'\"]+)['\"]", match[1]) if match else []
    for line in lines:
        name, equals, target = line.partition("=")
        if equals:
            found.setdefault(name.strip(), target.split("[")[0].strip())
    return {name: str(target) for name, target in found.items() if ":" in str(target)}


def of_scripts(found: Mapping[str, str], *, wheel: bool) -> Iterator[OwnCommand]:
    """Console scripts as commands: the program that a wheel brings, else the function of it."""
    for name, target in found.items():
        if _COMMAND.fullmatch(name) and name not in RESERVED:
            module, _, function = (part.strip() for part in target.partition(":"))
            yield OwnCommand(
                name=name,
                exec=(name,) if wheel else (),
                call="" if wheel else f"{module}:{function}",
                help=f"run {target}",
                modules=(module,),
            )


def reserved(found: Mapping[str, str]) -> tuple[str, ...]:
    """Console scripts whose names are those of commands of every release."""
    return tuple(name for name in found if name in RESERVED)


def plain(names: Names, sources: Sources) -> Iterator[OwnCommand]:
    """Programs without an entry point: what is run by ``python -m``."""
    for module, facts in sorted(names.modules.items()):
        path = PurePosixPath(facts.path)
        main = path.name == "__main__.py"
        top = module.count(".") == (1 if main else 0)
        if not top or path.name in (*NO_PROGRAMS, MANAGE) or not (facts.guard or main):
            continue
        word = module.removesuffix(".__main__")
        name = word.rpartition(".")[2].replace("_", "-").lower()
        if _COMMAND.fullmatch(name) and name not in RESERVED:
            yield OwnCommand(
                name=name,
                exec=("python", "-m", word),
                help=f"run {facts.path}",
                modules=(module,),
            )


def of_tools(
    sources: Sources,
    names: Names,
    dependencies: Dependencies,
    web: Application | None,
) -> Iterator[OwnCommand]:
    """Alembic and Flask's own command line."""
    first = next(alembic.find(sources), None)
    if first is not None and "flask-migrate" not in dependencies:
        folder = str(PurePosixPath(first.settings).parent).removeprefix(".")
        yield OwnCommand(name="alembic", exec=("alembic",), help="Alembic", cwd=folder)
    if web is None or web.framework != "Flask":
        return
    cli = any(row.endswith(".cli.command") for f in names.modules.values() for row in f.decorators)
    added = any(row.endswith(".cli.add_command") for f in names.modules.values() for row in f.calls)
    if "flask-migrate" in dependencies or cli or added:
        yield OwnCommand(
            name="flask",
            exec=("flask", "--app", web.target),
            help="Flask's command line",
            modules=(web.module,),
            cwd="",
        )


def of_django(settings: str) -> OwnCommand:
    """What manage.py would be, for a site that has none."""
    return OwnCommand(
        name="manage",
        exec=("python", "-m", "django"),
        help="Django's command line",
        env={"DJANGO_SETTINGS_MODULE": settings},
        modules=(settings,),
        cwd="",
    )


def _kind_of_manager(facts: Facts) -> str:
    if any(call.rpartition(".")[2] == _DJANGO for call in facts.calls):
        at_once = any(call.rpartition(".")[2] == _DJANGO for call in facts.at_once)
        return "Django" if facts.guard or at_once else ""
    if any(call.rpartition(".")[2] in _MANAGERS for call in facts.calls) or facts.guard:
        return "Flask" if any("flask" in name for name, _ in facts.needs) else "the project"
    return ""


def _table(data: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = data.get(key, {})
    return value if isinstance(value, dict) else {}
