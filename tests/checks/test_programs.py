"""The programs that settings run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from relforge.checks import programs
from relforge.model.spec import Command, Hook, Service, UpgradeSettings
from tests.checks import trees

FILES: dict[str, bytes | str] = {"python/bin/clik": "#!/bin/sh\n", "python/bin/python3.12": ""}


def told(root: Path, **settings: Any) -> list[tuple[str, str, str]]:
    release = trees.release(root, {"deps": FILES}, **settings)
    return [(row.severity, row.path, row.message) for row in programs.rule(release)]


def command(*words: str) -> tuple[Command, ...]:
    return (Command(name="do", exec=words, mode="exec"),)


def test_a_program_that_no_package_brings(tmp_path: Path) -> None:
    """P35: with the nearest name."""
    release = trees.release(tmp_path, {"deps": FILES}, commands=command("clikk", "x"))
    (row,) = programs.rule(release)
    assert ("warning", "tool.relforge.commands.do") == (row.severity, row.path)
    assert "'clikk': it comes from the target's PATH" in row.message
    assert "did you mean `clik`?" == row.hint


@pytest.mark.parametrize(
    "words",
    [
        ("clik", "x"),
        ("python", "-m", "x"),
        ("python3.12",),
        ("sleep", "1"),
        ("/usr/sbin/nginx",),
        ("${tool}",),
        ("sh", "-c", "cd x && FOO=1 exec clik go | grep -v 'a; b'"),
        ("sh", "-c", "if test -f x; then clik; fi"),
    ],
)
def test_a_program_that_is_there(tmp_path: Path, words: tuple[str, ...]) -> None:
    """P35."""
    assert [] == told(tmp_path, commands=command(*words))


def test_everything_that_runs_something_is_looked_at(tmp_path: Path) -> None:
    """P35: services, their probes, hooks, the health of an upgrade, texts of a shell."""
    probe = {"exec": ["probe-it"]}
    service = Service(name="w", kind="exec", target=("serve-it",), ready=probe)
    rows = told(
        tmp_path,
        services=(service,),
        hooks=(Hook(name="pre_start", exec=("hook-it",)),),
        upgrade=UpgradeSettings(health={"exec": ["health-it"]}),
        commands=command("sh", "-c", "true; shell-it --now"),
    )
    words = [message.split("'")[1] for _, _, message in rows]
    assert ["serve-it", "probe-it", "hook-it", "shell-it", "health-it"] == words


def test_a_hook_that_is_no_file_of_the_release_is_an_error(tmp_path: Path) -> None:
    hook = Hook(name="pre_start", exec=("app/hooks/tell",))
    ((severity, path, message),) = told(tmp_path, hooks=(hook,))
    assert ("error", "tool.relforge.hooks.pre_start") == (severity, path)
    assert "app/hooks/tell: there is no such file in the release" == message
