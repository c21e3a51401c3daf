"""One file per secret: Docker and Kubernetes secrets, systemd credentials.

``{ use = "files", path = "/run/secrets", map = { db_password = "db.password" } }``
``{ use = "credentials" }``
"""

from __future__ import annotations

import os

from .. import keys
from ..names import KeyNames
from ..provider import Failure, Layer, read_options
from .documents import read_text, without_line_end

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..provider import Context


class Files:
    """A directory whose files are named by keys: ``db.url`` or ``db__url``."""

    def init(self, options: dict[str, Any]) -> dict[str, Any]:
        """Options: ``path``, ``optional``, ``prefix`` (others are skipped), ``map`` to keys."""
        known: dict[str, tuple[type, Any]] = {
            "path": (str, None),
            "optional": (bool, False),
            "prefix": (str, ""),
            "map": (dict, {}),
        }
        return read_options(options, known, ("path",))

    def load(self, state: dict[str, Any], context: Context) -> Layer:
        """Texts, secret unless the schema says otherwise."""
        path = context.path(state["path"], optional=state["optional"])
        if path is None or (state["optional"] and not os.path.lexists(path)):
            return Layer()
        return collect(path, state, context)

    def ways(self, state: dict[str, Any], key: str) -> list[str]:
        return [f"the file {state['path']}/{name}" for name in _names(state, key)]


class Credentials:
    """systemd's LoadCredential: the directory that $CREDENTIALS_DIRECTORY names, if any."""

    def init(self, options: dict[str, Any]) -> dict[str, Any]:
        """Options: ``prefix`` (others are skipped), ``map`` of names to keys."""
        return read_options(options, {"prefix": (str, ""), "map": (dict, {})})

    def load(self, state: dict[str, Any], context: Context) -> Layer:
        """Texts, secret unless the schema says otherwise; nothing outside of systemd."""
        path = context.environ.get("CREDENTIALS_DIRECTORY")
        if path is None:
            return Layer()
        if not path:
            raise Failure("the variable CREDENTIALS_DIRECTORY is set but empty")
        return collect(path, state, context)

    def ways(self, state: dict[str, Any], key: str) -> list[str]:
        return [f"the credential {name}" for name in _names(state, key)]


def collect(directory: str, state: dict[str, Any], context: Context) -> Layer:
    """A setting for each file, except directories and hidden names such as Kubernetes' ``..data``.

    Raises Failure where the directory cannot be read; for a file, the layer has the error.
    """
    try:
        found = sorted(os.listdir(directory))
    except OSError as error:
        raise Failure(f"{directory}: {error.strerror}") from None
    layer, names = Layer(), KeyNames(context.schema)
    prefix, mapped = state["prefix"], state["map"]
    for name in found:
        path = os.path.join(directory, name)
        if name.startswith(".") or os.path.isdir(path):
            continue
        if name in mapped:
            key = keys.split(mapped[name])
        elif name.startswith(prefix):
            key = names.path(name[len(prefix) :].replace("__", ".").split("."))
        else:
            continue
        try:
            text = read_text(path, optional=False) or ""
        except Failure as error:
            layer.errors.append(str(error))
            continue
        if not all(key):
            layer.errors.append(f"{path}: the name is not a valid key: expected one such as db.url")
            continue
        layer.add(key, without_line_end(text), path, text=True, secret=True)
        layer.settings[-1].loose = bool(prefix) and name not in mapped
    return layer


def _names(state: dict[str, Any], key: str) -> list[str]:
    return [
        *(name for name, target in state["map"].items() if target == key),
        state["prefix"] + key,
    ]
