"""The name of a package that is in a directory or in a file, read without running anything."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import tomli
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)

SETUP_NAME = re.compile(r"""\bname\s*=\s*["']([A-Za-z0-9][\w.-]*)["']""")


def name(path: Path) -> str:
    """The distribution's name; empty where the files do not say it."""
    return of_file(path.name) if path.is_file() else _of_directory(path)


def of_file(file: str) -> str:
    """The distribution in the name of a wheel or a source archive; else nothing."""
    try:
        if file.endswith(".whl"):
            return parse_wheel_filename(file)[0]
        return parse_sdist_filename(file)[0]
    except (InvalidWheelFilename, InvalidSdistFilename):
        return ""


def _of_directory(path: Path) -> str:
    return _of_pyproject(path) or _of_setup_cfg(path) or _of_setup_py(path)


def _of_pyproject(directory: Path) -> str:
    try:
        data = tomli.loads((directory / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomli.TOMLDecodeError):
        return ""
    poetry = data.get("tool", {}).get("poetry", {})
    return str(data.get("project", {}).get("name") or poetry.get("name") or "")


def _of_setup_cfg(directory: Path) -> str:
    parser = configparser.RawConfigParser()
    try:
        parser.read_string((directory / "setup.cfg").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, configparser.Error):
        return ""
    return parser.get("metadata", "name", fallback="")


def _of_setup_py(directory: Path) -> str:
    try:
        found = SETUP_NAME.search((directory / "setup.py").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return ""
    return found[1] if found else ""
