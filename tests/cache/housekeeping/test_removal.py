"""What goes, and that nothing goes which somebody uses."""

from __future__ import annotations

import multiprocessing
import multiprocessing.synchronize
import os
from pathlib import Path

import pytest

from relforge import cache
from relforge.cache.housekeeping import usage
from relforge.cache.housekeeping.inventory import entries
from relforge.cache.housekeeping.removal import Wanted, clean, trim
from relforge.support.errors import Exit, UserError
from tests.cache.housekeeping.conftest import tree, unused


def names() -> set[str]:
    return {row.name for row in entries() if row.kind != "notes"}


def three() -> None:
    """Three entries of 100 kB, used 3, 2 and 1 days ago."""
    for days in (3, 2, 1):
        unused(tree("deps", f"d{days}", 100_000) / "index", days)


def test_the_longest_unused_go_until_the_rest_fits(own_cache: Path) -> None:
    three()
    trim(250_000)
    assert {"trees/deps/d2", "trees/deps/d1"} == names()
    assert [] == list((own_cache / ".trash").iterdir())


def test_without_a_limit_all_stays(own_cache: Path) -> None:
    three()
    trim(None)
    assert 3 == len(names())


def test_nothing_goes_while_a_build_runs(own_cache: Path) -> None:
    three()
    with cache.in_use():
        trim(0)
        with pytest.raises(UserError) as caught:
            clean(Wanted(everything=True))
    assert Exit.LOCKED == caught.value.code
    assert 3 == len(names())


def _use(ready: multiprocessing.synchronize.Event, home: str) -> None:
    os.environ["RELFORGE_CACHE_DIR"] = home
    with cache.in_use():
        ready.set()
        multiprocessing.Event().wait(60)


def test_a_killed_build_keeps_nothing(own_cache: Path) -> None:
    three()
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    process = context.Process(target=_use, args=(ready, str(own_cache)))
    process.start()
    assert ready.wait(30)
    trim(0)
    assert 3 == len(names())
    process.kill()
    process.join(30)
    trim(0)
    assert set() == names()


def test_a_build_that_adds_an_entry_leaves_the_cache_within_its_limit(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    three()
    monkeypatch.setenv("RELFORGE_CACHE_LIMIT", "250 kB")
    with usage.for_a_build():
        pass  # which adds nothing, and so looks at nothing
    assert 3 == len(names())
    with usage.for_a_build():
        tree("deps", "new", 100_000)
    assert {"trees/deps/new", "trees/deps/d1"} == names()
    with usage.for_a_build():
        tree("deps", "more", 100_000)
    assert 3 == len(names()), "one does not look at the whole cache twice a minute"
    unused(own_cache / "locks" / "looked", 1)
    with usage.for_a_build():
        tree("deps", "most", 100_000)
    assert {"trees/deps/more", "trees/deps/most"} == names()


def test_a_limit_that_is_no_size_stops_a_build_before_it_begins(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELFORGE_CACHE_LIMIT", "much")
    with pytest.raises(UserError), usage.for_a_build():
        raise AssertionError


def test_what_was_asked_for_goes(full: Path) -> None:
    assert {"trees/deps/d"} == {row.name for row in clean(Wanted(kinds=("deps",))).sizes}
    unused(full / "trees" / "python" / "p" / "index", 40)
    removed = clean(Wanted(older_than=30 * 86400))
    assert {"trees/python/p"} == {row.name for row in removed.sizes}
    assert removed.size > 10_000
    clean(Wanted(everything=True))
    assert set() == names()
    assert {"use"} == {path.name for path in (full / "locks").iterdir()}
    assert not cache.tree("deps", "d", lambda directory: None).cached


def test_a_dry_run_removes_nothing(full: Path) -> None:
    before = names()
    assert len(before) <= len(clean(Wanted(everything=True), dry_run=True).sizes)
    assert before == names()


def test_drafts_of_killed_builds_and_what_a_killed_cleaning_left_go(own_cache: Path) -> None:
    draft = own_cache / "trees" / "deps" / ".d.abc"
    fresh = own_cache / "members" / ".m.abc"
    for directory in (draft, fresh, own_cache / ".trash" / "left"):
        directory.mkdir(parents=True)
        (directory / "file").write_text("half")
    unused(draft, 1)
    clean(Wanted())
    assert not draft.exists()
    assert fresh.exists()
    assert [] == list((own_cache / ".trash").iterdir())


def test_a_cache_that_is_not_there_is_clean(own_cache: Path) -> None:
    own_cache.rmdir()
    assert {} == clean(Wanted(everything=True)).sizes
    assert not own_cache.exists()
