"""A file in TOML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tomli

from relforge.support.errors import SettingsError


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file; raises SettingsError with file and line."""
    try:
        return tomli.loads(path.read_text(encoding="utf-8-sig"))
    except tomli.TOMLDecodeError as error:
        raise SettingsError(
            f"{path}:{error.lineno}: not valid TOML: {error.msg} (column {error.colno})"
        ) from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: not UTF-8: {error.reason} at byte {error.start}") from None
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None
