"""What a file of requirements says of indexes, laid over the settings' own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from relforge.layers.deps.package_sources import OLD_PUBLIC, PUBLIC
from relforge.model.spec import Requirements
from relforge.pipeline import lockable
from relforge.project import pyproject, settings


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (PUBLIC, []),
        (f"{OLD_PUBLIC}/", []),  # as old Pipfiles have it
        ("https://packages.example.org/simple", ["https://packages.example.org/simple"]),
    ],
)
def test_the_public_index_is_known_by_both_of_its_addresses(
    tmp_path: Path, index: str, expected: list[str]
) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'shop'\nversion = '1'\n")
    project = pyproject.load(tmp_path)
    merged = settings.lay({"python": {"version": "3.12"}}, "prod")
    typed, _ = settings.read(project, merged, "prod", version="1", lock=None)
    asked = replace(project, requirements=Requirements(source="Pipfile", index=index))
    found = lockable._with_indexes(typed, asked)
    assert expected == [row.url for row in found.packages.indexes]
