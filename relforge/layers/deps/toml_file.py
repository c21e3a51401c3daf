"""A lock in TOML as a file: what is in it, and on which line an error's cause stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli
from packaging.markers import InvalidMarker
from packaging.requirements import InvalidRequirement
from packaging.specifiers import InvalidSpecifier
from packaging.version import InvalidVersion

from relforge.support.errors import UserError

# What reading values of an unexpected shape raises.
_UNEXPECTED = (
    *(KeyError, TypeError, AttributeError, ValueError, InvalidMarker, InvalidVersion),
    *(InvalidSpecifier, InvalidRequirement),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TomlFile:
    """Its text and its values; ``advice`` is the next command when it is of no use."""

    path: Path
    text: str
    data: dict[str, Any]
    advice: str

    def line_of_entry(self, table: str, index: int) -> str:
        """``pylock.toml:12``: where that one of an array of tables begins."""
        headers = re.finditer(rf"^\[\[{table}\]\]", self.text, re.MULTILINE)
        starts = [match.start() for match in headers]
        return self._at(starts[index] if index < len(starts) else 0)

    def line_of(self, text: str) -> str:
        """``pylock.toml:37``: where that text stands first, in any case."""
        return self._at(max(self.text.lower().find(text.lower()), 0))

    def refusal(self, where: str, problem: str) -> UserError:
        """The error of something in it."""
        return UserError(f"{self.path.parent / where}: {problem}", hint=self.advice)

    @contextmanager
    def known_format(self, where: str, hint: str) -> Iterator[None]:
        """Turn what a value of an unexpected shape raises into a UserError with that hint."""
        try:
            yield
        except _UNEXPECTED as error:
            refusal = self.refusal(where, f"unknown format: {error!r}")
            refusal.hint = hint
            raise refusal from None

    def _at(self, place: int) -> str:
        line = self.text.count("\n", 0, place) + 1
        return f"{self.path.name}:{line}"


def read(path: Path, advice: str) -> TomlFile:
    """The file; raises UserError with its line."""
    try:
        text = path.read_text(encoding="utf-8")
        return TomlFile(path=path, text=text, data=tomli.loads(text), advice=advice)
    except tomli.TOMLDecodeError as error:
        raise UserError(
            f"{path}:{error.lineno}: not valid TOML: {error.msg} (column {error.colno})",
            hint=advice,
        ) from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8: {error.reason} at byte {error.start}") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from None
