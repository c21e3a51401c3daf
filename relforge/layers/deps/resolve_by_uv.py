"""Resolving by uv, which knows the indexes that packages are bound to."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from pathlib import Path

from packaging.requirements import Requirement

from relforge.layers.deps import index_binding, pylock, pylock_text, several_indexes, uv
from relforge.layers.deps.index_binding import Binding
from relforge.layers.deps.pins import Lock
from relforge.layers.deps.resolver_question import ROUNDS, Question, Resolution
from relforge.model import python_version
from relforge.support.errors import UserError

log = logging.getLogger("relforge.layers.deps")

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9]")


def resolve(question: Question, made: Path) -> Resolution:
    """By the first index that has a package; where that fails, by all that mirror each other."""
    binding, any_index = _binding(question), False
    for _ in range(ROUNDS):
        try:
            found = _ask_uv(question, made, binding, any_index=any_index)
        except UserError as refusal:
            # What is not asked for directly is not looked for at the index that it is bound to.
            named = index_binding.of_names(question.places, NAME.findall(refusal.message)).names
            if binding is not None and named.keys() - binding.names.keys():
                binding = replace(binding, names={**binding.names, **named})
            elif any_index or not several_indexes.mirror_each_other(question):
                raise
            else:
                log.info("no solution with the first index of each package; trying all indexes")
                any_index = True
            continue
        better = binding and index_binding.settled(binding, found.pins, question.places)
        if better is None:
            several = several_indexes.of_pins(question, found.pins)
            if any_index:
                several_indexes.refuse_other_projects(several)
            return Resolution(pins=found.pins, several=several)
        binding = better
    raise UserError(
        "resolving the dependencies: no solution with the indexes that packages are bound to",
        hint="check `packages` in `indexes` of the settings",
    )


def _binding(question: Question) -> Binding | None:
    """What is asked for directly, by the index that it is bound to; None without any binding."""
    if not any(index.packages for index in question.places.indexes):
        return None
    rows = map(Requirement, question.requirements)
    return index_binding.of_names(question.places, (row.name for row in rows if not row.url))


def _ask_uv(question: Question, made: Path, binding: Binding | None, *, any_index: bool) -> Lock:
    made.unlink(missing_ok=True)
    if question.kept:
        short = python_version.short(question.target.spelled)
        made.write_text(pylock_text.render(question.kept, short, made.parent), encoding="utf-8")
    uv.lock(
        *(question.requirements, question.python, question.target),
        *(question.places, question.root, made),
        constraints=question.constraints,
        binding=binding,
        any_index=any_index,
    )
    return pylock.read(made)
