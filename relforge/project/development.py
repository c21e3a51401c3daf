"""Running from the sources: which Python, with which variables, and what to give to the runtime.

.relforge/                      ignored by git
  runtime/relforge/runtime ->   relforge's own, importable by the project's Python
  dev/var/                      RELEASE_STATE_DIR, of an environment
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import relforge
from relforge.model import layout, python_version
from relforge.model.spec import Project, Settings
from relforge.project import lockfile
from relforge.support.errors import Exit, SettingsError, UserError

DIRECTORY = ".relforge"
_HINT = (
    "create one (uv sync, or python3 -m venv .venv and its pip), or name its interpreter: "
    "--python PATH"
)
# Where no source of the project is, and nothing is watched.
_NO_SOURCES = frozenset(
    {"_build", "build", "dist", "node_modules", "__pycache__", "site-packages", "venv", "env"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """The project, its settings in one environment, and the Python it runs with."""

    project: Project
    settings: Settings
    env: str
    python: Path  # as it is named: a link there would lead out of the virtual environment

    @property
    def state(self) -> Path:
        return self.project.root / DIRECTORY / self.env / layout.STATE


def python(root: Path, environ: Mapping[str, str], given: Path | None = None) -> Path:
    """The interpreter of the project's own environment; raises UserError.

    ``given``, else `.venv` of the project or of a workspace above it, else
    UV_PROJECT_ENVIRONMENT, VIRTUAL_ENV, CONDA_PREFIX.
    """
    if given is not None:
        place = given / "bin" / "python" if given.is_dir() else given
        if not os.access(place, os.X_OK) or not place.is_file():
            raise UserError(f"--python {given}: no such interpreter", hint=_HINT, code=Exit.USAGE)
        return place.absolute()
    for directory in _environments(root, environ):
        place = directory / "bin" / "python"
        if place.is_file():
            _refuse_old(directory)
            return place
    raise UserError(f"{root}: the project has no virtual environment", hint=_HINT)


def variables(checkout: Checkout, environ: Mapping[str, str], command: str) -> dict[str, str]:
    """The variables of what runs: those of a release, of the virtual environment, the paths."""
    root, programs = checkout.project.root, checkout.python.parent
    runtime = root / DIRECTORY / layout.RUNTIME
    paths = [*map(str, import_roots(checkout.project, checkout.settings))]
    paths += [row for row in environ.get("PYTHONPATH", "").split(os.pathsep) if row]
    own = {
        "RELFORGE_PROJECT": str(root),
        "RELEASE_ROOT": str(root),
        "RELEASE_NAME": checkout.settings.name,
        "RELEASE_VERSION": checkout.settings.version,
        "RELEASE_ENV": checkout.env,
        "RELEASE_COMMAND": command,
        "RELEASE_STATE_DIR": environ.get("RELEASE_STATE_DIR") or str(checkout.state),
        "PATH": os.pathsep.join([str(programs), environ.get("PATH", os.defpath)]),
        "PYTHONPATH": os.pathsep.join(dict.fromkeys([*paths, str(runtime)])),
        "PYTHONUNBUFFERED": "1",
    }
    if (programs.parent / "pyvenv.cfg").is_file():
        own["VIRTUAL_ENV"] = str(programs.parent)
    left_out = ("PYTHONHOME", "RELFORGE_CONFIG", "RELFORGE_CONFIG_FD", "NOTIFY_SOCKET")
    return {**{name: text for name, text in environ.items() if name not in left_out}, **own}


def prepare(checkout: Checkout) -> Path:
    """Make the directory of relforge's own, which git ignores; returns the entry of the runtime."""
    directory = checkout.project.root / DIRECTORY
    package = directory / layout.RUNTIME / "relforge"
    package.mkdir(parents=True, exist_ok=True)
    ignore = directory / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n")
    source = Path(relforge.__file__).parent
    for name in ("__init__.py", "runtime", "py.typed"):
        _link(package / name, source / name)
    return package / "runtime" / "boot_app.py"


def installation(project: Project, settings: Settings) -> str:
    """What uv installs into the virtual environment where a server is missing; "": its name."""
    added = lockfile.used(project.root, settings)[1:]
    return " ".join(f"-r {shlex.quote(str(project.root / name))}" for name in added)


def import_roots(project: Project, settings: Settings) -> Iterator[Path]:
    """Directories from which the project's own modules are imported, members' after its own."""
    for root in settings.app_roots:
        yield project.root / root
    for row in (project, *project.members):
        if settings.app is None and (row.root / "src").is_dir():
            yield row.root / "src"
        yield row.root


def watched(project: Project, settings: Settings, target: str) -> tuple[str, ...]:
    """The directories whose sources a server watches: packages, and not what is installed."""
    found: list[Path] = []
    for root in import_roots(project, settings):
        if (root / f"{target.partition(':')[0].partition('.')[0]}.py").is_file():
            return (str(root),)  # modules lie beside everything else
        found += [row for row in sorted(root.iterdir()) if _is_package(row)]
    return tuple(map(str, dict.fromkeys(found))) or (str(project.root),)


def _is_package(place: Path) -> bool:
    name = place.name
    if name.startswith(".") or name in _NO_SOURCES or not place.is_dir():
        return False
    return not (place / "pyvenv.cfg").exists() and any(place.glob("*.py"))


def _environments(root: Path, environ: Mapping[str, str]) -> Iterator[Path]:
    for directory in (root, *root.parents):
        yield directory / ".venv"
        if (directory / ".git").exists():
            break
    for name in ("UV_PROJECT_ENVIRONMENT", "VIRTUAL_ENV", "CONDA_PREFIX"):
        if environ.get(name):
            yield root / environ[name]


def _refuse_old(directory: Path) -> None:
    try:
        text = (directory / "pyvenv.cfg").read_text(encoding="utf-8")
    except OSError:
        return
    found = re.search(r"^version(?:_info)?\s*=\s*(\d+)\.(\d+)", text, re.M)
    if found and (int(found[1]), int(found[2])) < (3, python_version.OLDEST):
        raise UserError(
            f"{directory}: a virtual environment of Python {found[1]}.{found[2]}; relforge "
            f"needs 3.{python_version.OLDEST} or newer",
            hint=_HINT,
        )


def _link(place: Path, to: Path) -> None:
    """A link to that very place, whole at each moment."""
    if place.is_symlink() and os.readlink(place) == str(to):
        return
    draft = place.with_name(f".{place.name}.{os.getpid()}")
    draft.symlink_to(to)
    draft.replace(place)


def find(settings: Settings, word: str) -> tuple[str, dict[str, object]]:
    """What a word names, ``service`` or ``command``, and its row as a manifest has it."""
    for service in settings.services:
        if service.name == word:
            return "service", service.row()
    for command in settings.commands:
        if command.name == word:
            return "command", command.row()
    raise SettingsError(
        f"{word}: the project has no service or command of this name",
        hint=_known(settings, word),
    )


def _known(settings: Settings, word: str) -> str:
    names = [row.name for row in settings.services] + [row.name for row in settings.commands]
    known = f"available: {', '.join(names)}; " if names else ""
    return f"{known}to run any other program: relforge run -- {word}"
