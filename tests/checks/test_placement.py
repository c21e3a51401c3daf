"""Modes, links, and what got in by accident."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from relforge.checks import leftovers, placement
from relforge.model.release import Layer, Release
from tests.checks import trees


@pytest.mark.parametrize("mode", [0o666, 0o4755, 0o2755, 0o777])
def test_a_file_that_is_not_plain(tmp_path: Path, mode: int) -> None:
    release = trees.app(tmp_path, {"app/a": ""})
    (finding,) = placement.modes(with_mode(release, mode))
    assert ("error", "app/a") == (finding.severity, finding.path)
    assert f"has mode {mode:04o}" in finding.message


def with_mode(release: Release, mode: int) -> Release:
    (layer,) = release.layers
    entries = tuple(replace(entry, mode=mode) for entry in layer.entries)
    return replace(release, layers=(replace(layer, entries=entries),))


def test_a_directory_that_everybody_may_write_to(tmp_path: Path) -> None:
    release = trees.app(tmp_path, {"app/a": "", "app/open/b": ""})
    assert [] == list(placement.modes(release))
    (release.tree / "app" / "open").chmod(0o777)
    (finding,) = placement.modes(release)
    assert ("warning", "app/open") == (finding.severity, finding.path)


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("/etc/hosts", "an absolute path on this host"),
        ("../../outside", "outside of the release"),
        ("nowhere", "which does not exist"),
        ("loop", "which does not exist"),
    ],
)
def test_a_link_that_leads_nowhere_or_out(tmp_path: Path, target: str, problem: str) -> None:
    (tmp_path / "outside").touch()
    release = trees.app(tmp_path, {"app/a": "", "app/loop": f"->{target}"})
    (finding,) = placement.links(release)
    assert ("error", "app/loop") == (finding.severity, finding.path)
    assert problem in finding.message


def test_links_that_stay_inside(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {
        "app/a": "",
        "app/b": "->a",
        "app/c": "->../app",
        "bin/d": "->../app/b",
        "app/state": "->../var/cache",
    }
    assert [] == list(placement.links(trees.app(tmp_path, files)))


def test_the_targets_own_python_is_outside(tmp_path: Path) -> None:
    link: dict[str, bytes | str] = {"python/bin/python3.12": "->/usr/bin/python3.12"}
    release = trees.release(tmp_path, {"python": link})
    assert 1 == len(list(placement.links(release)))
    python = replace(release.python, source="system")
    assert [] == list(placement.links(replace(release, python=python)))


def test_what_got_in_by_accident_is_reported_once_with_its_size(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {
        "app/shop/a.py": "",
        "app/shop/node_modules/one/index.js": "x" * 1500,
        "app/shop/node_modules/two/node_modules/three/index.js": "x" * 1500,
        "app/shop/tests/test_a.py": "",
        "app/shop/db.sqlite3": "x",
        "app/.git/config": "x",
    }
    rows = {row.path: row.message for row in leftovers.rule(trees.app(tmp_path, files))}
    assert {"app/shop/node_modules", "app/shop/db.sqlite3", "app/.git"} == rows.keys()
    assert "is npm's packages: 2 files, 3.0 kB" == rows["app/shop/node_modules"]


def test_large_files_and_large_tests(tmp_path: Path) -> None:
    small: dict[str, bytes | str] = {"app/shop/model.bin": "", "app/shop/tests/data.json": ""}
    release = trees.app(tmp_path, small)
    assert [] == list(leftovers.rule(release))
    rows = {row.path: row.message for row in leftovers.rule(grown(release))}
    assert {"app/shop/model.bin", "app/shop/tests"} == rows.keys()
    assert "is large: 60.0 MB" == rows["app/shop/model.bin"]


def grown(release: Release) -> Release:
    (layer,) = release.layers
    entries = tuple(replace(entry, size=60_000_000) for entry in layer.entries)
    grown: Layer = replace(layer, entries=entries)
    return replace(release, layers=(grown,))
