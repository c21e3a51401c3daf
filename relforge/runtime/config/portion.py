"""The part of a configuration that one service is handed: `services.X.config`."""

from __future__ import annotations

from . import keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

ALL = "*"
BELOW = ".*"  # at the end of a table's name; without it a table is meant as well
# With these one reads what the providers read.
CREDENTIALS = frozenset(("VAULT_TOKEN", "VAULT_SECRET_ID", "SOPS_AGE_KEY"))
_OF_AWS = frozenset(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"))
_ASK_AWS = frozenset(("aws-ssm", "aws-secrets", "sops"))


def fits(key: str, wanted: Iterable[str]) -> bool:
    """Whether a key is among the wanted keys, or below one of them."""
    return any(row in (ALL, key) or key.startswith(f"{row.removesuffix(BELOW)}.") for row in wanted)


def of(result: Mapping[str, Any], wanted: Iterable[str]) -> dict[str, Any]:
    """A loader's result without the other keys, and what `export` makes of them."""
    wanted = tuple(wanted)
    values: dict[str, Any] = {}
    for path, value in keys.leaves(result["values"]):
        if fits(keys.show(path), wanted):
            keys.put(values, path, value)
    exported = result["exported"]
    return {
        **result,
        "values": values,
        "secrets": [key for key in result["secrets"] if fits(key, wanted)],
        "origins": {key: rows for key, rows in result["origins"].items() if fits(key, wanted)},
        "environ": {
            name: text for name, text in result["environ"].items() if fits(exported[name], wanted)
        },
        "exported": {name: key for name, key in exported.items() if fits(key, wanted)},
        "variables": {name: key for name, key in result["variables"].items() if fits(key, wanted)},
        "notes": [],
        "part": True,
    }


def hidden(
    result: Mapping[str, Any], wanted: Iterable[str], providers: Iterable[Mapping[str, Any]] = ()
) -> frozenset[str]:
    """The environment variables from which the other keys were read.

    And those by which ``providers``, rows of the manifest, were let in.
    """
    wanted = tuple(wanted)
    others = {name for name, key in result["variables"].items() if not fits(key, wanted)}
    if ALL not in wanted:
        others |= CREDENTIALS
        for row in providers:
            others |= _OF_AWS if row["use"] in _ASK_AWS else frozenset()
            others |= _named_in(row["state"]["auth"]) if row["use"] == "vault" else frozenset()
    return frozenset(others)


def _named_in(auth: Mapping[str, str]) -> frozenset[str]:
    """``X`` of ``secret_id = "${X}"`` in the options of Vault's provider."""
    texts = auth.values()
    return frozenset(text[2:-1] for text in texts if text.startswith("${") and text.endswith("}"))


def unmatched(result: Mapping[str, Any], wanted: Iterable[str]) -> list[str]:
    """Those of the wanted that name nothing that is set."""
    there = [keys.show(path) for path, _ in keys.leaves(result["values"])]
    return [row for row in wanted if row != ALL and not any(fits(key, (row,)) for key in there)]
