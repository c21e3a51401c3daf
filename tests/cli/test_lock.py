"""What `relforge lock` proposes to do next."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from relforge.cli import main

SETTINGS = f"""
[project]
name = "shop"
version = "1.0"
[tool.relforge]
python = {{ version = "3.{sys.version_info.minor}" }}
app = []
"""


@pytest.fixture
def project(own_cache: Path, tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    return tmp_path


def proposed(project: Path, capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    assert 0 == main(["lock", "--project", str(project), *words])
    return capsys.readouterr().out.partition("\nNext:\n")[2].splitlines()


@pytest.mark.process
def test_a_lock_that_a_build_takes_is_built_from(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert [f"  relforge build --env dev --project {project}"] == proposed(
        project, capsys, "--env", "dev"
    )


@pytest.mark.process
def test_a_lock_that_no_build_takes_says_how_it_would_be(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    proposed(project, capsys)
    other = project / "wheels.lock"
    first, second = proposed(project, capsys, "--output", str(other))
    assert first.startswith("  builds use pylock.toml; to use this one, set: lock = ")
    assert '"wheels.lock"' in first
    assert f"  relforge build --env prod --project {project}" == second


@pytest.mark.process
def test_a_release_that_was_named_is_named_again(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (project / "pyproject.toml").open("a") as file:
        file.write("[tool.relforge.releases.web]\n[tool.relforge.releases.api]\n")
    assert [f"  relforge build web --env prod --project {project}"] == proposed(
        project, capsys, "--release", "web"
    )


def test_an_empty_name_is_reported_as_one(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 78 == main(["release", "", "--project", str(project)])
    assert "error: '': the project has a single release" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["lock"], ["python", "export", "--version", "3.99"]])
@pytest.mark.parametrize("output", ["", "/dev/full", "directory.tar.gz"])
def test_what_is_no_file_is_not_written_to(
    project: Path, capsys: pytest.CaptureFixture[str], words: list[str], output: str
) -> None:
    (project / "directory.tar.gz").mkdir()
    place = str(project / output) if output.startswith("d") else output
    assert 2 == main([*words, "--project", str(project), "--output", place])
    said = " ".join(capsys.readouterr().err.split())
    assert "exists and is not a file" in said
    assert {"pyproject.toml", "directory.tar.gz"} == {row.name for row in project.iterdir()}


def test_checking_and_upgrading_exclude_each_other(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 2 == main(["lock", "--project", str(project), "--check", "--upgrade"])
    assert "cannot be combined" in capsys.readouterr().err


@pytest.mark.process
def test_a_lock_of_nothing_says_so(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main(["lock", "--project", str(project)])
    assert "it is empty: the project has no dependencies" in capsys.readouterr().out


@pytest.mark.process
def test_a_file_that_may_be_meant_is_not_passed_over(  # P2
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "requirements-web.txt").write_text("flask\n")
    assert 1 == main(["lock", "--project", str(project)])
    said = " ".join(capsys.readouterr().err.split())
    assert "requirements-web.txt names requirements" in said
    assert 'requirements = ["requirements-web.txt"]' in said
    assert not (project / "pylock.toml").exists()


@pytest.mark.process
def test_a_lock_of_another_tool_is_left_as_it_is(  # P1
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = project / "requirements.txt"
    text = f"# uv pip compile --generate-hashes\nflask==3.1.2 --hash=sha256:{'a' * 64}\n"
    lock.write_text(text)
    assert 0 == main(["lock", "--project", str(project)])
    assert "requirements.txt is up to date, and is used unchanged" in capsys.readouterr().out
    assert 1 == main(["lock", "--project", str(project), "--upgrade"])
    said = " ".join(capsys.readouterr().err.split())
    assert "another tool wrote it, so relforge does not change it" in said
    assert 1 == main(["lock", "--project", str(project), "--output", str(lock)])
    assert "this file is the input of the lockfile" in " ".join(capsys.readouterr().err.split())
    assert text == lock.read_text()
