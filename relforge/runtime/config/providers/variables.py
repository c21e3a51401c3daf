"""``{ use = "env", prefix = "TICKETD_", map = { PORT = "http.port" } }``."""

from __future__ import annotations

import os
import re
from fnmatch import fnmatchcase

from ...contract.naming import variable
from .. import keys, service_links
from ..names import KeyNames
from ..provider import BadOptions, Failure, Layer, read_options
from .documents import read_text, without_line_end

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..provider import Context

_PATTERN = re.compile(r"[A-Za-z_*][A-Za-z0-9_*]*")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
FILE = "_FILE"  # DATABASE_URL_FILE names a file that holds DATABASE_URL, as Docker's images do
_OURS = ("RELEASE_", "RELFORGE_")


class Variables:
    """Environment variables.

    ``X_FILE`` names a file that holds the value of ``X``; both is an error.  With
    a prefix that needs a schema which has a key for ``X`` and none for ``X_FILE``.
    Of those with the prefix only the ones count whose key the schema knows: the
    others may be the application's own.  Not looked at are those of ``ignore``, in
    which ``*`` stands for anything, and those that Kubernetes sets for a Service.
    Where several name one key, the order is: those of ``map`` as listed, then
    those with the prefix by name; the last wins and beats the others visibly.
    """

    def init(self, options: dict[str, Any]) -> dict[str, Any]:
        """Options: ``prefix``, ``map`` of variables to keys; one of them at least; ``ignore``.

        With ``unset_secrets`` services and hooks do not inherit what sets a secret.
        """
        known: dict[str, tuple[type, Any]] = {"prefix": (str, ""), "map": (dict, {})}
        known |= {"ignore": (list, []), "unset_secrets": (bool, False)}
        state = check_names(read_options(options, known))
        for index, name in enumerate(state["ignore"]):
            if not isinstance(name, str) or not _PATTERN.fullmatch(name):
                raise BadOptions([(f"ignore[{index}]", "expected a name such as SHOP_OLD_*")])
        return state

    def load(self, state: dict[str, Any], context: Context) -> Layer:
        """Texts, which the schema types; set but empty is a value."""
        return collect(context.environ, state, context, lambda name: f"${name}")

    def ways(self, state: dict[str, Any], key: str) -> list[str]:
        return [f"${name}" for name in variables(state, key)]


def check_names(options: dict[str, Any]) -> dict[str, Any]:
    """The state for `collect`: pairs keep the user's order; raises BadOptions."""
    errors = []
    prefix = options["prefix"]
    if not prefix and not options["map"]:
        errors.append(("", "give a prefix, a map, or both"))
    if prefix and not _NAME.fullmatch(prefix):
        errors.append(("prefix", f"{prefix!r} is not a valid prefix of a variable's name"))
    elif prefix.startswith(_OURS):
        errors.append(("prefix", f"{prefix} belongs to the release itself"))
    for name in options["map"]:
        if not _NAME.fullmatch(name):
            errors.append((f"map.{name}", "not the name of a variable"))
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
    found = _Found(environ, context, place)
    mapped = [name for name, _ in state["map"]]
    for name, key in state["map"]:
        found.take(name, keys.split(key), with_file=f"{name}{FILE}" not in mapped)
    taken = {*mapped, *(f"{name}{FILE}" for name in mapped)}
    prefix, names = state["prefix"], KeyNames(context.schema)
    foreign = service_links.names(environ) if prefix else frozenset()
    for given in sorted(environ) if prefix else ():
        if not given.startswith(prefix) or given in taken or given in foreign:
            continue
        if any(fnmatchcase(given, row) for row in state.get("ignore", ())):
            continue
        name, parts = given, given[len(prefix) :].split("__")
        if not all(parts):
            found.layer.errors.append(
                f"{place(name)}: does not name a key: expected {prefix}TABLE__KEY or {prefix}KEY"
            )
            continue
        base = [*parts[:-1], parts[-1].removesuffix(FILE)]
        if base != parts and all(base) and names.knows(base) and not names.knows(parts):
            name, parts = name.removesuffix(FILE), base  # taken with the variable itself
        with_file = names.knows(parts) and not names.knows([*parts[:-1], parts[-1] + FILE])
        if name not in taken:
            taken |= {name, f"{name}{FILE}"} if with_file else {name}
            found.take(name, names.path(parts), with_file=with_file, loose=True)
    return found.layer


class _Found:
    """The layer so far; a variable's value, or that of the file which ``..._FILE`` names."""

    def __init__(
        self, environ: dict[str, str], context: Context, place: Callable[[str], str]
    ) -> None:
        self.layer = Layer()
        self._environ = environ
        self._root = context.root
        self._place = place

    def take(
        self, name: str, key: tuple[str, ...], *, with_file: bool, loose: bool = False
    ) -> None:
        file = f"{name}{FILE}"
        in_file = with_file and file in self._environ
        if in_file and name in self._environ:
            self.layer.errors.append(
                f"{keys.show(key)}: {self._place(name)} and {self._place(file)} are both set: "
                "unset one of them"
            )
        elif in_file:
            self._read(file, key)
        elif name in self._environ:
            self.layer.add(key, self._environ[name], self._place(name), text=True)
            self.layer.settings[-1].loose = loose

    def _read(self, file: str, key: tuple[str, ...]) -> None:
        path = self._environ[file]
        if not path:
            self.layer.errors.append(f"{self._place(file)} is set but empty")
            return
        try:
            text = read_text(os.path.join(self._root, path), optional=False) or ""
        except Failure as error:
            self.layer.errors.append(f"{self._place(file)}: {error}")
            return
        place = f"{self._place(file)} {path}"
        self.layer.add(key, without_line_end(text), place, text=True, secret=True)


def variables(state: dict[str, Any], key: str) -> list[str]:
    """The names under which a key can be set, the strongest first."""
    names = [name for name, target in state["map"] if target == key]
    return [variable(state["prefix"], key), *names] if state["prefix"] else names
