from __future__ import annotations

import random
from typing import Any

from relforge.runtime.config.merge import Merged
from relforge.runtime.config.provider import Layer


def merged(*layers: dict[str, Any]) -> Merged:
    found = Merged({})
    for number, values in enumerate(layers):
        for setting in Layer.of(values, place=str(number)).settings:
            found.push(setting)
    return found


def plainly(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    result = dict(below)
    for name, value in above.items():
        old = result.get(name)
        result[name] = (
            plainly(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
        )
    return result


def test_tables_merge_and_other_values_replace() -> None:
    found = merged({"a": {"x": 1, "y": [1, 2]}, "b": 1}, {"a": {"y": [3]}, "c": {}})

    assert {"a": {"x": 1, "y": [3]}, "b": 1, "c": {}} == found.values()


def test_each_key_knows_whom_it_beat() -> None:
    found = merged({"a": 1}, {"a": 2}, {"a": 3})

    assert ["2", "1", "0"] == [row.place for row in reversed(found.stacks[("a",)])]


def test_a_value_that_replaces_a_table_beats_what_was_in_it() -> None:
    found = merged({"a": {"b": 1, "c": {"d": 2}}}, {"a": 5})

    assert {"a": 5} == found.values()
    assert {(1, "0"), (2, "0"), (5, "1")} == {
        (row.value, row.place) for row in found.stacks[("a",)]
    }


def test_merging_equals_the_plain_definition_on_random_trees() -> None:
    chance = random.Random(3)

    def tree(depth: int) -> dict[str, Any]:
        return {
            name: tree(depth - 1) if depth and chance.random() < 0.5 else chance.randint(0, 9)
            for name in chance.sample("abcd", chance.randint(1, 3))
        }

    for _ in range(300):
        layers = [tree(3) for _ in range(chance.randint(1, 5))]
        wanted: dict[str, Any] = {}
        for layer in layers:
            wanted = plainly(wanted, layer)
        assert wanted == merged(*layers).values()
