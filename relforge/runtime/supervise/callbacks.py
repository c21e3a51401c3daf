"""What the modules at the edge are given: how they report, and how they wait for a child."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .rules.values import Value

    # ``post(event)``: something has happened.
    Post = Callable[[Value], None]
    # ``watch(pid, ended)``: call ``ended(wait status)`` when this child of ours is gone.
    Watch = Callable[[int, Callable[[int], None]], None]
