from __future__ import annotations

import json
import random
from typing import Any

import pytest

from relforge.runtime.config import export, kinds


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("bool", "on", True),
        ("bool", " FALSE ", False),
        ("int", "80", 80),
        ("int", "-1_000", -1000),
        ("float", "1e3", 1000.0),
        ("float", "5", 5.0),
        ("str", "", ""),
        ("str", " 1 ", " 1 "),
        ("list", "a, b,c", ["a", "b", "c"]),
        ("list", '["a,b", 1]', ["a,b", 1]),
        ("list", "", []),
        ("table", '{"a": {"b": 1}}', {"a": {"b": 1}}),
        ("duration", "1h30m", 5400.0),
        ("duration", "500ms", 0.5),
        ("duration", "2.5", 2.5),
        ("bytes", "10MiB", 10 << 20),
        ("bytes", "5 kB", 5000),
        ("bytes", "1.5KiB", 1536),
        ("url", "sqlite:///var/x.db", "sqlite:///var/x.db"),
        ("url", "postgresql+asyncpg://u:p@[::1]:5432/x", "postgresql+asyncpg://u:p@[::1]:5432/x"),
        ("path", "/a b/c", "/a b/c"),
    ],
)
def test_a_text_is_read_as_its_type(kind: str, text: str, value: Any) -> None:
    found = kinds.text(text, {"type": kind})

    assert value == found
    assert type(value) is type(found)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("bool", "maybe"),
        ("int", "80a"),
        ("int", "8.0"),
        ("int", "0x10"),
        ("int", "٣"),
        ("float", "nan"),
        ("table", "[1]"),
        ("table", "{"),
        ("duration", "20 parsecs"),
        ("duration", "-5"),
        ("duration", "5s3"),
        ("bytes", "-1"),
        ("bytes", "1.5"),
        ("url", "hunter2"),
        ("url", "http://a b"),
        ("url", "http://h:99999/"),
        ("url", "http://[::1"),
        ("list", "[1,"),
    ],
)
def test_a_text_of_another_type_is_refused(kind: str, text: str) -> None:
    with pytest.raises(kinds.Mismatch):
        kinds.text(text, {"type": kind})


@pytest.mark.parametrize(
    "kind", ["bool", "int", "float", "table", "duration", "bytes", "url", "path"]
)
def test_set_and_empty_is_said_so(kind: str) -> None:
    with pytest.raises(kinds.Mismatch, match="set but empty"):
        kinds.text("", {"type": kind})


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("int", "80"),
        ("int", True),
        ("int", 80.0),
        ("float", "1.5"),
        ("float", False),
        ("bool", 1),
        ("bool", "true"),
        ("str", 80),
        ("str", None),
        ("list", "a,b"),
        ("table", []),
        ("duration", True),
        ("bytes", 1.0),
        ("url", 1),
        ("path", ["/x"]),
    ],
)
def test_a_value_with_a_type_must_have_the_right_one(kind: str, value: Any) -> None:
    with pytest.raises(kinds.Mismatch):
        kinds.typed(value, {"type": kind})


def test_an_int_is_a_float_and_seconds_and_bytes() -> None:
    assert (3.0, 3.0, 3) == tuple(
        kinds.typed(3, {"type": kind}) for kind in ("float", "duration", "bytes")
    )


def test_limits_hold_for_texts_and_values() -> None:
    row = {"type": "int", "min": 1, "max": 65535}

    assert 1 == kinds.text("1", row)
    assert 65535 == kinds.typed(65535, row)
    for bad in (0, 65536):
        with pytest.raises(kinds.Mismatch):
            kinds.typed(bad, row)
        with pytest.raises(kinds.Mismatch):
            kinds.text(str(bad), row)
    with pytest.raises(kinds.Mismatch):
        kinds.text("2m", {"type": "duration", "max": "1m"})


def test_an_enum_gives_the_choice_itself() -> None:
    row = {"type": "enum", "choices": ["debug", 3, True]}

    assert ("debug", 3, True) == tuple(kinds.text(text, row) for text in ("debug", "3", "true"))
    with pytest.raises(kinds.Mismatch):
        kinds.text("Debug", row)
    assert "one of debug, 3, True" == kinds.expected(row)


def test_the_items_of_a_list_are_typed() -> None:
    row = {"type": "list", "items": "int"}

    assert [1, 2] == kinds.text("1, 2", row)
    with pytest.raises(kinds.Mismatch, match="items"):
        kinds.text("1,x", row)
    with pytest.raises(kinds.Mismatch, match="items"):
        kinds.typed(["1"], row)


def test_what_is_exported_reads_back_as_itself() -> None:
    chance = random.Random(7)
    for _ in range(500):
        values: dict[str, Any] = {
            "bool": chance.random() < 0.5,
            "int": chance.randint(-(10**12), 10**12),
            "float": chance.uniform(-1e6, 1e6),
            "str": "".join(chr(chance.randint(32, 1000)) for _ in range(chance.randint(0, 9))),
            "list": [chance.randint(0, 9) for _ in range(chance.randint(0, 4))],
            "duration": chance.randint(0, 10**6) / 100,
            "bytes": chance.randint(0, 1 << 40),
            "table": {"a": [chance.random()], "b": {"c": None}},
        }
        for kind, value in values.items():
            assert value == kinds.text(export.text(value), {"type": kind}), kind
            assert value == json.loads(json.dumps(kinds.typed(value, {"type": kind})))
