"""O16: a number that is not finite is refused, wherever it comes from and wherever it is."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from relforge.runtime.agent import report
from relforge.runtime.config import kinds, sound
from relforge.runtime.contract import amount

from . import asking

SCHEMA: dict[str, Any] = {
    "ratio": {"type": "float", "min": 0, "max": 1},
    "weights": {"type": "list", "items": "float"},
    "names": {"type": "list"},
    "table": {"type": "table"},
    "count": {"type": "int", "max": 10},
}
NOT_FINITE = "not finite"


def problems(root: Path, *rows: dict[str, Any], **more: Any) -> list[str]:
    return asking.messages(asking.run(root, *rows, schema=SCHEMA, **more))


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "+inf", "1e400"])
@pytest.mark.parametrize(
    "text", ["ratio = {}", "weights = [0.5, {}]", "names = [[{}]]", "table.x.y = {}"]
)
def test_by_toml(tmp_path: Path, number: str, text: str) -> None:
    (tmp_path / "x.toml").write_text(text.format(number) + "\n")
    (said,) = problems(tmp_path, {"use": "toml", "path": "x.toml"})
    assert NOT_FINITE in said
    assert "x.toml:1" in said


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400"])
@pytest.mark.parametrize(
    "text", ['{{"ratio": {}}}', '{{"weights": [{}]}}', '{{"table": {{"x": [{}]}}}}']
)
def test_by_json(tmp_path: Path, number: str, text: str) -> None:
    (tmp_path / "x.json").write_text(text.format(number))
    assert [row for row in problems(tmp_path, {"use": "json", "path": "x.json"}) if row]


@pytest.mark.process
@pytest.mark.parametrize("number", ["NaN", "1e400"])
def test_by_a_program(tmp_path: Path, number: str) -> None:
    row = {"use": "exec", "command": ["echo", f'{{"ratio": {number}}}']}
    assert 1 == len(problems(tmp_path, row))


@pytest.mark.parametrize("number", [".nan", ".inf", "1.0e+400"])
def test_by_yaml(tmp_path: Path, number: str) -> None:
    (tmp_path / "x.yaml").write_text(f"table:\n  x: {number}\n")
    (said,) = problems(tmp_path, {"use": "yaml", "path": "x.yaml"})
    assert NOT_FINITE in said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("RATIO", text) for text in ("nan", "inf", "1e400", "-1e400", "Infinity")),
        *(("WEIGHTS", text) for text in ("nan", "0.5,1e400", "[NaN]", "[1e400]")),
        *(("TABLE", text) for text in ('{"x": NaN}', '{"x": [1e400]}', '{"x": -Infinity}')),
        ("COUNT", "9" * 5000),
        ("COUNT", "9" * 400),
    ],
)
def test_by_a_variable(tmp_path: Path, name: str, value: str) -> None:
    row = {"use": "env", "prefix": "SHOP_"}
    (said,) = problems(tmp_path, row, environ={f"SHOP_{name}": value})
    assert said.startswith(f"{name.lower()}|")


@pytest.mark.parametrize("number", [0, 1, 0.5, 1e-400, -0.0])
def test_a_finite_one_within_the_bounds_is_taken(tmp_path: Path, number: float) -> None:
    (tmp_path / "x.toml").write_text(f"ratio = {number}\n")
    found = asking.run(tmp_path, {"use": "toml", "path": "x.toml"}, schema=SCHEMA)
    assert ([], number) == (found.problems, found.values["ratio"])


def test_a_whole_number_of_any_size_is_compared(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"count": 1' + "0" * 400 + "}")
    (said,) = problems(tmp_path, {"use": "json", "path": "x.json"})
    assert "count|expected int of at most 10" in said


items = some.recursive(
    some.floats() | some.text(),
    lambda row: some.lists(row) | some.dictionaries(some.text(), row),
)


@given(
    some.recursive(
        some.floats() | some.text(),
        lambda row: some.lists(row) | some.dictionaries(some.text(), row),
    )
)
def test_what_passes_can_be_written_as_json(value: Any) -> None:
    if not sound.flaw(("x",), value):
        json.dumps(value, allow_nan=False)


@pytest.mark.parametrize("value", [math.nan, [math.inf], {"x": -math.inf}])
def test_rpc_json_says_that_json_has_no_such_number(value: Any) -> None:
    with pytest.raises(ValueError, match="JSON"):
        report.as_json(value)


@pytest.mark.parametrize(
    ("text", "size"), [("512Mi", 512 << 20), ("1Gi", 1 << 30), ("2 Ki", 2048), ("1.5Ti", 3 << 39)]
)
def test_kubernetes_writes_sizes_so(text: str, size: int) -> None:
    """O17."""
    assert size == amount.size(text)
    assert size == kinds.text(text, {"type": "bytes"})


@pytest.mark.parametrize("text", ["512Mii", "1i", "5 Bi", "1Pi"])
def test_what_looks_like_one_and_is_none(text: str) -> None:
    with pytest.raises(kinds.Mismatch):
        kinds.text(text, {"type": "bytes"})
