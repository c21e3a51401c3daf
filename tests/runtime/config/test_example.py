"""A schema as a file to fill in, and as JSON Schema."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable
from typing import Any

import pytest

from relforge.runtime.config import example, kinds
from tests.runtime.conftest import MiniRelease

SCHEMA: dict[str, dict[str, Any]] = {
    "debug": {"type": "bool", "default": False},
    "db.pool.size": {"type": "int", "min": 1, "max": 50, "default": 5},
    "db.url": {"type": "url", "required": True, "secret": True, "doc": "of the database"},
    "db.password": {"secret": True, "default": "hunter2"},
    "http.hosts": {"type": "list", "items": "str", "default": ["a", 'b"\\\x7fé😀']},
    "http.level": {"type": "enum", "choices": ["info", "debug"], "doc": "two\nlines"},
    "http.timeout": {"type": "duration", "min": "1s"},
    "http.most": {"type": "bytes"},
    "http.labels": {"type": "table", "default": {"a b": {"c": 1.5}}},
    "http.root": {"type": "path"},
    "built": {"type": "str", "build_time": True, "default": "at build"},
}


def filled(text: str) -> dict[str, Any]:
    """The file with every key in use."""
    return tomllib.loads(re.sub(r"^#(?! )", "", text, flags=re.M))


def test_as_it_is_the_example_sets_nothing() -> None:
    found = tomllib.loads(example.toml("shop", SCHEMA))
    assert {"db": {"pool": {}}, "http": {}} == found


def test_filled_in_it_fits_the_schema() -> None:
    found = filled(example.toml("shop", SCHEMA))
    for key, row in SCHEMA.items():
        if key == "built":
            continue
        value: Any = found
        for part in key.split("."):
            value = value[part]
        kinds.typed(value, row)
        if "default" in row and not row.get("secret"):
            assert row["default"] == value
    assert "built" not in found


def test_it_says_what_a_key_is() -> None:
    lines = example.toml("shop", SCHEMA).splitlines()
    at = lines.index('#url = "https://example.com"')
    assert ["# of the database", f"# {kinds.NAMES['url']}, required, secret"] == lines[at - 2 : at]
    assert "# int from 1 to 50" in lines
    assert ["# two", "# lines", "# one of info, debug"] == [
        line for line in lines if line in ("# two", "# lines", "# one of info, debug")
    ]


def test_no_secret_is_reported() -> None:
    assert "hunter2" not in example.toml("shop", SCHEMA)
    assert "hunter2" not in json.dumps(example.json_schema("shop", SCHEMA, strict=True))


def test_the_json_schema_has_tables_types_and_limits() -> None:
    found = example.json_schema("shop", SCHEMA, strict=True)
    assert (example.DIALECT, ["db"], False) == (
        found["$schema"],
        found["required"],
        found["additionalProperties"],
    )
    db = found["properties"]["db"]
    assert ["url"] == db["required"]
    assert db["properties"]["url"]["writeOnly"]
    size = db["properties"]["pool"]["properties"]["size"]
    assert ("integer", 1, 50, 5) == tuple(
        size[key] for key in ("type", "minimum", "maximum", "default")
    )
    http = found["properties"]["http"]["properties"]
    assert ["info", "debug"] == http["level"]["enum"]
    assert {"type": "string"} == http["hosts"]["items"]
    assert "minimum" not in http["timeout"], "1s is no number"
    assert example.json_schema("shop", SCHEMA, strict=False)["additionalProperties"]


@pytest.mark.process
def test_the_commands_print_them(mini_release: Callable[..., MiniRelease]) -> None:
    release = mini_release(config={"schema": SCHEMA})
    printed = release.run("config", "example")
    assert (0, example.toml("shop", SCHEMA)) == (printed.returncode, printed.stdout)
    schema = release.run("config", "schema")
    assert example.json_schema("shop", SCHEMA, strict=True) == json.loads(schema.stdout)
    assert 2 == release.run("config", "example", "db").returncode
    wrong = release.run("config", "exmaple")
    assert (2, True) == (wrong.returncode, "example" in wrong.stderr)


@pytest.mark.process
def test_the_example_can_be_loaded(mini_release: Callable[..., MiniRelease]) -> None:
    release = mini_release(config={"schema": SCHEMA})
    text = re.sub(r"^#(?! )", "", release.run("config", "example").stdout, flags=re.M)
    path = release.root / "filled.toml"
    path.write_text(text)
    checked = release.run("config", "check", env={"RELEASE_CONFIG": str(path)})
    assert 0 == checked.returncode, checked.stderr
