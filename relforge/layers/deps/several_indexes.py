"""Packages that more than one index has: what is the same project on each, and what is not."""

from __future__ import annotations

from collections.abc import Iterable

from packaging.requirements import Requirement

from relforge.layers.deps.index_binding import Shared
from relforge.layers.deps.pins import Pin
from relforge.layers.deps.resolver_question import Question
from relforge.support.errors import UserError


def of_pins(question: Question, pins: Iterable[Pin]) -> tuple[Shared, ...]:
    """Of what an index was asked for."""
    return of_names((pin.name for pin in pins if pin.source is None), question)


def of_names(names: Iterable[str], question: Question) -> tuple[Shared, ...]:
    """Of these names; none where there is one index."""
    if sum(not index.packages for index in question.places.indexes) < 2:
        return ()
    # Late: it is slow to import, as all is that asks a server.
    from relforge.layers.deps import shared_names  # noqa: PLC0415 - slow to import, seldom needed

    return shared_names.on_several(names, question.places)


def mirror_each_other(question: Question) -> bool:
    """Whether there are several indexes, and what is asked for is the same project on each."""
    if sum(not index.packages for index in question.places.indexes) < 2:
        return False
    names = (row.name for row in map(Requirement, question.requirements) if not row.url)
    return all(row.is_mirrored for row in of_names(names, question))


def refuse_other_projects(several: Iterable[Shared]) -> None:
    """Refuse an answer of all indexes that may have taken a project for another of its name."""
    for row in several:
        if not row.is_mirrored:
            first, second = (index.name or index.url for index in row.indexes[:2])
            raise UserError(
                f"resolving the dependencies: {row.name} is on {first} and on {second}, with "
                "different files, and the first does not have every required version",
                hint=f'bind it to one: packages = ["{row.name}"] in `indexes` of the settings',
            )
