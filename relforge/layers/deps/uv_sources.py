"""``[tool.uv.sources]``: places of packages that uv alone reads."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from relforge.project.toml_document import read_toml
from relforge.support.errors import UserError


def refuse(root: Path, rows: Iterable[tuple[str, str]]) -> None:
    """Refuse to look on an index for a package that uv is configured to get from elsewhere."""
    file = root / "pyproject.toml"
    data = read_toml(file) if file.is_file() else {}
    sources = data.get("tool", {}).get("uv", {}).get("sources", {})
    elsewhere = {canonicalize_name(name) for name in sources}
    for where, text in rows:
        name = canonicalize_name(Requirement(text).name)
        if name in elsewhere:
            raise UserError(
                f"{where}: tool.uv.sources names the source of {name}, and only uv reads that",
                hint="run: uv lock   (relforge reads uv.lock as it is)",
            )
