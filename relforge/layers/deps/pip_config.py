"""pip's own configuration: files and ``PIP_*``, as far as it says where packages come from."""

from __future__ import annotations

import configparser
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from relforge.support.errors import UserError

SECTIONS = ("global", "download", "install")


def read(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Options by name (``index-url``), the environment's over the files'; raises UserError."""
    found: dict[str, str] = {}
    for path in _files(environment):
        found.update(_options(path))
    for name, value in environment.items():
        if name.startswith("PIP_") and name != "PIP_CONFIG_FILE":
            found[name.removeprefix("PIP_").lower().replace("_", "-")] = value
    return found


def flag(value: str) -> bool:
    """Whether an option of pip's is switched on."""
    return value.strip().lower() in ("1", "y", "yes", "t", "true", "on")


def _files(environment: Mapping[str, str]) -> Iterator[Path]:
    """The files that there are, the strongest last."""
    named = environment.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return
    home = Path(environment.get("HOME") or Path.home())
    shared = environment.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    own = environment.get("XDG_CONFIG_HOME") or home / ".config"
    places = [Path(directory) / "pip" for directory in reversed(shared.split(":")) if directory]
    places += [Path("/etc"), home / ".pip", Path(own) / "pip", Path(sys.prefix)]
    files = [place / "pip.conf" for place in places]
    yield from (path for path in [*files, *([Path(named)] if named else [])] if path.is_file())


def _options(path: Path) -> Iterator[tuple[str, str]]:
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(path.read_text(encoding="utf-8"), source=str(path))
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        raise UserError(f"{path}: cannot read pip's configuration: {error}") from None
    for section in SECTIONS:
        if parser.has_section(section):
            for name, value in parser.items(section):
                yield name.lower().replace("_", "-").removeprefix("--"), value
