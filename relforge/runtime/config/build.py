"""What the builder asks inside the staged tree: are providers, schema and exports right?

``boot_app.py providers``: the manifest's ``config`` as JSON on stdin (without
states), an answer on stdout.  Providers are asked for their state and are never
made to load.
"""

from __future__ import annotations

import json
import os
import re
import sys

from ..contract.tables import FORMS
from . import keys, providers, schema
from .export import form_of, key_of
from .provider import BadOptions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Errors = list[dict[str, str]]

WHERE = "tool.relforge.config"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OURS = ("RELEASE_", "RELFORGE_")


def main(argv: list[str]) -> int:
    """Answer one question; errors are part of the answer, the status stays 0."""
    question = json.load(sys.stdin)
    answer = os.dup(1)
    os.dup2(2, 1)  # what the application prints while it is imported is not an answer
    result = check(question)
    with open(answer, "w", encoding="utf-8") as file:
        file.write(json.dumps(result) + "\n")
    return 0


def check(question: dict[str, Any]) -> dict[str, Any]:
    """The manifest's ``providers`` and ``schema``, and ``"errors": [{"path", "message"}]``."""
    errors: Errors = []
    rows = question.get("providers", [])
    found = [_init(index, row, errors) for index, row in enumerate(rows)]
    known = _schema(question, errors)
    strict = question.get("strict", True)
    wrong = [] if question.get("model") else schema.check(known, strict=strict)
    errors += [{"path": path, "message": message} for path, message in wrong]
    _check_export(question.get("export", {}), known, errors, strict=strict)
    if strict and known:
        for index, row in enumerate(rows):
            _check_map(index, row["options"], known, errors)
    return {
        "schema": known,
        "providers": [{**row, **more} for row, more in zip(rows, found, strict=True)],
        "errors": errors,
    }


def _schema(question: dict[str, Any], errors: Errors) -> dict[str, Any]:
    """The rows of the schema, or of the model that stands in its place."""
    known: dict[str, Any] = question.get("schema", {})
    target, path = question.get("model", ""), f"{WHERE}.model"
    if not target:
        return known
    if known:
        message = "declare the keys in the model or in `config.schema`, not in both"
        errors.append({"path": path, "message": message})
        return known
    from . import model

    try:
        return model.rows(model.find(target))
    except ValueError as error:
        errors.append({"path": path, "message": str(error)})
    except BaseException as error:
        from .trace import of_user

        message = f"{target} cannot be imported:\n{of_user(error)}"
        errors.append({"path": path, "message": message})
    return {}


def _init(index: int, row: dict[str, Any], errors: Errors) -> dict[str, Any]:
    use, path = row["use"], f"{WHERE}.providers[{index}]"
    try:
        found = providers.prepare(use, row["options"])
    except BadOptions as error:
        for name, message in error.rows:
            errors.append({"path": f"{path}.{name}" if name else path, "message": message})
    except ValueError as error:  # the protocol's way to say what is wrong
        errors.append({"path": path, "message": f"{use}: {error}"})
    except BaseException as error:
        from .trace import of_user

        errors.append({"path": path, "message": f"{use} cannot be used:\n{of_user(error)}"})
    else:
        return {**found, "state": _plain(use, path, found["state"], errors)}
    return {}


def _plain(use: str, path: str, state: Any, errors: Errors) -> Any:
    """The state as the manifest will hold it; anything that JSON would change is refused."""
    try:
        same = json.loads(json.dumps(state))
    except (TypeError, ValueError) as error:
        message = f"{use}: init() must return plain data (what JSON can hold): {error}"
        errors.append({"path": path, "message": message})
        return None
    return same


def _check_export(
    export: dict[str, Any], known: dict[str, Any], errors: Errors, *, strict: bool
) -> None:
    for variable, setting in export.items():
        path, key = f"{WHERE}.export.{variable}", key_of(setting)
        row = known.get(key)
        types = FORMS.get(form_of(setting), ())
        if row is not None and types and row.get("type", "str") not in types:
            message = f"is for the type {types[0]}, but {key} is {row.get('type', 'str')}"
            errors.append({"path": f"{path}.as", "message": f"{form_of(setting)!r} {message}"})
        if not _VARIABLE.fullmatch(variable):
            errors.append({"path": path, "message": "not the name of a variable"})
        elif variable.startswith(_OURS):
            errors.append({"path": path, "message": "this variable belongs to the release itself"})
        if strict and known and not _is_known(key, known):
            near = keys.nearest(key, known)
            errors.append({"path": path, "message": f"the schema has no key {key!r}{near}"})


def _check_map(index: int, options: dict[str, Any], known: dict[str, Any], errors: Errors) -> None:
    names = options.get("map")
    for variable, key in names.items() if isinstance(names, dict) else ():
        if isinstance(key, str) and not _is_known(key, known):
            near = keys.nearest(key, known)
            path = f"{WHERE}.providers[{index}].map.{variable}"
            errors.append({"path": path, "message": f"the schema has no key {key!r}{near}"})


def _is_known(key: str, known: dict[str, Any]) -> bool:
    """Whether the schema has the key, or a table that may hold it."""
    path = keys.split(key)
    tables = (".".join(path[:size]) for size in range(1, len(path)))
    return key in known or any(known.get(name, {}).get("type") == "table" for name in tables)
