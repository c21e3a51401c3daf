"""The configuration where no supervisor gave one: ``bin/python``, a test, a developer's shell.

Inside a release the manifest names the providers.  Elsewhere a ``pyproject.toml``
(or ``relforge.toml``) does: that of ``RELFORGE_PROJECT``, else the nearest upward
from the working directory, from the main script, or from the file that has
imported the configuration, the first that has settings of ours.  The tables of
the environment and the release are laid over as a build does it: ``RELEASE_ENV``
names the environment, which is ``dev`` where it is not set, and ``RELEASE_NAME``
the release, of several.
"""

from __future__ import annotations

import os
import sys
import tomllib

from ..contract import manifest
from ..errors import CONFIG, Refusal
from ..settings import Selection, WrongSettings, lay, releases
from . import problems, providers, schema
from .provider import BadOptions
from .resolve import resolve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

PROJECT = "RELFORGE_PROJECT"  # the project's directory
WHERE = "tool.relforge.config"
_KEYS = ("providers", "schema", "model", "export", "strict")


def find(environ: dict[str, str], importers: Sequence[str] = ()) -> dict[str, Any]:
    """Run the providers in this process; the result is shaped as the loader's.

    ``importers`` are the files that have imported the configuration.
    Raises Refusal (78).
    """
    release = manifest.root()
    if os.path.isfile(os.path.join(release, manifest.PATH)):
        found = manifest.load(release)
        root, config, name = release, found["config"], found["name"]
    else:
        name = ""
        root, config = _project(environ, importers)
    outcome = resolve(config, root=root, environ=environ)
    if outcome.problems:
        raise problems.Invalid(outcome.problems, name=name)
    return {
        "values": outcome.values,
        "secrets": outcome.secrets,
        "origins": outcome.origins,
        "environ": outcome.environ,
    }


def _project(environ: dict[str, str], importers: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """The project's directory and its configuration, as a manifest would hold it."""
    given = environ.get(PROJECT)
    if given:
        return _given(os.path.abspath(given), environ)
    starts = list(dict.fromkeys(_starts(importers)))
    for start in starts:
        for directory in _upward(start):
            found = _at(directory, environ)
            if found is not None:
                return found
    more = "".join(f", nor at or above {start}" for start in starts[1:])
    raise Refusal(
        f"no configuration: no [{WHERE}] in a pyproject.toml at or above {starts[0]}{more}",
        hint=f"run from the project's directory, or set {PROJECT} to it",
        code=CONFIG,
    )


def _given(directory: str, environ: dict[str, str]) -> tuple[str, dict[str, Any]]:
    found = _at(directory, environ)
    if found is None:
        raise Refusal(
            f"{PROJECT}={directory}: no pyproject.toml with [{WHERE}]",
            hint="set it to the directory of the project's pyproject.toml, or unset it",
            code=CONFIG,
        )
    return found


def _starts(importers: Sequence[str]) -> Iterator[str]:
    """Directories from which a project is looked for, each upward: the first one found counts."""
    try:
        yield os.getcwd()
    except OSError:
        yield "/"
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    for file in ([main] if main else []) + list(importers):
        if os.path.isfile(file):
            yield os.path.dirname(os.path.realpath(file))


def _upward(directory: str) -> Iterator[str]:
    while True:
        yield directory
        above = os.path.dirname(directory)
        if above == directory:
            return
        directory = above


def _at(directory: str, environ: dict[str, str]) -> tuple[str, dict[str, Any]] | None:
    """The configuration of the project in this very directory, None where it has none of ours."""
    for name in ("relforge.toml", "pyproject.toml"):
        path = os.path.join(directory, name)
        settings = _settings(path, name)
        if settings is not None:
            return directory, _prepared(path, _laid_over(path, settings, environ))
    return None


def _settings(path: str, name: str) -> dict[str, Any] | None:
    """The settings of a file, None where it has none of ours."""
    try:
        with open(path, "rb") as file:
            document: dict[str, Any] = tomllib.load(file)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None
    except (OSError, ValueError) as error:
        raise Refusal(f"{path}: {error}", code=CONFIG) from None
    found: Any = document
    if name == "pyproject.toml":
        found = document.get("tool", {}).get("relforge")
    return found if isinstance(found, dict) else None


def _laid_over(path: str, settings: dict[str, Any], environ: dict[str, str]) -> dict[str, Any]:
    """``config`` as the build of that environment and release has it; raises Refusal (78).

    Of several releases none need be named where their configuration is the same.
    """
    env = environ.get("RELEASE_ENV") or "dev"
    words = {"env_word": "RELEASE_ENV=", "release_words": "as in RELEASE_NAME={0}"}
    try:
        several = releases(settings)
        named = (environ.get("RELEASE_NAME") or None) if several else None
        anyone = bool(several) and named is None and "default" not in settings
        names: list[str | None] = [*several] if anyone else [named]
        tables = [lay(settings, Selection(env, name, **words)).table for name in names]
        found = [table.get("config", {}) for table in tables]
        if any(config != found[0] for config in found):
            lay(settings, Selection(env, None, **words))  # which says that none was named
    except WrongSettings as wrong:
        raise Refusal(f"{path}: {wrong.message}", hint=wrong.hint, code=CONFIG) from None
    if not isinstance(found[0], dict):
        raise Refusal(f"{path}: {WHERE}: expected a table", code=CONFIG)
    return found[0]


def _prepared(path: str, config: dict[str, Any]) -> dict[str, Any]:
    errors = [f"{WHERE}.{name}: unknown key" for name in config if name not in _KEYS]
    wrong = schema.check(config.get("schema", {}), strict=config.get("strict", True))
    errors += [f"{where}: {message}" for where, message in wrong]
    known = config.get("schema", {})
    if config.get("model"):
        from . import model

        try:
            known = model.rows(model.find(config["model"]))
        except Exception as error:
            errors.append(f"{WHERE}.model: {type(error).__name__}: {error}")
    rows = []
    for index, row in enumerate(config.get("providers", [])):
        options = {name: value for name, value in row.items() if name != "use"}
        use = row.get("use", "")
        try:
            rows.append({"use": use, "options": options, **providers.prepare(use, options)})
        except BadOptions as error:
            for name, message in error.rows:
                errors.append(f"{WHERE}.providers[{index}]{name and '.' + name}: {message}")
        except Exception as error:
            errors.append(f"{WHERE}.providers[{index}]: {use}: {type(error).__name__}: {error}")
    if errors:
        raise Refusal("\n".join(f"{path}: {error}" for error in errors), code=CONFIG)
    return {**config, "schema": known, "providers": rows}
