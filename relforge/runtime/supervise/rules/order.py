"""In which order services start: those first that others depend on."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from ..specs import Spec


def runs_once(spec: Spec) -> bool:
    """May there be only one at a time?

    A program that is asked whether it is ready owns its socket: beside the old
    one it could not listen, and the old one would answer for it.
    """
    return spec.singleton or isinstance(spec.ready, dict)


def sequence(specs: list[Spec], once: Collection[str]) -> list[Spec]:
    """Those first that others depend on; at the end what may run once, and who depends on that."""
    late = set(once)
    rows = in_order(specs)
    for spec in rows:
        if late & {*spec.depends}:
            late.add(spec.name)
    return sorted(rows, key=lambda spec: spec.name in late)


def in_order(rows: list[Spec]) -> list[Spec]:
    """Those first that others depend on, else as they were; the builder has seen to cycles."""
    found: list[Spec] = []

    def add(spec: Spec) -> None:
        if spec not in found:
            for row in rows:
                if row.name in spec.depends:
                    add(row)
            found.append(spec)

    for spec in rows:
        add(spec)
    return found
