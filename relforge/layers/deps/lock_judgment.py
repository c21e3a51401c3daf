"""Whether the packages of a lock fit together, and whether they are the ones that were meant."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from relforge.layers.deps import consistency, wheel_metadata
from relforge.layers.deps.consistency import Distribution
from relforge.layers.deps.direct_requirements import wanted
from relforge.layers.deps.index_binding import Shared
from relforge.layers.deps.lock_request import LockRequest
from relforge.layers.deps.pins import Pin
from relforge.support import masking
from relforge.support.errors import UserError

log = logging.getLogger("relforge.layers.deps")


def distributions(pins: Iterable[Pin], asked: Iterable[Distribution] = ()) -> list[Distribution]:
    """What these packages are; ``asked`` is what a resolver said of them."""
    known = {row.name: row for row in asked}
    return [
        known.get(row.name, row) if row.requires is None else row
        for row in wheel_metadata.of_pins(pins)
    ]


def judge(order: LockRequest, there: Iterable[Distribution], what: str, hint: str = "") -> None:
    """Hold packages against what asks for them; raises UserError where one is missing."""
    direct = tuple(wanted(order.project, order.settings))
    allowed = order.settings.check.allow
    found = [
        row
        for row in consistency.problems(direct, there, order.platform)
        if not row.is_allowed(allowed)
    ]
    for row in found:
        if not row.is_error:
            log.warning("%s", row.message)
    errors = [row for row in found if row.is_error]
    if errors:
        listed = "".join(f"\n    {row.message}" for row in errors)
        passed = ", ".join(f'"{consistency.RULE}:{row.subject}"' for row in errors[:3])
        raise UserError(
            f"{what}:{listed}", hint=hint or f"if that is intended: check.allow = [{passed}]"
        )


def warn_of_shared_names(several: Iterable[Shared]) -> None:
    """Name the packages that are other projects on other indexes, and both indexes."""
    for row in several:
        if row.is_mirrored:
            continue
        shown = " and ".join(
            f"{index.name} ({masking.bare(index.url)})" if index.name else masking.bare(index.url)
            for index in row.indexes
        )
        log.warning(
            "%s is on %s, with different files; the first is used: if that is intended, bind it "
            'with packages = ["%s"] in `indexes`',
            *(row.name, shown, row.name),
        )
