"""``[tool.relforge.commands.<name>]``: what can be written there, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from relforge.project.settings.commands import read_command
from relforge.project.settings.table import Table
from relforge.runtime.contract.command import Argument, Command
from relforge.support.errors import SettingsError


def command(name: str = "migrate", **rows: Any) -> Command:
    return read_command(name, Table(rows, ("tool", "relforge", "commands", name)))


def test_a_callable_is_enough() -> None:
    made = command(call="shop.ops:migrate", help="to this schema")
    assert Command(name="migrate", call="shop.ops:migrate", help="to this schema") == made


def test_arguments_keep_their_order() -> None:
    made = command(
        call="a:b",
        args=[
            {"name": "revision", "default": "head", "help": "how far"},
            {"name": "--dry-run", "type": "flag"},
            {"name": "--limit", "type": "int"},
        ],
        once="shop.ops:lock",
        confirm="really?",
    )
    assert (
        Argument(name="revision", default="head", help="how far"),
        Argument(name="--dry-run", type="flag"),
        Argument(name="--limit", type="int"),
    ) == made.args
    assert ("shop.ops:lock", "really?") == (made.once, made.confirm)


def test_a_program_has_its_own_mode() -> None:
    assert "exec" == command(exec=["alembic", "upgrade", "head"]).mode


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({}, "a command needs exactly one of `call` and `exec`, but this one has none"),
        ({"call": "a:b", "exec": ["x"]}, "but this one has `call` and `exec`"),
        ({"call": "a"}, "call: 'a' is not an object such as"),
        ({"call": "a:b", "mode": "exec"}, 'mode: a command in the mode "exec" needs `exec`'),
        ({"exec": ["a"], "mode": "rpc"}, 'mode: a command in the mode "rpc" needs `call`'),
        ({"call": "a:b", "mode": "evil"}, "'evil' is none of"),
        ({"call": "a:b", "mode": "rpc", "once": True}, "cannot be locked from outside"),
        ({"call": "a:b", "once": "yes"}, "once: expected true, false, { by"),
        ({"call": "a:b", "service": "web"}, 'only a command in the mode "rpc"'),
        ({"call": "a:b", "mode": "rpc", "cwd": "app"}, "cwd: a command inside a live process"),
        ({"call": "a:b", "mode": "rpc", "env": {"A": ""}}, "env: a command inside a live process"),
        ({"call": "a:b", "args": [{"name": "--yes"}]}, r"args\[0\].name: '--yes' is not a name"),
        ({"call": "a:b", "args": [{"name": "x", "type": "flag"}]}, "starts with --"),
        (
            {"call": "a:b", "args": [{"name": "x", "type": "int", "default": "1"}]},
            "is not a valid int",
        ),
        ({"call": "a:b", "args": [{"name": "x"}, {"name": "x"}]}, "is declared twice"),
        (
            {"call": "a:b", "args": [{"name": "x", "default": "1"}, {"name": "y"}]},
            "'y' is required but follows 'x'",
        ),
        ({"exec": ["a"], "args": [{"name": "x"}]}, "gets its arguments as they are"),
    ],
)
def test_what_is_wrong_is_refused(rows: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        command(**rows)
    assert caught.value.message.startswith("tool.relforge.commands.migrate")


@pytest.mark.parametrize("name", ["start", "daemon", "upgrade", "rpc"])
def test_the_name_of_a_built_in_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match=f"`{name}` is a command of every release"):
        command(name, call="a:b")


def test_an_unknown_key_comes_before_one_that_is_missing() -> None:  # P61
    with pytest.raises(SettingsError, match=r"migrate\.cal: unknown key") as caught:
        command(cal="a:b")
    assert "did you mean `call`?" == caught.value.hint
    with pytest.raises(SettingsError, match="is not an object such as") as caught:
        command(call="feeds.loop")
    assert 'did you mean "feeds:loop"?' == caught.value.hint


def test_once_by_keys_of_the_configuration() -> None:  # P44
    assert {"by": ("db.url",)} == command(call="a:b", once={"by": ["db.url"]}).once
