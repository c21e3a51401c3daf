"""``{ use = "env", prefix = "TICKETD_", map = { PORT = "http.port" } }``."""

from __future__ import annotations

import re

from .. import keys
from ..names import Names, variable
from ..provider import BadOptions, Layer, read_options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..provider import Context

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OURS = ("RELEASE_", "RELFORGE_")


class Variables:
    """Environment variables.

    Where several name one key, the order is: those of ``map`` as listed, then
    those with the prefix by name; the last wins and beats the others visibly.
    """

    def init(self, options: dict[str, Any]) -> dict[str, Any]:
        """Options: ``prefix``, ``map`` of variables to keys; one of them at least."""
        return check_names(read_options(options, {"prefix": (str, ""), "map": (dict, {})}))

    def load(self, state: dict[str, Any], context: Context) -> Layer:
        """Texts, which the schema types; set and empty is a value."""
        return collect(context.environ, state, context, lambda name: f"${name}")

    def ways(self, state: dict[str, Any], key: str) -> list[str]:
        return [f"${name}" for name in variables(state, key)]


def check_names(options: dict[str, Any]) -> dict[str, Any]:
    """The state for `collect`: pairs keep the order in which the user listed them."""
    errors = []
    prefix = options["prefix"]
    if not prefix and not options["map"]:
        errors.append(("", "give a prefix, a map, or both"))
    if prefix and not _NAME.fullmatch(prefix):
        errors.append(("prefix", f"{prefix!r} is no beginning of a variable's name"))
    elif prefix.startswith(_OURS):
        errors.append(("prefix", f"{prefix} belongs to the release itself"))
    for name in options["map"]:
        if not _NAME.fullmatch(name):
            errors.append((f"map.{name}", "no name of a variable"))
    if errors:
        raise BadOptions(errors)
    return {**options, "map": [list(pair) for pair in options["map"].items()]}


def collect(
    environ: dict[str, str],
    state: dict[str, Any],
    context: Context,
    place: Callable[[str], str],
) -> Layer:
    """The settings that these variables make."""
    layer = Layer()
    for name, key in state["map"]:
        if name in environ:
            layer.add(keys.split(key), environ[name], place(name), text=True)
    prefix, names = state["prefix"], Names(context.schema)
    mapped = {name for name, _ in state["map"]}
    for name in sorted(environ) if prefix else ():
        if not name.startswith(prefix) or name in mapped:
            continue
        parts = name[len(prefix) :].split("__")
        if all(parts):
            layer.add(names.path(parts), environ[name], place(name), text=True)
        else:
            layer.errors.append(
                f"{place(name)}: names no key: expected {prefix}TABLE__KEY or {prefix}KEY"
            )
    return layer


def variables(state: dict[str, Any], key: str) -> list[str]:
    """The names under which a key can be set, the strongest first."""
    names = [name for name, target in state["map"] if target == key]
    return [variable(state["prefix"], key), *names] if state["prefix"] else names
