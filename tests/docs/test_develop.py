"""The recipes of docs/how-to/develop.md, run as they stand there (P57, P60, P65)."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import relforge

pytestmark = pytest.mark.process

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "develop.md"
BLOCK = re.compile(r"^```(toml|python)\n(.*?)^```", re.M | re.S)
PROJECT = """
[project]
name = "shop"
version = "1.0"
[tool.relforge]
python = { version = "3.12" }
app = ["manage.py"]
"""


def blocks(language: str) -> list[str]:
    return [text for kind, text in BLOCK.findall(PAGE.read_text()) if kind == language]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """With all the settings of the page; the script reads a variable of `export`."""
    root = tmp_path / "shop"
    root.mkdir()
    (root / "pyproject.toml").write_text("\n".join([PROJECT, *blocks("toml")]))
    (loads,) = blocks("python")
    (root / "early.py").write_text(f"{loads}\nimport manage\n")
    (root / "manage.py").write_text("import os\nprint(os.environ['DATABASE_URL'])\n")
    return root


def said(project: Path, *words: str, **env: str) -> str:
    base = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(relforge.__file__).parents[1])}
    done = subprocess.run(
        words, cwd="/", env={**base, **env}, capture_output=True, text=True, check=False
    )
    assert 0 == done.returncode, done.stderr
    return done.stdout.strip()


def test_p57_a_program_that_knows_nothing_of_relforge_has_what_is_exported(project: Path) -> None:
    run = [sys.executable, "-m", "relforge", "run", "--project", str(project)]
    run += ["--python", sys.executable]
    program = ["--", "python", str(project / "manage.py")]
    assert "sqlite:///dev.db" == said(project, *run, *program)
    assert "sqlite:///x" == said(
        project, *run, "--env", "prod", *program, SHOP_DB__URL="sqlite:///x"
    )


def test_p60_p65_a_file_that_loads_first_sets_them_from_any_directory(project: Path) -> None:
    script = str(project / "early.py")
    assert "sqlite:///dev.db" == said(project, sys.executable, script)
    assert "sqlite:///:memory:" == said(project, sys.executable, script, RELEASE_ENV="test")
