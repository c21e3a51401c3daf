"""Files of a package that its wheel lacks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from relforge.checks import package_data
from relforge.model.release import Finding, Release
from tests.checks import trees

SITE = trees.SITE
SOURCES = (
    "src/shop/__init__.py",
    "src/shop/py.typed",
    "src/shop/templates/a.html",
    "src/shop/templates/b.html",
    "src/shop/migrations/0001.py",
    "src/shop/tests/__init__.py",
    "src/shop/tests/data.json",
    "src/shop/_fast.c",
    "src/shop/front/package.json",
    "src/shop/front/src/a.json",
    "src/shop/.hidden",
    "tests/__init__.py",
    "README.md",
)


def release(root: Path, backend: str, *wheel: str) -> Release:
    files: dict[str, bytes | str] = {f"{SITE}/{name}": "" for name in wheel}
    made = trees.app(root, files, app=None)
    project = made.project.root
    for name in SOURCES:
        place = project / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    (project / "pyproject.toml").write_text(f"[build-system]\nbuild-backend = '{backend}'\n")
    return made


def lacking(rows: list[Finding]) -> set[str]:
    return {row.path for row in rows}


@pytest.mark.process  # git, for the files of the project
@pytest.mark.parametrize(
    ("backend", "hint"),
    [
        ("setuptools.build_meta", '[tool.setuptools.package-data] shop = ["templates/**"]'),
        ("hatchling.build", 'artifacts = ["shop/templates/**"]'),
        ("poetry.core.masonry.api", 'include = [{ path = "shop/templates/**", format = "wheel" }]'),
        ("flit_core.buildapi", "include it in the settings of the build backend"),
    ],
)
def test_templates_that_the_wheel_lacks_are_reported_with_the_line(
    tmp_path: Path, backend: str, hint: str
) -> None:
    """P26: the pages would fail at run time."""
    rows = list(package_data.rule(release(tmp_path, backend, "shop/__init__.py")))
    assert {
        "src/shop/py.typed",
        "src/shop/templates/a.html",
        "src/shop/templates/b.html",
        "src/shop/migrations/0001.py",
    } == lacking(rows)
    (row,) = [row for row in rows if row.path.endswith("/a.html")]
    assert ("warning", "is in the package but not in its wheel") == (row.severity, row.message)
    assert hint in row.hint


@pytest.mark.process
def test_what_the_wheel_has_is_no_finding(tmp_path: Path) -> None:
    """P26; bytecode stands for its source."""
    wheel = [name.removeprefix("src/") for name in SOURCES if "/shop/" in name]
    wheel[0] = "shop/__init__.pyc"
    assert [] == list(package_data.rule(release(tmp_path, "hatchling.build", *wheel)))


@pytest.mark.process
def test_a_release_of_source_trees_has_no_wheel(tmp_path: Path) -> None:
    made = release(tmp_path, "hatchling.build", "shop/__init__.py")
    made = replace(made, settings=replace(made.settings, app=("src",)))
    assert [] == list(package_data.rule(made))
