"""The lock beside another tool's: what `dependencies.add` asks for, and that lock does not hold.

    [[packages]]                     what goes in as well, as in any pylock.toml (PEP 751)
    [tool.relforge]
    on-top-of = "uv.lock"
    shared = ["click==8.1.7"]        what of uv.lock it was resolved with

So the two fit together while the shared versions stay as they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from relforge.layers.deps import pylock_text, toml_file
from relforge.layers.deps.pins import Lock, Pin
from relforge.support.errors import UserError

ADVICE = "run: relforge lock"
UNKNOWN = Version("0")  # of what the other lock takes from an address


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedLock:
    """The lock as it was read; ``shared`` are rows such as ``click==8.1.7``."""

    lock: Lock
    shared: tuple[str, ...]


def read(path: Path) -> AddedLock:
    """The lock in that file; raises UserError."""
    # Late: it is slow to import, and few projects have such a lock.
    from relforge.layers.deps import pylock  # noqa: PLC0415 - slow to import, seldom needed

    own = toml_file.read(path, ADVICE).data.get("tool", {}).get("relforge", {})
    shared = own.get("shared") if isinstance(own, dict) else None
    if not isinstance(shared, list):
        raise UserError(
            f"{path}: not a lockfile of `dependencies.add`: it has no `tool.relforge.shared`",
            hint="move it away, or set `dependencies.add_lock` to another file",
        )
    return AddedLock(lock=pylock.read(path), shared=tuple(map(str, shared)))


def render(
    pins: Iterable[Pin], shared: Iterable[Pin], base: str, short: str, directory: Path
) -> str:
    """The text of a lock in that directory on top of the one named ``base``."""
    rows = sorted(row(pin) for pin in shared)
    listed = "".join(f"    {json.dumps(text)},\n" for text in rows)
    return (
        f"{pylock_text.render(pins, short, directory)}\n[tool.relforge]\n"
        f"on-top-of = {json.dumps(base, ensure_ascii=False)}\n"
        f"shared = [\n{listed}]\n"
    )


def row(pin: Pin) -> str:
    """How a package of the other lock is written among the shared ones."""
    has_version = pin.source is None and pin.version != UNKNOWN
    return f"{pin.name}=={pin.version}" if has_version else pin.name


def on_top(
    base: str, there: Sequence[Pin], added: AddedLock, pins: Iterable[Pin]
) -> tuple[Pin, ...]:
    """Those of the other lock, and those that come on top; raises UserError.

    ``pins`` are those of the added lock that apply to the target.
    """
    known = {pin.name: pin for pin in there}
    path = added.lock.path
    for text in added.shared:
        name = text.partition("==")[0]
        found = row(known[name]) if name in known else f"no {name}"
        if found != text:
            raise UserError(
                f"{path}: it was resolved with {text}, but {base} has {found}", hint=ADVICE
            )
    more = tuple(pins)
    for pin in more:
        if pin.name in known and row(known[pin.name]) != row(pin):
            raise UserError(
                f"{path}: it has {pin} ({pin.where}), but {base} has {known[pin.name]} "
                f"({known[pin.name].where})",
                hint=ADVICE,
            )
    return (*there, *(pin for pin in more if pin.name not in known))
