"""Whatever stands in the settings: they are read, or the key that is wrong is named."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import tomli
from hypothesis import given
from hypothesis import strategies as st

from relforge.project import settings
from relforge.runtime.settings import merge
from relforge.support.errors import Exit, SettingsError
from tests import builder
from tests.faults.profiles import examples
from tests.faults.tables import TABLES, VALUES, WHOLE, damaged

ROOT = Path("/project")


def read(table: dict[str, Any], env: str = "prod") -> SettingsError | None:
    """What is refused; None where all of it can be used."""
    project = builder.project(ROOT, settings=table)
    try:
        merged = settings.lay(table, env)
        settings.read(project, merged, env, version="1.0", lock=None)
    except SettingsError as error:
        return error
    return None


def check(table: dict[str, Any], env: str = "prod") -> None:
    before = copy.deepcopy(table)
    error = read(table, env)
    assert repr(before) == repr(table), "what was read is as it was"
    if error is not None:
        assert Exit.CONFIG == error.code
        assert "tool.relforge" in error.message or "--env" in error.message


def test_the_table_that_mistakes_are_put_into_has_none() -> None:
    assert read(tomli.loads(WHOLE)) is None


@examples(120)
@given(damaged())
def test_settings_with_a_mistake_are_read_or_the_key_is_named(table: dict[str, Any]) -> None:
    check(table)


@examples(50)
@given(TABLES)
def test_any_table_is_read_or_the_key_is_named(table: dict[str, Any]) -> None:
    check(table)


@examples(50)
@given(damaged(), VALUES, st.sampled_from(["prod", "dev", "other", "", "a/b"]))
def test_any_environment_is_laid_over_or_named(table: dict[str, Any], over: Any, env: str) -> None:
    check({**table, "env": {env: over}}, env)


@examples(50)
@given(TABLES, TABLES, TABLES)
def test_laying_over_is_associative(
    one: dict[str, Any], two: dict[str, Any], three: dict[str, Any]
) -> None:
    # A scalar between two tables cuts them off from each other, whichever pair comes first.
    left = merge(merge(one, two), three)
    right = merge(one, merge(two, three))
    if not _cut(one, two, three):
        assert repr(left) == repr(right)


@examples(50)
@given(TABLES, TABLES)
def test_laying_over_twice_is_laying_over_once(one: dict[str, Any], two: dict[str, Any]) -> None:
    once = merge(one, two)
    assert repr(once) == repr(merge(once, two))
    assert repr(one) == repr(merge(one, {}))
    assert repr(one) == repr(merge({}, one))
    for key, value in two.items():
        if not isinstance(value, dict):
            assert once[key] is value
    assert {*one, *two} == {*once}


def _cut(one: Any, two: Any, three: Any) -> bool:
    """Whether there is a place with a table, then no table, then a table."""
    if not isinstance(one, dict) or not isinstance(three, dict):
        return False
    if not isinstance(two, dict):
        return True
    return any(key in one and key in three and _cut(one[key], two[key], three[key]) for key in two)
