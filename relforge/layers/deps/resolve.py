"""Resolving requirements, by uv or by pex."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Literal

from packaging.specifiers import SpecifierSet

from relforge.layers.deps import (
    applicable,
    resolve_by_pex,
    resolve_by_uv,
    uv,
)
from relforge.layers.deps.pins import Pin
from relforge.layers.deps.resolver_question import Question, Resolution
from relforge.support.errors import UserError

log = logging.getLogger("relforge.layers.deps")

# setuptools 82 has it no more, and what was published before asks for any setuptools.
WITH_PKG_RESOURCES = SpecifierSet("<82")


def choose(resolver: Literal["auto", "pex", "uv"]) -> Literal["pex", "uv"]:
    """Who resolves."""
    if resolver == "auto":
        return "uv" if uv.program() else "pex"
    return resolver


def resolve(question: Question, resolver: Literal["pex", "uv"]) -> Resolution:
    """The pins that apply to Linux and the target's Python; raises UserError."""
    if not question.requirements:
        return Resolution(pins=())
    log.info("resolving with %s", resolver)
    ask = resolve_by_uv.resolve if resolver == "uv" else resolve_by_pex.resolve
    with tempfile.TemporaryDirectory(prefix="relforge-lock-") as directory:
        made = Path(directory) / "pylock.toml"
        try:
            found = ask(question, made)
        except UserError as error:
            # Late: it is slow to import, as all is that asks a server.
            from relforge.layers.deps import refusals  # noqa: PLC0415 - seldom needed

            raise refusals.explain(
                error, question.places, question.target, question.constraints
            ) from None
        if lacks_pkg_resources(found.pins):
            found = _with_pkg_resources(question, made, ask) or found
    pins = tuple(
        replace(pin, marker=applicable.open_marker(pin, question.target))
        for pin in found.pins
        if applicable.applies(pin, question.target)
    )
    return replace(found, pins=pins)


def lacks_pkg_resources(pins: Iterable[Pin]) -> bool:
    """Whether the setuptools among them is one that has no module `pkg_resources`."""
    return any(
        pin.name == "setuptools" and not pin.source and pin.version not in WITH_PKG_RESOURCES
        for pin in pins
    )


def _with_pkg_resources(
    question: Question, made: Path, ask: Callable[[Question, Path], Resolution]
) -> Resolution | None:
    """The same with an older setuptools: what asks for one at run time mostly imports the module.

    None where somebody asks for a newer one.
    """
    older = (*question.constraints, f"setuptools{WITH_PKG_RESOURCES}")
    made.unlink(missing_ok=True)
    try:
        found = ask(replace(question, constraints=older), made)
    except UserError:
        return None
    log.info("setuptools%s, the last with pkg_resources", WITH_PKG_RESOURCES)
    return found


def missing_pin(name: str) -> UserError:
    """The error of a package that is to be upgraded and is not in the lock."""
    return UserError(
        f"--upgrade: {name!r} is not in the lockfile",
        hint="to upgrade all: relforge lock --upgrade",
    )
