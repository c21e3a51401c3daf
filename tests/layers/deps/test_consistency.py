"""Whether packages agree with each other: pure values."""

from __future__ import annotations

import pytest
from packaging.version import Version

from relforge.layers.deps import consistency
from relforge.layers.deps.consistency import Distribution, LockProblem
from relforge.layers.deps.platform import Platform
from relforge.support.errors import UserError

HERE = Platform(
    python="3.12.1",
    tag="cp312",
    machine="x86_64",
    markers={"python_version": "3.12", "python_full_version": "3.12.1", "sys_platform": "linux"},
    tags=(),
)


def package(name: str, version: str, *requires: str, python: str = "") -> Distribution:
    return Distribution(
        name=name, version=Version(version), requires=requires, requires_python=python
    )


def found(*there: Distribution, direct: tuple[str, ...] = ()) -> list[LockProblem]:
    rows = ((f"project.dependencies[{index}]", text) for index, text in enumerate(direct))
    return list(consistency.problems(rows, there, HERE))


def kinds(*there: Distribution, direct: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    return [(row.kind, row.subject) for row in found(*there, direct=direct)]


def test_what_a_package_asks_for_and_is_not_there() -> None:  # B4
    (row,) = found(package("needs", "1.0", "Alpha>=2"))
    assert ("missing", "needs:alpha", True) == (row.kind, row.subject, row.is_error)
    assert "needs 1.0 requires Alpha>=2, but the release has no Alpha" == row.message


def test_what_the_project_asks_for_and_is_not_there() -> None:  # B4
    assert [("missing", "project.dependencies[0]:alpha")] == kinds(direct=("alpha",))


def test_another_version_than_is_asked_for() -> None:  # B5
    (row,) = found(package("needs", "1.0", "alpha>=2"), package("alpha", "1.0"))
    assert ("contradicting", False) == (row.kind, row.is_error)
    assert "needs 1.0 requires alpha>=2, but the release has alpha 1.0" == row.message


def test_a_package_for_another_python() -> None:  # B5
    (row,) = found(package("old", "1.0", python="<3.10"))
    assert ("python", "old:python", True) == (row.kind, row.subject, row.is_error)


def test_markers_and_extras_are_evaluated() -> None:
    rows = (
        package("web", "1.0", 'win; sys_platform == "win32"', 'fast; extra == "speed"'),
        package("app", "1.0", "web"),
    )
    assert [] == kinds(*rows, direct=("app",))
    assert [("missing", "web:fast")] == kinds(*rows, direct=("web[Speed]",))
    assert [("missing", "web:fast")] == kinds(*rows, package("top", "1", "web[speed]"))


def test_extras_that_ask_for_each_other_end() -> None:
    rows = package("a", "1", 'a[y]; extra == "x"', 'a[x]; extra == "y"', 'b; extra == "y"')
    assert [("missing", "a:b")] == kinds(rows, direct=("a[x]",))


def test_prereleases_local_versions_and_sources_fit() -> None:
    rows = (
        package("needs", "1.0", "torch>=2.0", "beta>=1.0", "here"),
        package("torch", "2.1+cpu"),
        package("beta", "1.1b2"),
        Distribution(name="here", version=None),
    )
    assert [] == kinds(*rows)


def test_a_finding_is_passed_by_its_rule_and_names() -> None:
    (row,) = found(package("needs", "1.0", "alpha"))
    assert row.is_allowed(["requirements:needs:alpha"])
    assert row.is_allowed(["requirements:needs:*"])
    assert not row.is_allowed(["requirements:other:*"])


def test_a_marker_that_cannot_be_compared_is_one_line_with_its_place() -> None:  # B10
    with pytest.raises(UserError) as caught:
        found(package("needs", "1.0", 'alpha; sys_platform ~= "linux"'))
    assert 78 == caught.value.code
    assert caught.value.message.startswith(
        "needs 1.0: cannot evaluate the marker `sys_platform ~= "
    )
