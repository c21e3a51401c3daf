"""Where what is added contradicts the lock that it comes on top of: an error that names both."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from relforge.layers.deps.pins import Pin
from relforge.project import lockfile
from relforge.support.errors import UserError

Rows = Iterable[tuple[str, str]]
PINNED = re.compile(r"([A-Za-z0-9][\w.-]*)==[^\s,;()]*[\w*]")
# ``click>=7,<9`` as uv says it, ``click<9 and >=7`` as pip does.
NEEDED = re.compile(
    r"depends? on (?P<name>[A-Za-z0-9][\w.-]*)"
    r"(?P<versions>(?:(?:,| and|\s)*[<>=!~]+\s*[\w.*+!]+)+)"
)


def refuse(base: Path, rows: Rows, there: Iterable[Pin]) -> None:
    """Raise UserError where an added requirement excludes the version that is locked."""
    known = {pin.name: pin for pin in there}
    for where, text in rows:
        row = Requirement(text)
        pin = known.get(canonicalize_name(row.name))
        if pin is None or pin.source or row.specifier.contains(pin.version, prereleases=True):
            continue
        raise UserError(
            f"{where}: `{text}` conflicts with {base.name}, which has {pin} ({pin.where})",
            hint=_hint(base, pin.name),
        )


def explain(error: UserError, base: Path, rows: Rows, there: Iterable[Pin]) -> UserError:
    """The error of a resolver, which names what is added and what that contradicts.

    It is as it was where no locked version has to do with it.
    """
    text = error.message
    pin = _in_the_way(text, {pin.name: pin for pin in there})
    if pin is None:
        return error
    asked = list(rows)
    words = {canonicalize_name(word) for word in re.findall(r"[A-Za-z0-9][\w.-]*", text)}
    meant = [row for row in asked if canonicalize_name(Requirement(row[1]).name) in words] or asked
    where, wanted = meant[0]
    return UserError(
        f"{where}: `{wanted}` conflicts with {base.name}, which has {pin} ({pin.where})\n{text}",
        hint=_hint(base, pin.name),
    )


def _in_the_way(text: str, known: Mapping[str, Pin]) -> Pin | None:
    """The locked package that a resolver's words exclude, or else one that they name."""
    for row in NEEDED.finditer(text):
        pin = known.get(canonicalize_name(row["name"]))
        if pin is not None and not _allows(row["versions"], pin):
            return pin
    named = (known.get(canonicalize_name(name)) for name in PINNED.findall(text))
    return next((pin for pin in named if pin is not None and str(pin) in text), None)


def _allows(versions: str, pin: Pin) -> bool:
    try:
        wanted = SpecifierSet(re.sub(r" and |,\s*", ",", versions))
    except InvalidSpecifier:
        return True  # the resolver's own words are shown in any case
    return wanted.contains(pin.version, prereleases=True)


def _hint(base: Path, name: str) -> str:
    command = lockfile.change(base, name)
    return (
        f"require another version, or lock another {name} in {base.name}"
        + (f": {command}" if command else "")
        + "; or replace that lockfile: relforge lock --output pylock.toml"
    )
