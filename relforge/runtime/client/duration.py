"""A duration as people read it."""

from __future__ import annotations


def shown(seconds: float) -> str:
    """The two largest units: ``3d 4h``, ``5m 12s``, ``8s``."""
    left = int(seconds)
    words: list[str] = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        if left >= size or (unit == "s" and not words):
            words.append(f"{left // size}{unit}")
            left %= size
    return " ".join(words[:2])
