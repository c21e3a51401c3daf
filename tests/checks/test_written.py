"""What an import leaves among the sources does not stay there."""

from __future__ import annotations

from pathlib import Path

from relforge.checks import written
from tests.checks import trees


def test_new_files_are_removed_and_named_and_others_stay(tmp_path: Path) -> None:
    release = trees.app(tmp_path, {"app/a.py": "", "app/data/b.py": ""})
    before = written.listing(release)
    assert {"app/a.py", "app/data", "app/data/b.py"} == before
    (release.tree / "app/data/c.sqlite3").write_text("")
    (release.tree / "app/cache/deep").mkdir(parents=True)
    (release.tree / "app/cache/deep/d").write_text("")
    (release.tree / "app/link").symlink_to("data")
    found = list(written.rule(release, before))
    assert ["app/cache/deep/d", "app/data/c.sqlite3", "app/link"] == sorted(
        row.path for row in found
    )
    assert before == written.listing(release)
    assert [] == list(written.rule(release, before))


def test_a_release_without_sources_has_nothing_to_list(tmp_path: Path) -> None:
    assert frozenset() == written.listing(trees.release(tmp_path, {}))
