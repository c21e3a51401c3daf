"""The configuration where no supervisor gave one: ``bin/python``, a test, a developer's shell.

Inside a release the manifest names the providers; elsewhere the nearest
``pyproject.toml`` (or ``relforge.toml``) upward from the working directory does,
with the tables of the environment and the release laid over as a build does it:
``RELEASE_ENV`` names the environment, which is ``dev`` where it is not set, and
``RELEASE_NAME`` the release, of several.
"""

from __future__ import annotations

import os
import tomllib

from ..contract import manifest
from ..errors import CONFIG, Refusal
from ..settings import Asked, Wrong, lay, releases
from . import problems, providers, schema
from .provider import BadOptions
from .resolve import resolve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

WHERE = "tool.relforge.config"
_KEYS = ("providers", "schema", "model", "export", "strict")


def find(environ: dict[str, str]) -> dict[str, Any]:
    """Run the providers in this process; the result is shaped as the loader's.

    Raises Refusal (78).
    """
    release = manifest.root()
    if os.path.isfile(os.path.join(release, manifest.PATH)):
        found = manifest.load(release)
        root, config, name = release, found["config"], found["name"]
    else:
        name = ""
        root, config = _project(environ)
    outcome = resolve(config, root=root, environ=environ)
    if outcome.problems:
        raise problems.Invalid(outcome.problems, name=name)
    return {
        "values": outcome.values,
        "secrets": outcome.secrets,
        "origins": outcome.origins,
        "environ": outcome.environ,
    }


def _project(environ: dict[str, str]) -> tuple[str, dict[str, Any]]:
    """The project's folder and its configuration, as a manifest would hold it."""
    try:
        folder = os.getcwd()
    except OSError:
        folder = "/"
    start = folder
    while True:
        for name in ("relforge.toml", "pyproject.toml"):
            path = os.path.join(folder, name)
            settings = _settings(path, name)
            if settings is not None:
                return folder, _prepared(path, _laid_over(path, settings, environ))
        if folder == os.path.dirname(folder):
            raise Refusal(
                f"no configuration: there is no [{WHERE}] in a pyproject.toml at or above {start}",
                hint="run from the project's folder, or from a release",
                code=CONFIG,
            )
        folder = os.path.dirname(folder)


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
        tables = [lay(settings, Asked(env, name, **words)).table for name in names]
        found = [table.get("config", {}) for table in tables]
        if any(config != found[0] for config in found):
            lay(settings, Asked(env, None, **words))  # which says that none was named
    except Wrong as wrong:
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
