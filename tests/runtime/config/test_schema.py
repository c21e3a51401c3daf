from __future__ import annotations

from typing import Any

import pytest

from relforge.runtime.config.schema import check


def test_a_sound_schema_has_no_errors() -> None:
    schema: dict[str, Any] = {
        "http.port": {"type": "int", "default": 8000, "min": 1, "max": 65535, "doc": "x"},
        "http.timeout": {"type": "duration", "default": "20s", "max": "5m", "reload": "hot"},
        "db.url": {"type": "url", "required": True, "secret": True},
        "log.level": {"type": "enum", "choices": ["debug", "info"], "default": "info"},
        "features": {"type": "table", "default": {}},
        "hosts": {"type": "list", "items": "str", "default": ["a"]},
        "name": {},
    }

    assert [] == check(schema)


@pytest.mark.parametrize(
    ("key", "row", "where", "message"),
    [
        ("a", {"type": "itn"}, '"a".type', "did you mean int?"),
        ("a", {"type": "int", "default": "80"}, '"a".default', "expected int, got '80'"),
        ("a", {"type": "int", "default": 0, "min": 1}, '"a".default', "of at least 1, got 0"),
        ("a", {"type": "bool", "default": 1}, '"a".default', "expected true or false"),
        ("a", {"requierd": True}, '"a".requierd', "did you mean required?"),
        ("a", {"port": {"type": "int"}}, '"a".port', '"a.port" = { ... }'),
        ("a", {"required": "yes"}, '"a".required', "expected bool, got str"),
        ("a", {"required": True, "default": "x"}, '"a".default', "cannot have a default"),
        ("a", {"type": "enum"}, '"a".choices', "needs its choices"),
        ("a", {"type": "str", "min": 3}, '"a".min', "only numbers have limits"),
        ("a", {"type": "int", "items": "str"}, '"a".items', "only a list"),
        ("a", {"type": "list", "items": "srt"}, '"a".items', "did you mean str?"),
        ("a", {"reload": "cold"}, '"a".reload', "hot"),
        ("a", "int", '"a"', 'expected a table such as { type = "int" }, got str'),
        ("a.", {}, '"a."', "not a valid key"),
        ("9a", {}, '"9a"', "not a valid key"),
        ("a__b", {}, '"a__b"', "__"),
    ],
)
def test_an_unsound_row_is_refused_with_its_place(
    key: str, row: Any, where: str, message: str
) -> None:
    ((found, text),) = check({key: row})

    assert f"tool.relforge.config.schema.{where}" == found
    assert message in text


def test_a_key_cannot_be_a_value_and_a_table() -> None:
    ((where, message),) = check({"a": {"type": "table"}, "a.b.c": {}})

    assert 'tool.relforge.config.schema."a.b.c"' == where
    assert "a is a value" in message


def test_two_keys_that_a_variable_cannot_tell_apart_are_refused() -> None:
    ((where, message),) = check({"http.max-age": {}, "http.max_age": {}})

    assert 'tool.relforge.config.schema."http.max_age"' == where
    assert "http.max-age" in message
