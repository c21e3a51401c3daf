"""The supported versions of CPython stand in one table; what cannot read it says the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import tomli

from relforge.model.python_version import SUPPORTED
from scripts import fresh

ROOT = Path(__file__).parents[2]
FIRST, *_, LAST = SUPPORTED


@pytest.mark.parametrize("path", ["pyproject.toml", "packages/relforge-runtime/pyproject.toml"])
def test_both_distributions_name_them(path: str) -> None:
    project = tomli.loads((ROOT / path).read_text())["project"]
    assert f">={FIRST}" == project["requires-python"]
    named = [row.rpartition(" ")[2] for row in project["classifiers"]]
    assert list(SUPPORTED) == [row for row in named if row.startswith("3.")]


@pytest.mark.parametrize(
    "path", ["README.md", "docs/tutorial.md", "docs/how-to/choose-the-interpreter.md"]
)
def test_the_pages_that_say_what_a_host_needs_name_them(path: str) -> None:
    assert f"CPython {FIRST} to {LAST}" in (ROOT / path).read_text()


def test_the_development_tools_run_on_each() -> None:
    text = (ROOT / "scripts" / "venv.sh").read_text()
    assert list(SUPPORTED) == re.findall(r"python(3\.\d+)(?= )", text.partition(" in ")[2])


def test_the_forge_tests_each() -> None:
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    rows = re.findall(r"^ +version: \[(.*)\]$", text, re.M)
    assert [", ".join(f'"{version}"' for version in SUPPORTED)] == rows


def test_ci_has_a_host_with_the_newest() -> None:
    pythons = set(fresh.PYTHONS["sid"])
    assert LAST in pythons <= SUPPORTED.keys()
    named = set(re.findall(r"PYTHON=python(3\.\d+)", (ROOT / ".ci" / "run").read_text()))
    assert LAST in named <= pythons
