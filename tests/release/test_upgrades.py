"""Two versions of a real project, for two Pythons, replaced under load: the short form.

Where the host has no second Python both are for the same one, and that is said.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.upgrades import Shelf
from tests import pythons

pytestmark = pytest.mark.release


@pytest.fixture(scope="module")
def shelf(warm: Path) -> Iterator[Shelf]:
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(prefix="rf-") as name:
        patch.setenv("RELFORGE_CACHE_DIR", str(warm))
        patch.setenv("SOURCE_DATE_EPOCH", "1700000000")
        versions = {"1.0.0": pythons.another() or pythons.OWN, "2.0.0": pythons.OWN}
        yield Shelf.build(Path(name), versions)


def test_the_versions_are_for_two_pythons(shelf: Shelf) -> None:
    other = pythons.another()
    if other is None:
        pytest.skip(f"this host has one CPython, {pythons.OWN}: the upgrades stay on it")
    found = {place.name for place in shelf.root.glob("releases/*/python/lib/python3.*")}
    assert {f"python{pythons.OWN}", f"python{other}"} == found


def test_no_request_fails_while_versions_and_pythons_change(shelf: Shelf) -> None:
    turns = argparse.Namespace(upgrades=2, reloads=1)
    with shelf.running():
        pid = shelf.status()["pid"]
        report = shelf.measured(lambda: shelf.turns(turns))
        assert [] == report["failed"]
        assert {"1.0.0", "2.0.0"} == set(report["versions"])
        assert pid == shelf.status()["pid"]

        report = shelf.measured(lambda: shelf.failures(3))
        assert [] == report["failed"]
        assert {"1.0.0"} == set(report["versions"])

        control = shelf.measured(shelf.restart)
        assert control["failed"], "the meter sees what a restart costs"

        rows = json.loads(shelf.call("releases", "--json"))["releases"]
        failed = {row["version"]: row["failed"] and row["failed"]["why"] for row in rows}
        assert failed["2.0.0"]
        assert failed["1.0.0"] is None
