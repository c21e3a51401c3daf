"""Files, variables and programs as bad as they come: an error in words, for each."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from relforge.runtime.config import problems, providers
from relforge.runtime.config.resolve import resolve
from relforge.runtime.untrusted_text import harmless
from tests.runtime.config import asking

TOML = {"use": "toml", "path": "x.toml"}
JSON = {"use": "json", "path": "x.json"}


def the_problem(root: Path, row: dict[str, Any], **more: Any) -> dict[str, str]:
    (found,) = asking.run(root, row, schema={}, **more).problems
    return found


@pytest.mark.parametrize(
    ("row", "data", "message"),
    [
        (TOML, b"\xff\xfea\x00=\x001\x00", "x.toml: not UTF-8 at byte 0"),
        (TOML, b"a = " + b"[" * 5000, "x.toml: nested too deep"),
        (TOML, b"a" + b".a" * 100 + b" = 1", "nested deeper than 50 tables and lists"),
        (TOML, b"a = " + b"[" * 60 + b"]" * 60, "nested deeper than 50 tables and lists"),
        (TOML, b'a = "x\\u0000y"', "contains a NUL character"),
        (TOML, b"a = 1\n\x00", "x.toml:2: not valid TOML"),
        (JSON, b"[" * 100_000, "x.json: nested too deep"),
        (JSON, b'{"a": ' * 200 + b"1" + b"}" * 200, "nested deeper than 50 tables and lists"),
        (JSON, b'{"a": "\\ud800"}', "contains text that is not valid Unicode"),
        (JSON, b'{"a": NaN}', "x.json: NaN is not a JSON value"),
        (JSON, b'{"a": ' + b"1" * 5000 + b"}", "x.json: Exceeds the limit"),
        (JSON, b'{"a": {"b": 1, "b": 2}}', "x.json: the key b occurs twice"),
        (JSON, b" " * ((16 << 20) + 1), "x.json: more than 16 MiB"),
    ],
    ids=lambda value: value[:8] if isinstance(value, bytes) else None,
)
def test_a_file_that_cannot_be_used(
    tmp_path: Path, row: dict[str, Any], data: bytes, message: str
) -> None:
    (tmp_path / row["path"]).write_bytes(data)

    assert message in the_problem(tmp_path, row)["message"]


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_bytes(b"\xef\xbb\xbfa = 1")

    assert {"a": 1} == asking.run(tmp_path, TOML, schema={}).values


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.symlink_to(path)
    for row in (TOML, {**TOML, "optional": True}):  # it is there, if of no use
        assert f"{path}: Too many levels of symbolic links" == the_problem(tmp_path, row)["message"]
    path.unlink()
    path.mkdir()
    assert f"{path}: Is a directory" == the_problem(tmp_path, TOML)["message"]
    path.rmdir()
    path.symlink_to("/dev/zero")
    assert f"{path}: more than 16 MiB" == the_problem(tmp_path, TOML)["message"]
    path.unlink()
    path.symlink_to("/proc/self/mem")
    assert f"{path}: Input/output error" == the_problem(tmp_path, TOML)["message"]


def test_a_variable_that_is_no_text_is_named(tmp_path: Path) -> None:
    environ = {"A": os.fsdecode(b"pl4nted\xff"), "B": "fine"}

    found = asking.run(
        tmp_path, {"use": "env", "map": {"A": "a", "B": "b"}}, environ=environ, schema={}
    )

    assert {"b": "fine"} == found.values
    (row,) = found.problems
    assert ("a", "$A") == (row["key"], row["place"])
    assert "contains text that is not valid Unicode" in row["message"]
    assert "pl4nted" not in row["message"]


@pytest.mark.process
@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("exec cat /dev/zero", "printed more than 16 MiB"),
        ("printf '\\377\\376'", "prints: not UTF-8 at byte 0"),
        ("echo '{\"a\": 1}'; sleep 60 & exit 3", "ended with 3"),
        ("kill -9 $$", "was killed by signal 9"),
        ("exec sleep 60", "did not end within 1 s"),
        ("exec >&- 2>&-; exec sleep 60", "did not end within 1 s"),
        ("yes pl4nted >&2", "did not end within 1 s"),
    ],
)
def test_a_program_that_misbehaves(tmp_path: Path, body: str, message: str) -> None:
    began = time.monotonic()
    row = {"use": "exec", "command": ["/bin/sh", "-c", body], "timeout": "1s"}

    assert message in the_problem(tmp_path, row, environ={"PATH": "/usr/bin:/bin"})["message"]
    assert time.monotonic() - began < 30


@pytest.mark.process
def test_a_program_is_not_waited_for_longer_than_it_lives(tmp_path: Path) -> None:
    script = "echo '{\"a\": 1}'; sleep 30 & exit 0"
    row = {"use": "exec", "command": ["/bin/sh", "-c", script], "timeout": "20s"}
    began = time.monotonic()

    found = asking.run(tmp_path, row, environ={"PATH": "/usr/bin:/bin"}, schema={})

    assert {"a": 1} == found.values
    assert time.monotonic() - began < 15


@pytest.mark.process
def test_only_a_missing_program_is_optional(tmp_path: Path) -> None:
    row = {"use": "exec", "command": ["/nowhere/x"], "optional": True}
    assert [] == asking.run(tmp_path, row, schema={}).problems

    (tmp_path / "x").write_text("no program")
    row["command"] = [str(tmp_path / "x")]
    assert "Permission denied" in the_problem(tmp_path, row)["message"]


def test_names_that_a_terminal_would_act_on_are_shown_as_text(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text('"\\u001b[31mred" = 1\n')

    found = asking.run(tmp_path, TOML)

    assert ['"\\u001b[31mred"'] == [row["key"] for row in found.problems]
    assert "a\\x1b[31m\nb" == harmless("a\x1b[31m\nb")


def test_a_flood_of_errors_is_cut_and_says_where_the_rest_is() -> None:
    rows = [problems.row("unknown key", key=f"k{number}") for number in range(5000)]

    error = problems.Invalid(rows)

    assert error.message.startswith("the configuration has 5000 errors\n  - k0: unknown key\n")
    assert error.message.endswith("  and 4900 more: `config check --json` lists them all")
    assert 102 == len(error.message.splitlines())


def test_a_file_of_nothing_but_unknown_keys_is_judged_at_once(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("".join(f"k{number} = 1\n" for number in range(20_000)))
    began = time.monotonic()

    found = asking.run(tmp_path, TOML)

    assert 20_000 == len(found.problems)
    assert time.monotonic() - began < 30


def test_a_file_that_never_ends_is_given_up_and_the_rest_is_judged(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.toml")
    rows = [
        {"use": "toml", "state": {"path": "x.toml", "optional": False}, "timeout": 0.1},
        {"use": "env", **providers.prepare("env", {"prefix": "SHOP_"})},
    ]
    entered: list[str] = []

    found = resolve(
        {"providers": rows, "schema": {"port": {"type": "int"}}},
        root=str(tmp_path),
        environ={"SHOP_PORT": "x"},
        entering=lambda use, _seconds: entered.append(use),
    )

    assert ["defaults", "toml", "env"] == entered
    assert ["did not end within 0.1 s", 'expected int, got "x"'] == [
        row["message"] for row in found.problems
    ]
