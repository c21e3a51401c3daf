"""The wheel or the metadata of a project, made by its own build backend (PEP 517).

The backend runs in an environment of its own, with what ``build-system.requires``
and the backend itself ask for, and nothing else.  Such an environment takes
seconds to make, so it is kept:

    <cache>/backends/<key>/venv/     for one interpreter and one set of requirements
    <cache>/backends/asks-<key>      what a backend asked for in addition, for one configuration
"""

from __future__ import annotations

import json
import logging
import re
import shutil
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from email.message import Message
from pathlib import Path
from platform import python_version

import build
import pyproject_hooks

from relforge import cache, elf
from relforge.layers.deps import pex, resolver_environment
from relforge.model import core_metadata
from relforge.model.release import Interpreter
from relforge.support import command
from relforge.support.environment import of_backends as seen_by_backends
from relforge.support.errors import UserError

log = logging.getLogger("relforge.layers.deps")

WHAT = "building the project's wheel"
HINT = "it must also build outside relforge: python -m build --wheel"
MISSING = re.compile(r"(?:ModuleNotFoundError|ImportError): No module named '([^']+)'")
SHOWN = 15  # lines of what a backend said last, where it fails
CONFIGURATION = ("pyproject.toml", "setup.py", "setup.cfg")  # what decides what a backend asks for


def wheel(
    source: Path,
    python: Path,
    version: str,
    env: Mapping[str, str],
    into: Path,
    what: str = WHAT,
) -> Path:
    """Build the wheel of the project in ``source`` with that interpreter.

    ``version`` is the interpreter's, ``env`` is laid over what a backend sees
    (`relforge.support.environment`).  Raises UserError with the backend's own words where it fails.
    """
    with _explained(what):
        return Path(_ready(source, python, version, env, what).build("wheel", into))


def metadata(
    source: Path, python: Path, version: str, env: Mapping[str, str], into: Path, what: str
) -> Message:
    """What the METADATA of its wheel would say; raises UserError as `wheel` does."""
    with _explained(what):
        directory = Path(_ready(source, python, version, env, what).metadata_path(into))
    return core_metadata.parse((directory / "METADATA").read_bytes())


def runner(python: Interpreter) -> tuple[Path, str]:
    """What runs a backend, and its version: the interpreter that the release's is made from.

    Where that does not run here, or has no place to stay as one in an archive,
    it is one of the same minor version, else relforge's own.
    """
    if python.source != "archive" and python.runs_here and elf.is_elf(python.origin):
        return python.origin, python.version
    if python.helper is not None:
        return python.helper, python.version
    return Path(sys.executable), python_version()


def _ready(
    source: Path, python: Path, version: str, env: Mapping[str, str], what: str
) -> build.ProjectBuilder:
    first = build.ProjectBuilder(source, runner=_runner(env, what))
    requires = first.build_system_requires
    place = environment(requires, python, version, env)
    builder = _builder(source, place, env, what)
    more = requires | _asked_for(builder, place, source)
    if more == requires:
        return builder
    return _builder(source, environment(more, python, version, env), env, what)


@contextmanager
def _explained(what: str) -> Iterator[None]:
    """One error for every question that a backend may fail to answer; its warnings for the log.

    `build` raises the warnings of a backend again in this process, many lines each.
    """
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            yield
        for row in said:
            log.debug("%s: %s", what, " ".join(str(row.message).split()))
    except build.BuildBackendException as error:
        if isinstance(error.exception, UserError):
            raise _with_way_out(error.exception) from None
        reason = f"{what}: {error}{_last_line(error.exception)}"
        raise _with_way_out(UserError(reason, hint=HINT)) from None
    except UserError as error:
        raise _with_way_out(error) from None
    except (build.BuildException, pyproject_hooks.BackendUnavailable) as error:
        reason = f"{what}: {error}{_last_line(error)}"
        raise _with_way_out(UserError(reason, hint=HINT)) from None


def _last_line(error: Exception) -> str:
    """Why a backend cannot be imported: pyproject_hooks keeps its traceback as a text."""
    rows = str(getattr(error, "traceback", None) or "").rstrip().splitlines()
    return f"\n    {rows[-1].strip()}" if rows else ""


def _with_way_out(error: UserError) -> UserError:
    """The error, with what helps where the backend lacks a module that its files import."""
    missing = MISSING.search(error.message)
    if missing is None or error.hint != HINT:
        return error
    return UserError(
        error.message,
        hint=f"add the package that provides `{missing[1]}` to `requires` in [build-system] of "
        "pyproject.toml; or release the sources without a wheel: `app = [...]`, with "
        "`requirements = [...]` or a lockfile",
    )


def environment(
    requires: Iterable[str], python: Path, version: str, env: Mapping[str, str]
) -> Path:
    """The virtual environment with these requirements; made where there is none yet."""
    wanted = sorted(requires)
    key = cache.key("backend", str(python), version, *wanted)
    place = cache.home() / "backends" / key
    venv, whole = place / "venv", place / "whole"
    with cache.lock(f"backend-{key}"):
        if not (whole.exists() and (venv / "bin" / "python").exists()):
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(parents=True)
            pex.install(wanted, python, version, venv, env)
            cache.keep(whole, b"")
        cache.touch(whole)
    return venv


def _builder(source: Path, venv: Path, env: Mapping[str, str], what: str) -> build.ProjectBuilder:
    return build.ProjectBuilder(
        source, python_executable=str(venv / "bin" / "python"), runner=_runner(env, what, venv)
    )


def _asked_for(builder: build.ProjectBuilder, venv: Path, source: Path) -> set[str]:
    """What the backend needs in addition; remembered, since asking is as slow as building."""
    files = (source / name for name in CONFIGURATION)
    digests = (cache.sha256(path) if path.is_file() else "" for path in files)
    memo = venv.parent.with_name(f"asks-{cache.key(venv.parent.name, *digests)}")
    try:
        return set(json.loads(memo.read_bytes()))
    except (OSError, ValueError):
        pass
    asked = builder.get_requires_for_build("wheel")
    cache.keep(memo, json.dumps(sorted(asked)).encode())
    return asked


def _runner(env: Mapping[str, str], what: str, venv: Path | None = None) -> Callable[..., None]:
    path = {"PATH": f"{venv / 'bin'}:{command.path()}"} if venv else {}
    seen = seen_by_backends(env.get(resolver_environment.BUILD_ENV, "").split())
    # How an index is reached, with what login, is for pex to know, which fetches.
    own = {name: text for name, text in env.items() if not name.startswith(("PIP_", "RELFORGE_"))}

    def run(
        cmd: Sequence[str],
        cwd: str | None = None,
        extra_environ: Mapping[str, str] | None = None,
    ) -> None:
        command.run(
            cmd,
            what=what,
            cwd=Path(cwd) if cwd else None,
            env={**own, **path, **(extra_environ or {})},
            base=seen,
            hint=HINT,
            shown=SHOWN,
            called="the build backend",
        )

    return run
