"""[tool.poetry] and Pipfile as PEP 508."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from packaging.specifiers import SpecifierSet

from relforge.project import pyproject
from relforge.project.requirements import pipfile, poetry
from relforge.support.errors import SettingsError


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        ("*", ""),
        ("1.2.3", "==1.2.3"),
        ("^1.2.3", ">=1.2.3,<2.0.0"),
        ("^0.2.3", ">=0.2.3,<0.3.0"),
        ("^0.0.3", ">=0.0.3,<0.0.4"),
        ("^0", ">=0,<1"),
        ("^1", ">=1,<2"),
        ("~1.2.3", ">=1.2.3,<1.3.0"),
        ("~1.2", ">=1.2,<1.3"),
        ("~1", ">=1,<2"),
        ("~=1.2", "~=1.2"),
        (">= 1.2, <2", ">=1.2,<2"),
        (">=1.2 <2", ">=1.2,<2"),
        ("1.*", "==1.*"),
        ("!=1.5", "!=1.5"),
        (">=2.7, !=3.0.*, !=3.1.*", ">=2.7,!=3.0.*,!=3.1.*"),
        ("^1.0 || ^3.0", ">=1.0,<4.0,!=2.*"),
        ("^1|^3", ">=1,<4,!=2.*"),
        ("^3 || ^1", ">=1,<4,!=2.*"),
        ("^1 || ^2", ">=1,<3"),
        ("^1.2 || ^3.1", ">=1.2,<4.0,!=2.*,!=3.0.*"),
        ("~1.2 || ~1.5", ">=1.2,<1.6,!=1.3.*,!=1.4.*"),
        ("~1.2.3 || ~1.3.2", ">=1.2.3,<1.4.0,!=1.3.0.*,!=1.3.1.*"),
        ("1.* || 3.*", ">=1,<4,!=2.*"),
        ("~=1.4 || ~=3.1", ">=1.4,<4,!=2.*,!=3.0.*"),
        ("<2 || >=3", "!=2.*"),
        ("<1.25 || >1.25", "!=1.25"),
        (">=1.25.4,<2.0 || >2.1,<3", ">=1.25.4,<3,!=2.0.*,!=2.1"),
        ("^1,!=1.5 || ^3", ">=1,<4,!=1.5,!=2.*"),
        ("1.0 || ^1.0", ">=1.0,<2.0"),
        ("* || ^3", ""),
        ("2.0b1", "==2.0b1"),
    ],
)
def test_constraints(constraint: str, expected: str) -> None:
    assert expected == poetry.specifier(constraint, "here")


@pytest.mark.parametrize(
    "constraint", ["^1", "^1 || ^3", "~1.2 || ~1.5", "^1 || ^4.2", "<2 || >2,<4"]
)
def test_alternatives_allow_what_one_of_them_allows_and_nothing_else(constraint: str) -> None:
    found = SpecifierSet(poetry.specifier(constraint, "here"))
    rows = [SpecifierSet(poetry.specifier(row, "here")) for row in constraint.split("||")]
    versions = [f"{a}.{b}.{c}" for a in range(6) for b in range(7) for c in range(3)]
    assert [any(v in row for row in rows) for v in versions] == [v in found for v in versions]


@pytest.mark.parametrize("constraint", ["1.0 || 3.0", ">=1.0,<1.27 || 3.0"])
def test_alternatives_without_such_a_form_are_one_range_and_a_warning(
    constraint: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert ">=1.0,<=3.0" == poetry.specifier(constraint, "tool.poetry.dependencies.a")
    (said,) = caplog.messages
    assert f"tool.poetry.dependencies.a: pip and uv cannot read {constraint}" in said
    assert "write one range instead" in said
    caplog.clear()
    assert ">=1.0,<=3.0" == poetry.loose_specifier(constraint, "poetry.lock:3")
    assert not caplog.messages


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"version": "^1.0", "extras": ["fast", "all"]}, ["a[fast,all]>=1.0,<2.0"]),
        ({"version": "1.0", "markers": "os_name == 'nt'"}, ["a==1.0 ; (os_name == 'nt')"]),
        (
            {"version": "*", "python": "^3.8"},
            ["a ; python_version >= '3.8' and python_version < '4.0'"],
        ),
        ({"git": "https://host/a.git", "tag": "v1"}, ["a @ git+https://host/a.git@v1"]),
        ({"git": "git@host:me/a.git"}, ["a @ git+ssh://git@host/me/a.git"]),
        ({"url": "https://host/a-1.whl"}, ["a @ https://host/a-1.whl"]),
        (
            [{"version": "1.0", "python": "<3.12"}, {"version": "2.0", "python": ">=3.12"}],
            ["a==1.0 ; python_version < '3.12'", "a==2.0 ; python_version >= '3.12'"],
        ),
    ],
)
def test_dependencies(tmp_path: Path, value: Any, expected: list[str]) -> None:
    assert expected == list(poetry.requirement(tmp_path, "here", "a", value))


def test_what_is_no_constraint_is_named_with_its_place() -> None:
    with pytest.raises(SettingsError, match=r"here: 'about 1' is not a version constraint"):
        poetry.specifier("about 1", "here")


POETRY = """
[tool.poetry]
name = "shop"
version = "1.2.0"
[tool.poetry.dependencies]
python = "^3.11"
fastapi = "0.115.0"
uvicorn = "*"
psycopg = { version = "^3.1", optional = true }
near = { path = "lib" }
[tool.poetry.extras]
pg = ["psycopg"]
[tool.poetry.group.dev.dependencies]
pytest = "^8"
[tool.poetry.scripts]
shop = "shop.cli:main"
[build-system]
requires = ["poetry-core"]
build-backend = "poetry.core.masonry.api"
"""


def test_a_project_of_poetry_needs_no_backend_to_say_what_it_asks_for(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(POETRY)
    found = pyproject.load(tmp_path)
    near = f"near @ {(tmp_path / 'lib').as_uri()}"
    assert ("fastapi==0.115.0", "uvicorn", near) == found.dependencies
    assert {"pg": ("psycopg>=3.1,<4.0",)} == found.optional_dependencies
    assert {"dev": ("pytest>=8,<9",)} == found.groups
    assert ("shop", "1.2.0", ">=3.11,<4.0") == (found.name, found.version, found.requires_python)
    assert {"shop": "shop.cli:main"} == found.scripts
    assert () == found.dynamic
    assert found.requirements is not None
    assert "[tool.poetry] of pyproject.toml" == found.requirements.source


def test_a_pipfile_has_packages_a_group_indexes_and_a_python(tmp_path: Path) -> None:
    (tmp_path / "Pipfile").write_text(
        '[[source]]\nurl = "https://host/simple"\nname = "host"\n'
        '[[source]]\nurl = "https://other/simple"\nname = "other"\n'
        '[packages]\nflask = "~=3.1"\nclick = "*"\n'
        'alpha = { version = ">=1", extras = ["x"], sys_platform = "== \'linux\'" }\n'
        'beta = { git = "https://host/b.git", ref = "v1", editable = true }\n'
        '[dev-packages]\npytest = ">=8"\n[requires]\npython_version = "3.12"\n'
    )
    found = pipfile.read(tmp_path)
    assert [
        "flask~=3.1",
        "click",
        "alpha[x]>=1 ; (sys_platform == 'linux')",
        "beta @ git+https://host/b.git@v1",
    ] == [row.text for row in found.rows]
    assert ("https://host/simple", ("https://other/simple",)) == (found.index, found.indexes)
    assert ("pytest>=8",) == pipfile.development(tmp_path)
    assert "==3.12.*" == pipfile.python(tmp_path)
