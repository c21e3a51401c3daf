"""The programs that settings run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from relforge.checks import programs
from relforge.runtime.contract.command import Command
from relforge.runtime.contract.hook import Hook
from relforge.runtime.contract.service import Service
from relforge.runtime.contract.tables import Upgrade
from tests.checks import trees

FILES: dict[str, bytes | str] = {"python/bin/clik": "#!/bin/sh\n", "python/bin/python3.12": ""}


def reported(root: Path, **settings: Any) -> list[tuple[str, str, str]]:
    release = trees.release(root, {"deps": FILES}, **settings)
    return [(row.severity, row.path, row.message) for row in programs.rule(release)]


def command(*words: str) -> tuple[Command, ...]:
    return (Command(name="do", exec=words, mode="exec"),)


def test_a_program_that_no_package_brings(tmp_path: Path) -> None:
    """P35: with the nearest name."""
    release = trees.release(tmp_path, {"deps": FILES}, commands=command("clikk", "x"))
    (row,) = programs.rule(release)
    assert ("warning", "tool.relforge.commands.do") == (row.severity, row.path)
    assert "'clikk': it is looked up on the target's PATH" in row.message
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
    assert [] == reported(tmp_path, commands=command(*words))


def test_everything_that_runs_something_is_looked_at(tmp_path: Path) -> None:
    """P35: services, their probes, hooks, the health of an upgrade, texts of a shell."""
    probe = {"exec": ["probe-it"]}
    service = Service(name="w", kind="exec", target=("serve-it",), ready=probe)
    rows = reported(
        tmp_path,
        services=(service,),
        hooks=(Hook(name="pre_start", exec=("hook-it",)),),
        upgrade=Upgrade(health={"exec": ["health-it"]}),
        commands=command("sh", "-c", "true; shell-it --now"),
    )
    words = [message.split("'")[1] for _, _, message in rows]
    assert ["serve-it", "shell-it", "hook-it", "probe-it", "health-it"] == words


def test_programs_of_the_release_are_there_and_can_be_run(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {**FILES, "app/good": "", "app/plain": ""}
    words = ("app/good", "app/plain", "app/gone", "/usr/bin/env", "env", "${release.app}/x")
    release = trees.release(
        tmp_path,
        {"app": files},
        commands=tuple(
            Command(name=f"c{at}", exec=(word,), mode="exec") for at, word in enumerate(words)
        ),
        hooks=(Hook(name="pre_stop", exec=("app/gone", "x")), Hook(name="on_crash", call="a:b")),
        services=(Service(name="w", kind="exec", target=("bin/of/cwd",), ready="started"),),
    )
    (release.tree / "app/good").chmod(0o755)
    assert [
        ("error", "tool.relforge.commands.c1", "app/plain: the file is not executable"),
        ("error", "tool.relforge.commands.c2", "app/gone: the release has no such file"),
        ("error", "tool.relforge.hooks.pre_stop", "app/gone: the release has no such file"),
    ] == [(row.severity, row.path, row.message) for row in programs.rule(release)]
