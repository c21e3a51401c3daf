"""What a resolver is asked, and what it answers: values only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from relforge.layers.deps.consistency import Distribution
from relforge.layers.deps.index_binding import Shared
from relforge.layers.deps.package_sources import PackageSources
from relforge.layers.deps.pins import Pin
from relforge.layers.deps.platform import Platform

ROUNDS = 8  # of letting pins go that stand in the way, before all of them are


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to be resolved, and the pins of the present lock, which stay where they fit."""

    requirements: tuple[str, ...]
    kept: tuple[Pin, ...]
    python: Path | None  # None: for the target's platform alone
    target: Platform
    places: PackageSources
    root: Path
    constraints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """The pins, and what each package asks for, as far as the resolver says it.

    ``several`` are the packages that more than one index has.
    """

    pins: tuple[Pin, ...]
    asked: tuple[Distribution, ...] = ()
    several: tuple[Shared, ...] = ()
