"""One finding for many files, and how it is passed over."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from relforge.checks import grouping, secrets, verdict
from relforge.model.release import Finding
from relforge.model.spec import CheckSettings
from tests.checks import trees
from tests.checks.test_secrets import KEY


def finding(path: str, topic: str = "holds a key", detail: str = "") -> Finding:
    return Finding(
        severity="error", rule="secrets", path=path, message="m", topic=topic, detail=detail
    )


def test_three_keys_of_tests_are_one_finding_with_one_pattern(tmp_path: Path) -> None:
    """P37."""
    names = ("a.pem", "b.pem", "deep/c.key")
    release = trees.app(tmp_path, {f"app/shop/tests/{name}": KEY for name in names})
    found = tuple(secrets.rule(release))
    with pytest.raises(verdict.Failed) as failed:
        verdict.judge(found, CheckSettings())
    (row,) = failed.value.findings
    assert "app/shop/tests/*" == row.path
    assert row.message.startswith("each of 3 files contains a private key: a.pem (line 1), b.pem")
    assert {f"app/shop/tests/{name}" for name in names} == set(row.files)
    assert row.hint.endswith('check.allow = ["secrets:app/shop/tests/*"]')
    assert () == verdict.judge(found, CheckSettings(allow=("secrets:app/shop/tests/*",)))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("app/shop/a.pem", "app/shop/b.pem", "app/shop/*.pem"),
        ("app/shop/a.pem", "app/shop/x/b.key", "app/shop/*"),
        ("app/a.pem", "app/b.pem", None),  # a pattern would be of the whole application
        ("app/shop/a", "app/other/b", None),
        ("p/site-packages/a/x", "p/site-packages/b/x", None),
        ("p/site-packages/a/x", "p/site-packages/a/y", "p/site-packages/a/*"),
    ],
)
def test_a_pattern_never_leaves_a_package(one: str, other: str, expected: str | None) -> None:
    rows = grouping.grouped([finding(one), finding(other)])
    assert (
        [expected] == [row.path for row in rows]
        if expected
        else [one, other] == [row.path for row in rows]
    )


def test_each_finding_ends_with_what_passes_it_over() -> None:
    """P37, with names that a pattern would read otherwise."""
    row = grouping.with_way_out(finding('app/[id]/a"b*.js'))
    (pattern,) = tomllib.loads(row.hint.partition("check.")[2])["allow"]
    assert () == verdict.judge((finding('app/[id]/a"b*.js'),), CheckSettings(allow=(pattern,)))
    with pytest.raises(verdict.Failed):
        verdict.judge((finding('app/[id]/a"bc.js'),), CheckSettings(allow=(pattern,)))


def test_one_failure_of_several_settings_is_one_finding_that_lists_them() -> None:
    """P33."""
    places = [f"tool.relforge.services.{name}.run" for name in ("a", "b", "c")]
    rows = grouping.grouped([finding(path, topic="KeyError: 'X' at x.py:1") for path in places])
    (row,) = map(grouping.with_way_out, rows)
    assert f"m\nthe same error for:\n  {places[1]}\n  {places[2]}" == row.message
    (pattern, *_) = tomllib.loads(row.hint.partition("check.")[2])["allow"]
    assert f"secrets:{places[0]}" == pattern
