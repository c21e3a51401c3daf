"""What several packages bring under one name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from relforge.checks import collisions
from relforge.model.release import Collision, Finding, Layer, Part, Release
from tests.checks import trees

SITE = trees.SITE
CLASH = Collision(path=f"{SITE}/x.py", kind="module", winner="b==2", loser="a==1")


def of_two(root: Path, one: dict[str, bytes | str], other: dict[str, bytes | str]) -> Release:
    """A release of two packages, `a` and `b`."""
    release = trees.release(root, {"deps": {**one, **other}})

    def with_parts(layer: Layer) -> Layer:
        entries = {entry.path: entry for entry in layer.entries}
        parts = tuple(
            Part(origin="wheel", name=name, entries=tuple(entries[path] for path in files))
            for name, files in (("a==1", one), ("b==2", other))
        )
        return replace(layer, parts=parts)

    return replace(release, layers=tuple(map(with_parts, release.layers)))


def found(root: Path, *rows: Collision) -> list[Finding]:
    return list(collisions.rule(replace(trees.app(root, {"app/a": ""}), collisions=rows)))


def test_a_module_of_two_packages_is_an_error_that_names_both_ways_out(tmp_path: Path) -> None:
    """P31, B6."""
    (row,) = found(tmp_path, CLASH)
    assert ("error", f"{SITE}/x.py") == (row.severity, row.path)
    assert "is in a==1 and in b==2" in row.message
    assert 'dependencies.prefer = ["a"] or ["b"]' in row.hint


def test_who_was_preferred_wins_without_a_word(tmp_path: Path) -> None:
    """P31."""
    assert [] == found(tmp_path, replace(CLASH, wanted=True))


def test_programs_data_and_stray_tests_are_warnings_and_texts_a_note(tmp_path: Path) -> None:
    """P31, B6."""
    rows = (
        replace(CLASH, kind="script", path="python/share/scripts/run.py"),
        replace(CLASH, kind="data", path="python/share/a.dat"),
        replace(CLASH, kind="stray", path=f"{SITE}/tests/__init__.py"),
        replace(CLASH, kind="text", path=f"{SITE}/README.md"),
    )
    reported = found(tmp_path, *rows)
    assert [("warning", "python/bin/run"), ("warning", "python/share/a.dat")] == [
        (row.severity, row.path) for row in reported[:2]
    ]
    assert 3 == len(reported)
    (note,) = collisions.notes(replace(trees.app(tmp_path, {"app/a": ""}), collisions=rows))
    assert note.endswith("README.md from b==2")


def test_a_module_in_two_shapes_is_reported(tmp_path: Path) -> None:
    """B7."""
    one: dict[str, bytes | str] = {f"{SITE}/multi.py": "", f"{SITE}/fast.py": ""}
    other: dict[str, bytes | str] = {
        f"{SITE}/multi/__init__.py": "",
        f"{SITE}/fast.cpython-312-x86_64-linux-gnu.so": b"",
    }
    rows = {row.path: row for row in collisions.rule(of_two(tmp_path, one, other))}
    assert {f"{SITE}/multi.py", f"{SITE}/fast.py"} == {*rows}
    assert f"{SITE}/multi/__init__.py of b==2 has the same name" in rows[f"{SITE}/multi.py"].message
    assert {"warning"} == {row.severity for row in rows.values()}


def test_a_directory_that_is_no_package_hides_behind_a_module(tmp_path: Path) -> None:
    """B7: the interpreter takes the module first."""
    release = of_two(tmp_path, {f"{SITE}/multi.py": ""}, {f"{SITE}/multi/part.py": ""})
    (row,) = collisions.rule(release)
    assert f"{SITE}/multi/part.py" == row.path


def test_both_shapes_of_one_package_are_its_own_matter(tmp_path: Path) -> None:
    both: dict[str, bytes | str] = {f"{SITE}/multi.py": "", f"{SITE}/multi/__init__.py": ""}
    assert [] == list(collisions.rule(of_two(tmp_path, both, {})))


def test_a_module_of_the_application_behind_a_package(tmp_path: Path) -> None:
    """B7: site-packages comes first."""
    release = trees.release(
        tmp_path, {"deps": {f"{SITE}/yaml/__init__.py": ""}, "app": {"app/yaml.py": ""}}
    )
    (row,) = collisions.rule(release)
    assert "app/yaml.py" == row.path
    assert "is never imported" in row.message
