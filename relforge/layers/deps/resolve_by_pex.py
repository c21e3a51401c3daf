"""Resolving by pex: it takes constraints, no preferences, and the newest of any index."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from relforge.layers.deps import pex, pylock, several_indexes
from relforge.layers.deps.consistency import Distribution
from relforge.layers.deps.pex_errors import PexError
from relforge.layers.deps.pins import Pin
from relforge.layers.deps.resolver_question import ROUNDS, Question, Resolution
from relforge.model.spec import Index

log = logging.getLogger("relforge.layers.deps")

IN_THE_WAY = re.compile(
    r"(?:The user requested(?: \(constraint\))?|depends on|No matching distribution found for)"
    r" ([A-Za-z0-9._-]+)"
)


def resolve(question: Question, made: Path) -> Resolution:
    """The newest of any index, then of the first that has a package, as uv does it."""
    pins, asked = _ask_pex(question, made, {})
    several = several_indexes.of_pins(question, pins)
    if not several:
        return Resolution(pins=pins, asked=asked)
    first = {row.name: row.indexes[0] for row in several}
    try:
        pins, asked = _ask_pex(question, made, first)
    except PexError:
        log.info("no solution with the first index of each package; trying all indexes")
        first = {row.name: row.indexes[0] for row in several if not row.is_mirrored}
        pins, asked = _ask_pex(question, made, first)
    return Resolution(pins=pins, asked=asked, several=several)


def _ask_pex(
    question: Question, made: Path, first: Mapping[str, Index]
) -> tuple[tuple[Pin, ...], tuple[Distribution, ...]]:
    """pex takes constraints, no preferences: a pin that a conflict names is let go."""
    kept = {pin.name: pin for pin in question.kept if _fits(pin, question)}
    listed = made.with_name("requirements.in")
    listed.write_text("".join(f"{row}\n" for row in question.requirements), encoding="utf-8")
    constraints = made.with_name("constraints.txt")
    for left in reversed(range(ROUNDS)):
        rows = "".join(f"{row}\n" for row in question.constraints) + _constraints(kept.values())
        constraints.write_text(rows, encoding="utf-8")
        try:
            asked = pex.lock(
                *(listed, constraints, question.python, question.target),
                *(question.places, made, first),
            )
            return pylock.read(made).pins, asked
        except PexError as conflict:
            if not kept:
                raise
            said = IN_THE_WAY.findall(conflict.output)
            named = {canonicalize_name(name) for name in said} & kept.keys()
            log.info("these pins have to change: %s", ", ".join(sorted(named)) or "all")
            kept = {name: pin for name, pin in kept.items() if named and left and name not in named}
    raise AssertionError("the last round keeps no pin, so it succeeds or raises")


def _fits(pin: Pin, question: Question) -> bool:
    """Whether the direct requirements let the pin stay."""
    asked = map(Requirement, question.requirements)
    return pin.source is None and all(
        row.specifier.contains(pin.version, prereleases=True)
        for row in asked
        if canonicalize_name(row.name) == pin.name
    )


def _constraints(pins: Iterable[Pin]) -> str:
    return "".join(f"{pin} ; {pin.marker}\n" if pin.marker else f"{pin}\n" for pin in pins)
