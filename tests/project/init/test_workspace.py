"""A uv workspace: which of its packages is released."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from relforge.project.init import apply, members, plan
from relforge.support.errors import UserError

ROOT = "[tool.uv.workspace]\nmembers = ['services/*', 'core']\n"
MEMBER = "[project]\nname = '{}'\nversion = '1'\ndependencies = ['fastapi', 'uvicorn']\n"
CODE = "from fastapi import FastAPI\napp = FastAPI()\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(ROOT)
    for name in ("services/api", "services/jobs", "core"):
        (tmp_path / name).mkdir(parents=True)
        text = MEMBER.format(name.rpartition("/")[2])
        (tmp_path / name / "pyproject.toml").write_text(text)
        (tmp_path / name / "web.py").write_text(CODE)
    return tmp_path


def test_a_root_that_is_no_package_has_a_command_for_each_member(workspace: Path) -> None:
    with pytest.raises(UserError) as caught:
        plan(workspace)
    for name in ("services/api", "services/jobs", "core"):
        assert f"\n    relforge init --project {name}" in caught.value.message
    assert "`members`" in caught.value.hint
    assert ROOT == (workspace / "pyproject.toml").read_text()
    assert not (workspace / "relforge.toml").exists()


@pytest.mark.process
@pytest.mark.parametrize(
    ("answers", "chosen"),
    [("3\n", "services/jobs"), ("services/api\n", "services/api"), ("9\nno\n1\n", "core")],
)
def test_at_a_terminal_it_is_asked_which_member_is_released(
    workspace: Path, answers: str, chosen: str
) -> None:
    terminal, stdin = os.openpty()
    os.write(terminal, answers.encode())
    done = subprocess.run(
        [sys.executable, "-m", "relforge", "init"],
        cwd=workspace,
        stdin=stdin,
        capture_output=True,
        text=True,
        check=True,
    )
    os.close(terminal)
    os.close(stdin)
    assert "2  services/api" in done.stdout
    said = done.stdout + done.stderr
    assert ("expected a number from 1 to 3" in said) == answers.startswith("9")
    written = [path for path in workspace.rglob("pyproject.toml") if "relforge" in path.read_text()]
    assert [workspace / chosen / "pyproject.toml"] == written


@pytest.mark.parametrize(
    "table",
    ["[project]\nname = 'all'\nversion = '1'\n", "[tool.relforge]\nname = 'all'\n"],
    ids=["package", "settings"],
)
@pytest.mark.process
def test_a_root_that_is_a_package_or_has_settings_is_released_itself(
    workspace: Path, table: str
) -> None:
    (workspace / "pyproject.toml").write_text(f"{ROOT}{table}")
    assert () == members(workspace)
    assert plan(workspace).path == workspace / "pyproject.toml"


@pytest.mark.process
def test_a_member_is_released_itself(workspace: Path) -> None:
    assert () == members(workspace / "core")
    assert (workspace / "core" / "pyproject.toml") in apply(plan(workspace / "core"))
