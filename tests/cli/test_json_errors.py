"""With `--json` an error is an object on stdout, and the text for people stays on stderr."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from relforge.cli import json_error, main
from relforge.support.errors import Exit

PROJECT = """
[project]
name = "shop"
version = "1.0"
[tool.relforge]
python = { version = "3.12" }
services.web = { app = "shop:app", listen = ["8000"] }
"""


def failing(capfd: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any], str]:
    """Exit status, the object, and what people read."""
    code = main([*words, "--json"])
    out, err = capfd.readouterr()
    assert 1 == len(out.splitlines()), out
    answer: dict[str, Any] = json.loads(out)
    assert {"where", "what", "hint"} == answer["error"].keys()
    return code, answer, err


def test_an_error_of_the_settings_names_its_place(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    code, answer, said = failing(capfd, "config", "show", "--project", str(tmp_path))
    error = answer["error"]
    assert Exit.CONFIG == code
    assert "tool.relforge.services.web.listen[0]" == error["where"]
    assert "8000" in error["what"]
    assert error["hint"]
    assert f"error: {error['where']}: {error['what']}\n  {error['hint']}\n" == said


@pytest.mark.process  # what `lock` imports looks for IPv6
@pytest.mark.network
@pytest.mark.parametrize(
    "words", [("build",), ("release",), ("lock",), ("config", "show"), ("init", "--yes")]
)
def test_each_command_answers_for_a_project_that_is_not_there(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    place = tmp_path / "not here"
    code, answer, _ = failing(capfd, *words, "--project", str(place))
    assert code in (Exit.CONFIG, Exit.FAILED)
    assert str(place) == answer["error"]["where"]


@pytest.mark.parametrize("words", [("inspect", "/x y"), ("verify", "/x y"), ("diff", "/x", "/x")])
def test_commands_that_read_releases_answer_too(
    capfd: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    code, answer, _ = failing(capfd, *words)
    assert 0 != code
    assert answer["error"]["what"]


def test_a_wrong_command_line_is_an_error_of_the_command(
    capfd: pytest.CaptureFixture[str],
) -> None:
    code, answer, said = failing(capfd, "lock", "--no-such-option")
    assert Exit.USAGE == code
    assert "relforge lock" == answer["error"]["where"]
    assert "--no-such-option" in answer["error"]["what"]
    assert "--no-such-option" in said


def test_without_it_stdout_stays_empty(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert Exit.CONFIG == main(["build", "--project", str(tmp_path)])
    out, err = capfd.readouterr()
    assert "" == out
    assert err.startswith("error: ")


@pytest.mark.process
def test_what_a_host_refuses_is_an_object_too(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RELFORGE_CACHE_DIR", os.fspath(tmp_path / "file"))
    (tmp_path / "pyproject.toml").write_text(PROJECT.replace('"8000"', '":8000"'))
    code, answer, _ = failing(capfd, "lock", "--project", str(tmp_path))
    assert 0 != code
    assert str(tmp_path) in answer["error"]["where"]


@pytest.mark.parametrize(
    ("message", "where", "what"),
    [
        ("tool.relforge.app[0]: there is none", "tool.relforge.app[0]", "there is none"),
        (
            'tool.relforge.config.schema."a b".min: no',
            'tool.relforge.config.schema."a b".min',
            "no",
        ),
        ("/a b/pyproject.toml:3: not valid TOML: x", "/a b/pyproject.toml:3", "not valid TOML: x"),
        ("--env x: no such environment", "--env x", "no such environment"),
        ("RELEASE_ENV=x: none", "RELEASE_ENV=x", "none"),
        ("the project has several: a, b", "", "the project has several: a, b"),
        ("no place", "", "no place"),
        ("uv: it failed", "uv", "it failed"),
    ],
)
def test_the_place_is_what_begins_a_message(message: str, where: str, what: str) -> None:
    assert (where, what) == json_error.parts(message)


def test_the_words_of_what_run_starts_are_not_its_own() -> None:
    assert json_error.is_wanted(["build", "--json"])
    assert not json_error.is_wanted(["run", "manage", "--json"])
    assert not json_error.is_wanted(["run", "--", "tool", "--json"])
    assert not json_error.is_wanted(["build", "--", "--json"])
    assert not json_error.is_wanted(["build"])
