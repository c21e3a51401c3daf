"""What a format is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from relforge.release import Artifact, Release


def _nothing(_release: Release) -> None:
    """No settings of this format can be wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A kind of artifact.

    ``write`` makes one file below ``dist/`` of a checked tree.  ``next`` tells
    what to do with it: a heading, then lines to type.  ``check`` raises
    SettingsError for what is wrong in the settings before anything is built.
    """

    write: Callable[[Release], Artifact]
    next: Callable[[Release, Artifact], tuple[str, ...]]
    check: Callable[[Release], None] = _nothing
