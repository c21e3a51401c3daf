"""``config.model = "ticketd.settings:Settings"``: a pydantic model instead of a schema.

pydantic is the application's own; it is imported in the loader, and nowhere
else of ours.  Its errors become problems as all others: key, provider, place.
"""

from __future__ import annotations

import datetime

from . import keys, kinds, libraries, model_schema, problems
from .secret import display

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .judge import Judge
    from .merge import Merged
    from .provider import Setting

    Path = tuple[str, ...]

LIBRARY = ("pydantic", "pydantic", "`model`")
PLACE = "model"  # of the defaults that only the model knows


def find(target: str) -> Any:
    """The model's class; raises ValueError, and whatever importing its module does."""
    from importlib import import_module

    libraries.check(*LIBRARY)
    module, colon, name = target.partition(":")
    if not module or not colon or not name:
        raise ValueError(f"{target!r} is not a class such as package.settings:Settings")
    found: Any = import_module(module)
    for word in name.split("."):
        if not hasattr(found, word):
            near = keys.nearest(word, (row for row in vars(found) if not row.startswith("_")))
            raise ValueError(f"{target}: {module} has no {word}{near}")
        found = getattr(found, word)
    if not isinstance(found, type) or not hasattr(found, "model_json_schema"):
        raise ValueError(f"{target}: expected a class of pydantic's BaseModel")
    if hasattr(found, "settings_customise_sources"):
        raise ValueError(
            f"{target}: a BaseSettings reads variables itself: make it a BaseModel, or use "
            "`relforge.runtime.settings_source` in it, and no `model`"
        )
    return found


def rows(model: Any) -> dict[str, dict[str, Any]]:
    """The model as the rows of a schema."""
    return model_schema.rows(model.model_json_schema())


def validate(
    model: Any, merged: Merged, judge: Judge, ways: Callable[[str], list[str]]
) -> dict[str, Any]:
    """The model's values as JSON can carry them; what is wrong goes to the judge.

    Defaults that only the model knows become settings of the first layer.
    """
    given: dict[str, Any] = {}
    for path, stack in merged.stacks.items():
        setting = stack[-1]
        if path in judge.bad or (setting.provider, setting.place) == ("defaults", "schema"):
            continue
        row = judge.schema.get(keys.show(path), {})
        try:
            keys.put(given, path, _opened(setting, row))
        except kinds.Mismatch as mismatch:
            judge.mismatch(setting, row, str(mismatch))
    from pydantic import ValidationError

    try:
        instance = model.model_validate(given)
    except ValidationError as error:
        name = f"{model.__module__}:{model.__qualname__}"
        for wrong in error.errors(include_url=False, include_context=False, include_input=False):
            _report(wrong, name, merged, judge, ways)
        return merged.values()
    values: dict[str, Any] = {}
    for path, value, secret in _leaves(instance, ()):
        keys.put(values, path, value)
        if secret:
            judge.tainted.add(path)
        if path not in merged.stacks and value is not None and not merged.below(path):
            merged.push(_default(path, value))
    for path, stack in merged.stacks.items():  # what the model does not name
        if judge.row(path) is None:
            keys.put(values, path, stack[-1].value)
    return values


def _opened(setting: Setting, row: dict[str, Any]) -> Any:
    """The value for pydantic: texts as relforge reads them, where it can."""
    kind = row.get("type", "str")
    try:
        if kind == "duration":
            return kinds.typed(setting.value, {"type": kind})
        if setting.text and kind in ("bool", "int", "float", "list", "table"):
            return kinds.text(setting.value, {"type": kind})
    except kinds.Mismatch:
        if kind in ("list", "table"):
            raise
    return setting.value


def _default(path: Path, value: Any) -> Setting:
    from .provider import Setting

    setting = Setting(path, value, PLACE, text=False, secret=False)
    setting.provider = "defaults"
    return setting


def _report(
    row: Any, name: str, merged: Merged, judge: Judge, ways: Callable[[str], list[str]]
) -> None:
    """One of pydantic's errors as a problem, unless that key has one already."""
    path = tuple(part for part in row["loc"] if isinstance(part, str))
    if any(path[:size] in judge.bad for size in range(1, len(path) + 1)):
        return
    if row["type"] == "missing":
        below = [key for key in judge.schema if keys.split(key)[: len(path)] == path]
        needed = [key for key in below if judge.schema[key].get("required")]
        for key in needed or [keys.show(path)]:
            judge.missing(key, judge.schema.get(key, {}), ways(key))
        return
    message = row["msg"][:1].lower() + row["msg"][1:]
    stack = _about(path, merged)
    if stack is None:
        judge.problems.append(problems.row(message, key=keys.show(path), provider=name))
        return
    if not judge.is_secret(stack) and isinstance(stack[-1].value, (str, int, float)):
        message += f", got {display(stack[-1].value)}"
    judge.wrong(_shown(row["loc"]), message, stack[-1])


def _about(path: Path, merged: Merged) -> list[Setting] | None:
    """The settings that an error speaks of: of the key, of a list around it, of one inside."""
    for size in range(len(path), 0, -1):
        if path[:size] in merged.stacks:
            return merged.stacks[path[:size]]
    return next((merged.stacks[inner] for inner in merged.below(path)), None)


def _shown(loc: tuple[Any, ...]) -> str:
    """``cache.hosts[1]``."""
    text = keys.show(part for part in loc if isinstance(part, str))
    return text + "".join(f"[{part}]" for part in loc if isinstance(part, int))


def _leaves(instance: Any, above: Path) -> list[tuple[Path, Any, bool]]:
    """Each value of a model, plain, with its path and whether it is a secret."""
    found: list[tuple[Path, Any, bool]] = []
    fields = type(instance).model_fields
    named = {_name(name, field): getattr(instance, name) for name, field in fields.items()}
    for name, value in {**named, **(instance.model_extra or {})}.items():
        path = (*above, name)
        if hasattr(value, "model_fields_set"):
            found += _leaves(value, path)
        elif isinstance(value, dict) and value:
            for inner, item in keys.leaves(_plain(value), path):
                found.append((inner, item, _holds_secret(value)))
        else:
            found.append((path, _plain(value), _holds_secret(value)))
    return found


def _name(name: str, field: Any) -> str:
    alias = field.validation_alias
    return alias if isinstance(alias, str) else name


def _plain(value: Any) -> Any:
    """As JSON can carry it; a duration in seconds, as the schema's own."""
    from pydantic_core import to_jsonable_python

    if hasattr(value, "get_secret_value"):
        return _plain(value.get_secret_value())
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if hasattr(value, "model_fields_set"):
        nested: dict[str, Any] = {}
        for path, item, _ in _leaves(value, ()):
            keys.put(nested, path, item)
        return nested
    if isinstance(value, dict):
        return {str(_plain(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    return to_jsonable_python(value, fallback=str)


def _holds_secret(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_secret, value.values()))
    if isinstance(value, (list, tuple, set, frozenset)):
        return any(map(_holds_secret, value))
    if hasattr(value, "model_fields_set"):
        return any(secret for _, _, secret in _leaves(value, ()))
    return hasattr(value, "get_secret_value")
