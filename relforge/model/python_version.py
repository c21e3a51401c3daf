"""Versions of CPython as settings write them: ``3.12``, ``3.12.4``, ``3.14t``, ``3.14.2t``.

A ``t`` at the end is a free-threaded build, which has an ABI, directories and wheels of its own.
"""

from __future__ import annotations

import re

# What relforge and its releases run on, the oldest first, and since when (in seconds since the
# epoch) most packages have wheels for it: some four months after its release.
SUPPORTED = {
    "3.11": 1676592000,
    "3.12": 1706140800,
    "3.13": 1738713600,
    "3.14": 1770249600,
    "3.15": 1801000000,
}
OLDEST = int(next(iter(SUPPORTED)).partition(".")[2])  # of CPython 3
PATTERN = re.compile(r"(3\.\d+)(\.\d+)?(t?)")
THREADED = "t"
THREADED_SINCE = 13


def short(version: str) -> str:
    """``3.14t`` of ``3.14.2t``: what names directories and programs."""
    return minor(version) + (THREADED if is_threaded(version) else "")


def plain(version: str) -> str:
    """``3.14.2`` of ``3.14.2t``: what the interpreter says of itself."""
    return version.removesuffix(THREADED)


def minor(version: str) -> str:
    """``3.14`` of ``3.14.2t``: what packages ask for."""
    return ".".join(plain(version).split(".")[:2])


def number(version: str) -> int:
    """``14`` of ``3.14.2t``."""
    return int(minor(version).partition(".")[2])


def is_threaded(version: str) -> bool:
    """Whether a free-threaded build is meant."""
    return version.endswith(THREADED)


def example(short: str) -> str:
    """One that has three numbers."""
    return spelled(f"{plain(short)}.4", threaded=is_threaded(short))


def spelled(version: str, *, threaded: bool) -> str:
    """As settings write it, of what an interpreter says of itself: its version has no ``t``."""
    return version + (THREADED if threaded else "")


def tag(version: str) -> str:
    """``cp314t`` of ``3.14.2t``: what names the ABI in a wheel's tags."""
    return f"cp{short(version).replace('.', '')}"
