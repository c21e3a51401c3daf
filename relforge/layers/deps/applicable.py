"""Which pins apply to the target, and which markers of theirs still ask something."""

from __future__ import annotations

import re
from collections.abc import Iterable

from packaging.markers import Marker

from relforge.layers.deps.markers import holds
from relforge.layers.deps.pins import Pin
from relforge.layers.deps.platform import Platform

UNSETTLED = re.compile(r"python_full_version|implementation_version|platform_(machine|rel|ver)")
MACHINES = ("x86_64", "aarch64")


def applies(pin: Pin, target: Platform) -> bool:
    """Whether it may apply to a Linux: to the target, or to any other machine."""
    machines = {*MACHINES, target.machine}
    return any(
        holds(pin.marker, {**target.markers, "platform_machine": machine}, pin.where)
        for machine in machines
    )


def open_marker(pin: Pin, target: Platform) -> Marker | None:
    """The marker, unless all that it asks for is settled by the lock itself.

    That is for one minor version of CPython on Linux: what holds for its first
    and its last patch on every machine needs no marker.
    """
    marker = pin.marker
    if marker is None or not UNSETTLED.search(str(marker)):
        return None
    minor = ".".join(target.python.split(".")[:2])
    everywhere = (
        {**target.markers, "platform_machine": machine, name: version, "python_version": minor}
        for machine in (*MACHINES, target.machine, "other")
        for version in (f"{minor}.0", f"{minor}.999")
        for name in ("python_full_version", "implementation_version")
    )
    return None if all(holds(marker, row, pin.where) for row in everywhere) else marker


def applying(pins: Iterable[Pin], target: Platform) -> tuple[Pin, ...]:
    """Those that apply to the target itself."""
    return tuple(pin for pin in pins if holds(pin.marker, target.markers, pin.where))
