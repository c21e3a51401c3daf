"""`relforge cache`: what is printed, and the exit codes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from relforge import cache
from relforge.cli import main
from tests.cache.housekeeping.conftest import full, tree, unused

__all__ = ["full"]


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = main(["cache", *words])
    said = capsys.readouterr()
    return status, said.out, said.err


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    status, out, err = run(capsys, *words, "--json")
    assert (0, "") == (status, err)
    return json.loads(out)


def test_info(full: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reported = answer(capsys, "info")
    assert (str(full), 10 * 10**9) == (reported["path"], reported["limit"])
    assert reported["entries"] == sum(row["entries"] for row in reported["kinds"])
    assert reported["size"] == sum(row["size"] for row in reported["kinds"]) > 0
    assert reported["oldest"] > 1_700_000_000
    status, out, err = run(capsys, "info")
    assert (0, "") == (status, err)
    assert str(full) == out.splitlines()[0]
    assert "of 10.0 GB" in out


def test_info_of_no_cache(own_cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own_cache.rmdir()
    reported = answer(capsys, "info")
    assert (0, 0, None, []) == (
        reported["size"],
        reported["entries"],
        reported["oldest"],
        reported["kinds"],
    )
    assert 0 == run(capsys, "info")[0]
    assert not own_cache.exists()


def test_clean(full: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unused(full / "trees" / "python" / "p" / "index", 40)
    status, out, _ = run(capsys, "clean", "--older-than", "30d", "--dry-run")
    assert 0 == status
    assert "trees/python/p" in out
    assert "1 entry would be removed" in out
    reported = answer(capsys, "clean", "--older-than", "30d")
    assert [("python", "trees/python/p")] == [(r["kind"], r["entry"]) for r in reported["entries"]]
    assert 0 == len(answer(capsys, "clean")["entries"])
    assert 1 == len(answer(capsys, "clean", "--kind", "deps")["entries"])
    assert answer(capsys, "clean", "--all")["size"] > 0
    assert 0 == answer(capsys, "info")["entries"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--kind", "dpes"), "the cache has no 'dpes'"),
        (("--older-than", "soon"), "expected a time such as 12h"),
        (("--all", "--kind", "deps"), "goes with neither"),
    ],
)
def test_usage_of_clean(
    full: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], expected: str
) -> None:
    status, out, err = run(capsys, "clean", *words)
    assert (2, "") == (status, out)
    assert expected in err


def test_verify(full: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert [] == answer(capsys, "verify")["damaged"]
    (full / "trees" / "deps" / "d" / "files" / "data").write_text("other")
    status, out, _ = run(capsys, "verify")
    assert 1 == status
    assert "trees/deps/d: data has changed" in out
    assert "relforge cache verify --repair" in out
    status, out, _ = run(capsys, "verify", "--repair")
    assert 0 == status
    assert "trees/deps/d: data has changed (removed)" in out
    assert 0 == run(capsys, "verify")[0]


def test_a_build_at_work_is_waited_for_by_the_user(
    full: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with cache.in_use():
        status, out, err = run(capsys, "clean", "--all")
    assert (75, "") == (status, out)
    assert "a build is using the cache" in err


def test_a_limit_that_is_no_size(
    full: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELFORGE_CACHE_LIMIT", "much")
    assert 78 == run(capsys, "info")[0]
    assert 78 == run(capsys, "clean")[0]


@pytest.mark.process
def test_a_cache_on_a_disk_that_cannot_be_written(
    full: Path, disk: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() != 0:
        pytest.skip("it needs root: mount")
    place = full / "mounted"
    disk(place, "10m")
    monkeypatch.setenv("RELFORGE_CACHE_DIR", str(place))
    tree("deps", "d")
    os.system(f"mount -o remount,ro {place}")
    assert 0 == run(capsys, "info")[0]
    assert 0 == run(capsys, "verify")[0]
    status, out, err = run(capsys, "clean", "--all")
    assert (1, "") == (status, out)
    assert "the cache cannot be written: Read-only file system" in err


@pytest.mark.parametrize("words", [("info",), ("clean", "--all"), ("verify",)])
def test_a_cache_that_is_no_directory_is_refused(
    own_cache: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    own_cache.rmdir()
    own_cache.write_text("precious")
    status, out, err = run(capsys, *words)
    assert (1, "") == (status, out)
    assert f"{own_cache}: the cache must be a directory, and this is a file" in err
    assert "precious" == own_cache.read_text()
