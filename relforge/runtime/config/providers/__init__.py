"""The built-in providers by the word after ``use``, and how a project's own are found."""

from __future__ import annotations

from importlib import import_module

from .. import attempt
from ..keys import nearest
from ..provider import BadOptions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..provider import Provider

BUILT_IN = {
    "aws-secrets": ("aws", "Secrets"),
    "aws-ssm": ("aws", "Parameters"),
    "credentials": ("directory", "Credentials"),
    "defaults": ("defaults", "Defaults"),
    "dotenv": ("dotenv", "Dotenv"),
    "env": ("variables", "Variables"),
    "exec": ("program", "Program"),
    "files": ("directory", "Files"),
    "json": ("json_file", "Json"),
    "python": ("function", "Function"),
    "sops": ("sops", "Sops"),
    "toml": ("toml_file", "Toml"),
    "vault": ("vault", "Vault"),
    "yaml": ("yaml_file", "Yaml"),
}


def find(use: str) -> Provider:
    """The provider of that name, ready to use.

    Raises BadOptions for a name that cannot be one; importing a project's own
    raises whatever its module raises.
    """
    module, colon, attribute = use.partition(":")
    if colon:
        return _own(module, attribute, use)
    if use not in BUILT_IN:
        raise BadOptions([("use", f"no provider {use!r}{_suggest(use)}")])
    module, attribute = BUILT_IN[use]
    built_in: Provider = getattr(import_module(f".{module}", __name__), attribute)()
    return built_in


def prepare(use: str, options: dict[str, Any]) -> dict[str, Any]:
    """What the manifest holds of a provider: ``{"state", "timeout", "retries"}``.

    Raises BadOptions, and whatever the ``init`` of a project's own does.
    """
    terms = attempt.terms(options, find(use))
    own = {name: value for name, value in options.items() if name not in attempt.OPTIONS}
    return {"state": init(use, own), "timeout": terms.timeout, "retries": terms.retries}


def init(use: str, options: dict[str, Any]) -> Any:
    """The provider's state; without an ``init`` that is the options themselves."""
    step = getattr(find(use), "init", None)
    return options if step is None else step(options)


def _own(module: str, attribute: str, use: str) -> Provider:
    found: Any = import_module(module)
    for name in attribute.split("."):
        if not hasattr(found, name):
            near = nearest(name, (row for row in vars(found) if not row.startswith("_")))
            raise BadOptions([("use", f"{use}: {module} has no {name}{near}")])
        found = getattr(found, name)
    provider: Provider = found() if isinstance(found, type) else found
    if not callable(getattr(provider, "load", None)):
        raise BadOptions([("use", f"{use}: a provider needs a method load(state, context)")])
    return provider


def _suggest(use: str) -> str:
    return nearest(use, BUILT_IN) or (
        f"; built in are {', '.join(sorted(BUILT_IN))}, the project's own is package.module:Class"
    )
