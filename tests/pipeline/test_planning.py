"""What planning says of a project before anything is built."""

from __future__ import annotations

from pathlib import Path

import pytest

from relforge.pipeline.lockable import lockable
from tests.pythons import OWN

PROJECT = f"""
[project]
name = "shop"
version = "1.0"
dependencies = [%s]
[dependency-groups]
dev = ["Relforge>=0.1"]
[tool.relforge]
python = {{ version = "{OWN}" }}
"""


@pytest.mark.process
@pytest.mark.parametrize(
    ("dependencies", "more", "where"),
    [
        ("\"relforge[uv]>=0.1; python_version > '3'\"", "", "project.dependencies[0]"),
        ("", 'dependencies.groups = ["dev"]', "dependency-groups.dev"),
        ("", 'requirements = ["needed.txt"]', "needed.txt:1"),
        ('"relforge-runtime", "flask"', "", None),
        ("", "", None),
    ],
)
def test_p58_the_builder_among_the_dependencies_is_a_warning(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    dependencies: str,
    more: str,
    where: str | None,
) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text(PROJECT % dependencies + more)
    (tmp_path / "needed.txt").write_text("relforge\n")
    caplog.set_level("WARNING", "relforge.pipeline.builder_requirement")

    lockable(tmp_path, "prod")

    begin = f"{tmp_path}: {where}: this puts relforge itself, the builder"
    assert [begin] * (where is not None) == [text[: len(begin)] for text in caplog.messages]
    assert all("relforge-runtime" in text for text in caplog.messages)
