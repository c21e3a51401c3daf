"""``${http.port}`` in the settings of what is run: services, commands, hooks."""

from __future__ import annotations

import os

from ..contract import reference
from ..contract.wrong import Wrong
from ..errors import CONFIG, Refusal
from . import export, keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def expand(text: str, values: dict[str, Any], where: str) -> str:
    """The text with the values of these keys put in.

    Raises Refusal (78) that names ``where`` for a key that is not set or is no
    single value.
    """
    try:
        return reference.put(text, lambda key: _text(key, values, where))
    except Wrong as wrong:
        raise Refusal(f"{where}: {text!r}: {wrong}", hint=wrong.hint, code=CONFIG) from None


def filled(setting: Any, values: dict[str, Any], where: str) -> Any:
    """The value of a setting with this put into each text inside; raises Refusal as `expand`."""
    return reference.change(setting, where, lambda text, place: expand(text, values, place))


def typed(setting: Any, values: dict[str, Any], where: str) -> Any:
    """As `filled`, but a text that is one ``${key}`` and no more becomes the value itself."""
    if isinstance(setting, dict):
        return {name: typed(row, values, f"{where}.{name}") for name, row in setting.items()}
    if isinstance(setting, list | tuple):
        return [typed(row, values, f"{where}[{index}]") for index, row in enumerate(setting)]
    if not isinstance(setting, str):
        return setting
    text = expand(setting, values, where)
    key = setting[2:-1]
    alone = setting == f"${{{key}}}" and "}" not in key
    return keys.lookup(values, key) if alone else text


def with_release(values: dict[str, Any], *, root: str, state: str) -> dict[str, Any]:
    """The values, and the directories of the release: ``${release.root}``."""
    own = values.get("release")
    directories = {"root": root, "app": os.path.join(root, "app"), "state": state}
    return {**values, "release": {**(own if isinstance(own, dict) else {}), **directories}}


def _text(key: str, values: dict[str, Any], where: str) -> str:
    value = keys.lookup(values, key)
    if value is keys.MISSING or value is None:
        known = (keys.show(path) for path, _ in keys.leaves(values))
        near = keys.nearest(key, known)
        raise Refusal(f"{where}: ${{{key}}} is not set{near}", code=CONFIG)
    if isinstance(value, (dict, list)):
        kind = "table" if isinstance(value, dict) else "list"
        raise Refusal(f"{where}: ${{{key}}} is a {kind}, not a single value", code=CONFIG)
    return export.text(value)
