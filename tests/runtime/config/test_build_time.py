"""Keys that are fixed when the release is built."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from relforge.runtime.config import schema
from tests.runtime.config import asking

SCHEMA: dict[str, Any] = {
    "http.prefix": {"type": "str", "default": "/shop", "build_time": True},
    "assets.age": {"type": "duration", "build_time": True},
    "http.port": {"type": "int", "default": 8000},
}
ROW = {"use": "env", "prefix": "SHOP_"}


def test_what_was_built_is_the_value(tmp_path: Path) -> None:
    (tmp_path / "release").mkdir()
    (tmp_path / "release" / "config.toml").write_text('assets.age = "1h"\n')

    found = asking.run(tmp_path, ROW, schema=SCHEMA)

    assert ([], 3600.0, "/shop") == (
        found.problems,
        found.values["assets"]["age"],
        found.values["http"]["prefix"],
    )


def test_who_sets_it_to_something_else_at_boot_is_named(tmp_path: Path) -> None:
    environ = {"SHOP_HTTP__PREFIX": "/other", "SHOP_ASSETS__AGE": "1h"}

    found = asking.run(tmp_path, ROW, environ=environ, schema=SCHEMA)

    assert {
        ("http.prefix", 'was fixed to "/shop" when the release was built', "$SHOP_HTTP__PREFIX"),
        ("assets.age", "was fixed without a value when the release was built", "$SHOP_ASSETS__AGE"),
    } == {(row["key"], row["message"].partition(";")[0], row["place"]) for row in found.problems}


def test_the_same_value_is_no_change(tmp_path: Path) -> None:
    (tmp_path / "release").mkdir()
    (tmp_path / "release" / "config.toml").write_text('assets.age = "1h"\n')

    found = asking.run(tmp_path, ROW, environ={"SHOP_ASSETS__AGE": "60m"}, schema=SCHEMA)

    assert [] == found.problems


def test_a_row_that_contradicts_itself_is_refused() -> None:
    rows = {
        "a": {"build_time": True, "reload": "hot"},
        "b": {"build_time": True, "secret": True},
    }

    assert ["reload", "build_time"] == [path.rpartition(".")[2] for path, _ in schema.check(rows)]
