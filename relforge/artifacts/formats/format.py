"""What a format is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from relforge.model.release import Artifact, Release


def _nothing(_release: Release) -> tuple[str, ...]:
    """There is nothing to do, and nothing to report."""
    return ()


class Damaged(Exception):
    """Something in the cache is not as it was made; it has been removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A kind of artifact.

    ``write`` makes one file or several below ``dist/`` of a checked tree.
    ``next`` says what to do with them: a heading, then lines to type.  ``check``
    raises SettingsError for what is wrong in the settings before anything is
    built, and returns what to print at the end of the build.
    ``prepare`` puts into the cache what ``write`` will take from there.
    """

    write: Callable[[Release], tuple[Artifact, ...]]
    next: Callable[[Release, tuple[Artifact, ...]], tuple[str, ...]]
    check: Callable[[Release], tuple[str, ...]] = _nothing
    prepare: Callable[[Release], object] = _nothing
