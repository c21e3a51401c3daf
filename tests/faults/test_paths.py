"""Whatever path is asked for: nothing is written outside of the tree, nor through a link."""

from __future__ import annotations

import errno
import os
import posixpath
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from relforge.model.release import Release
from relforge.project.settings.paths import inside
from relforge.project.settings.table import Table
from relforge.support.errors import SettingsError, UserError
from relforge.tree import draft
from tests import builder
from tests.faults.profiles import examples

PARTS = st.sampled_from(
    [
        *("", ".", "..", "app", "python", "release", "out", "up", "abs", "file", "cached", "bin"),
        *("\n", "é", "a" * 300, "\0", "~", "SHA256SUMS", "shop", " "),
    ]
)
PATHS = st.lists(PARTS, min_size=1, max_size=5).map("/".join)
VERBS = ("write", "copy", "copy a directory", "link", "mkdir", "chmod", "remove")


@contextmanager
def workplace() -> Iterator[tuple[Release, Path]]:
    """A draft with links that lead astray, beside a directory that must stay as it is."""
    directory = Path(tempfile.mkdtemp())
    try:
        release = builder.release(directory / "project")
        draft, outside = release.tree, directory / "outside"
        (draft / "app").mkdir(parents=True)
        (outside / "sub").mkdir(parents=True)
        (outside / "file").write_text("kept")
        (outside / "cached").write_text("kept")
        os.link(outside / "cached", draft / "app" / "cached")  # as the cache lays it out
        (draft / "app" / "file").write_text("old")
        (draft / "app" / "out").symlink_to(outside)
        (draft / "app" / "up").symlink_to("../../../../../outside")
        (draft / "app" / "abs").symlink_to(outside / "file")
        yield release, outside
    finally:
        shutil.rmtree(directory)


def kept(outside: Path) -> bool:
    names = {path.name for path in outside.rglob("*")}
    texts = {(outside / name).read_text() for name in ("file", "cached")}
    return ({"sub", "file", "cached"}, {"kept"}) == (names, texts)


@examples(200)
@given(st.one_of(PATHS, st.text(max_size=20)))
def test_a_path_of_the_settings_stays_inside_or_is_refused(path: str) -> None:
    table = Table({}, ("tool", "relforge"))
    try:
        plain = inside(table, "to", path)
    except SettingsError as error:
        assert "tool.relforge.to" in error.message
        return
    assert posixpath.normpath(f"/tree/{plain}").startswith("/tree")
    assert ".." not in plain.split("/")


@examples(100)
@given(st.sampled_from(VERBS), PATHS, PATHS)
@example("write", "app/out/app/app", "")  # a directory, through a link
def test_no_change_of_the_tree_leaves_it(verb: str, path: str, other: str) -> None:
    with workplace() as (release, outside):
        source = release.project.root / "source"
        source.mkdir()
        (source / "file").write_text("new")
        try:
            match verb:
                case "write":
                    draft.write(release, path, "new")
                case "copy":
                    draft.copy(release, source / "file", path)
                case "copy a directory":
                    draft.copy(release, source, path)
                case "link":
                    draft.link(release, path, other)
                case "mkdir":
                    draft.mkdir(release, path)
                case "chmod":
                    draft.chmod(release, path, 0o755)
                case "remove":
                    draft.remove(release, path)
        except UserError as error:
            assert error.message
        except OSError as error:  # the command line has words for it
            assert errno.ENAMETOOLONG == error.errno
        assert kept(outside)
