"""``[tool.relforge.hooks]``: what can be written there, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from relforge.project.settings.hooks import read_hooks
from relforge.project.settings.table import Table
from relforge.runtime.contract.hook import Hook
from relforge.support.errors import SettingsError


def hooks(**rows: Any) -> tuple[Hook, ...]:
    return read_hooks(Table(rows, ("tool", "relforge", "hooks")))


def test_a_function_a_command_or_a_table_in_the_order_of_their_use() -> None:
    assert (
        Hook(name="pre_start", exec=("app/hooks/tell", "up")),
        Hook(name="post_start", call="shop.ops:tell"),
        Hook(name="on_crash", call="shop.ops:page", timeout=5.0),
    ) == hooks(
        on_crash={"call": "shop.ops:page", "timeout": "5s"},
        post_start="shop.ops:tell",
        pre_start=["app/hooks/tell", "up"],
    )


def test_a_wrong_name_is_refused_with_a_suggestion() -> None:
    with pytest.raises(SettingsError) as caught:
        hooks(prestart="shop.ops:tell")
    assert "tool.relforge.hooks.prestart: unknown hook" == caught.value.message
    assert "did you mean `pre_start`?" == caught.value.hint


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("shop.ops", "hooks.pre_stop: expected"),
        ([], "hooks.pre_stop: expected"),
        (7, "hooks.pre_stop: expected"),
        ({}, "hooks.pre_stop: a hook needs exactly one of"),
        ({"call": "a:b", "exec": ["a"]}, "hooks.pre_stop: a hook needs exactly one of"),
        ({"call": "a"}, "hooks.pre_stop.call: 'a' is not an object"),
        ({"call": "a:b", "timeout": 0}, "hooks.pre_stop.timeout: a hook must end"),
        ({"call": "a:b", "timeuot": 1}, "hooks.pre_stop.timeuot: unknown key"),
    ],
)
def test_what_is_no_hook_is_refused(value: Any, said: str) -> None:
    with pytest.raises(SettingsError, match=said.replace(".", r"\.")):
        hooks(pre_stop=value)
