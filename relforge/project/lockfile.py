"""Which file of a project is its lock."""

from __future__ import annotations

from pathlib import Path

NAMES = ("pylock.toml", "uv.lock", "requirements.lock", "requirements.txt")


def find(root: Path, setting: str | None) -> Path | None:
    """The lock that the settings name, or the first of NAMES that is there.

    A ``requirements.txt`` without hashes is no lock.
    """
    if setting is not None:
        return root / setting
    for name in NAMES:
        path = root / name
        if path.is_file() and (name != "requirements.txt" or has_hashes(path)):
            return path
    return None


def has_hashes(path: Path) -> bool:
    """Whether the file is a lock at all, and not a list of wishes."""
    return "--hash" in path.read_text(encoding="utf-8", errors="replace")
