"""P56: how values become variables."""

from __future__ import annotations

from typing import Any

import pytest

from relforge.project.settings.exports import read_exports
from relforge.project.settings.table import Table
from relforge.runtime.config import kinds
from relforge.runtime.config.build import _check_export
from relforge.runtime.config.export import environment, exported
from relforge.support.errors import SettingsError


@pytest.mark.parametrize(
    ("value", "form", "expected"),
    [
        ("a b", "", "a b"),
        (8000, "", "8000"),
        (3600.0, "", "3600"),
        (0.5, "", "0.5"),
        (True, "", "true"),
        (False, "", "false"),
        (True, "0/1", "1"),
        (False, "0/1", "0"),
        (True, "empty", "1"),
        (False, "empty", ""),
        (True, "json", "true"),
        (["localhost", "127.0.0.1"], "", "localhost,127.0.0.1"),
        ([1, 2.5, True], "", "1,2.5,true"),
        ([], "", ""),
        (["a,b", "c"], "", '["a,b", "c"]'),
        (["a,b", 'c"', "d"], "csv", '"a,b","c""",d'),
        ([""], "", '[""]'),
        ([" a"], "", '[" a"]'),
        (["[a"], "", '["[a"]'),
        ([["a"]], "", '[["a"]]'),
        (["a", "b"], "json", '["a", "b"]'),
        ({"a": 1}, "", '{"a": 1}'),
        ("a", "json", '"a"'),
    ],
)
def test_each_type_has_one_form_and_as_another(value: Any, form: str, expected: str) -> None:
    # P56
    assert expected == exported(value, form)


@pytest.mark.parametrize(
    "value",
    [["a", "b"], ["a,b", "c"], [""], [" a", "b"], [], ["[a"], ["a"], ['"a"']],
)
def test_a_list_is_read_back_as_it_was(value: list[str]) -> None:
    assert value == kinds.text(exported(value), {"type": "list"})


def test_the_setting_is_a_key_or_a_table() -> None:
    export = {"A": "a.b", "B": {"key": "on", "as": "0/1"}, "C": "none"}
    assert {"A": "x,y", "B": "1"} == environment(export, {"a": {"b": ["x", "y"]}, "on": True})


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        (7, "export.A: expected a key, or "),
        ({"as": "csv"}, "export.A.key: expected a key of the configuration"),
        ({"key": "a", "as": "xml"}, "export.A.as: 'xml' is none of "),
        ({"key": "a", "form": "csv"}, "export.A.form: unknown key"),
    ],
)
def test_what_is_wrong_is_named(setting: Any, said: str) -> None:
    table = Table({"export": {"A": setting}}, ("tool", "relforge", "config"))
    with pytest.raises(SettingsError) as caught:
        dict(read_exports(table))
    assert caught.value.message.startswith(f"tool.relforge.config.{said}")


def test_a_form_of_another_type_is_refused_by_the_build() -> None:
    errors: list[dict[str, str]] = []
    export = {"A": {"key": "on", "as": "csv"}, "B": {"key": "on", "as": "0/1"}}
    _check_export(export, {"on": {"type": "bool"}}, errors, strict=True)
    (error,) = errors
    assert "tool.relforge.config.export.A.as" == error["path"]
    assert "'csv' is for the type list, but on is bool" == error["message"]
