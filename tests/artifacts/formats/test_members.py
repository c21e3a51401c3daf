"""Members: compressed once, whole, and of just the files that were promised."""

from __future__ import annotations

import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from relforge import cache
from relforge.artifacts import formats
from relforge.artifacts.formats import tar_members
from relforge.model.release import Entry, Layer
from relforge.support.errors import UserError
from tests import builder
from tests.artifacts.formats import shop


def kept(own_cache: Path) -> set[Path]:
    return set((own_cache / "members").glob("*.gz"))


def test_a_layer_that_did_not_change_is_not_compressed_again(
    own_cache: Path, tmp_path: Path
) -> None:
    shop.packed(tmp_path / "one", "tar.gz")
    before = kept(own_cache)
    shop.packed(tmp_path / "two", "tar.gz", change="# changed\n")
    assert 1 == len(kept(own_cache) - before), "the application's layer"


def test_a_file_that_changed_after_it_was_listed_is_refused(
    own_cache: Path, tmp_path: Path
) -> None:
    release = shop.prepared(tmp_path)
    (release.tree / "app/manage.py").write_text("import SYS\n")
    with pytest.raises(UserError, match=r"manage\.py: the file changed while it was being packed"):
        formats.step(release)
    assert not (tmp_path / "dist").exists()


@pytest.mark.parametrize("damage", ["flip", "cut", "remove", "note"])
def test_a_damaged_member_is_made_again(own_cache: Path, tmp_path: Path, damage: str) -> None:
    expected = shop.packed(tmp_path / "one", "tar.gz").path.read_bytes()
    victim = max(kept(own_cache), key=lambda path: path.stat().st_size)
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    match damage:
        case "flip":
            victim.write_bytes(data)
        case "cut":
            victim.write_bytes(data[:-9])
        case "remove":
            victim.unlink()
        case "note":
            victim.with_suffix(".json").write_text("{")
    assert expected == shop.packed(tmp_path / "two", "tar.gz").path.read_bytes()
    assert not list((own_cache / "members").glob(".*")), "no drafts"


def test_a_large_layer_is_several_members_and_a_change_moves_few_of_them(
    own_cache: Path, tmp_path: Path
) -> None:
    tree = tmp_path / "tree"
    (tree / "lib").mkdir(parents=True)
    digests = [cache.digest(bytes([number % 256, number // 256])) for number in range(400)]

    def layer(sizes: list[int]) -> Layer:
        entries = tuple(
            Entry(path=f"lib/{number:03}", mode=0o644, size=size, sha256=digests[number])
            for number, size in enumerate(sizes)
        )
        return Layer(name="deps", key="k", cached=True, seconds=0, entries=entries)

    def parts(sizes: list[int]) -> list[tuple[str, ...]]:
        release = builder.release(tmp_path, tree=tree, layers=(layer(sizes),))
        found = tar_members._parts(release, "shop-1.0", lambda _: 0)
        return [tuple(entry.path for entry in part.entries) for part in found]

    before = parts([100_000] * 400)
    after = parts([100_000] * 3 + [900_000] + [100_000] * 396)
    assert 5 < len(before) < 25
    assert [path for part in before for path in part] == [path for part in after for path in part]
    assert len(set(before) - set(after)) <= 2


def test_each_directory_is_there_once_and_before_its_files(own_cache: Path, tmp_path: Path) -> None:
    with tarfile.open(shop.packed(tmp_path, "tar.gz").path) as archive:
        rows = archive.getmembers()
    directories: set[str] = set()
    for row in rows:
        parent, _, _ = row.name.rpartition("/")
        assert not parent or parent in directories, row.name
        if row.isdir():
            directories.add(row.name)


def test_a_directory_with_nothing_in_it_is_there(own_cache: Path, tmp_path: Path) -> None:
    release = replace(shop.prepared(tmp_path), directories=("app/spool/in",))
    packed = formats.step(formats.choose(release, ("tar.gz",))).artifacts[0]
    with tarfile.open(packed.path) as archive:
        names = [row.name for row in archive.getmembers() if row.isdir()]
    assert "shop-1.0/app/spool/in" in names
    assert 1 == names.count("shop-1.0/app/spool")


def test_nothing_is_read_or_written_where_nothing_changed(own_cache: Path, tmp_path: Path) -> None:
    release = formats.choose(shop.prepared(tmp_path), ("tar.gz", "run"))
    first = formats.step(release).artifacts
    before = [row.path.stat() for row in first]
    for path in kept(own_cache):
        path.chmod(0)
    assert first == formats.step(release).artifacts
    assert before == [row.path.stat() for row in first]


@pytest.mark.parametrize("changed", ["", "# changed"])
def test_what_a_build_was_writing_when_it_was_killed_goes_with_the_next(
    own_cache: Path, tmp_path: Path, changed: str
) -> None:
    (artifact,) = formats.step(shop.prepared(tmp_path)).artifacts
    (artifact.path.parent / f".{artifact.path.name[:40]}.k1ll3d").write_text("half")
    formats.step(shop.prepared(tmp_path, changed))
    assert [artifact.path] == list(artifact.path.parent.iterdir())


@pytest.mark.parametrize("damage", ["written to", "replaced", "removed", "mode"])
def test_an_artifact_that_is_not_as_it_was_written_is_written_again(
    own_cache: Path, tmp_path: Path, damage: str
) -> None:
    release = shop.prepared(tmp_path)
    (artifact,) = formats.step(release).artifacts
    expected, path = artifact.path.read_bytes(), artifact.path
    match damage:
        case "written to":
            path.write_bytes(expected[:-1] + b"x")
        case "replaced":
            path.rename(path.with_name("away"))
            path.write_bytes(expected[:-1] + b"x")
        case "removed":
            path.unlink()
        case "mode":
            path.chmod(0o600)
    assert (artifact,) == formats.step(release).artifacts
    assert expected == path.read_bytes()
    assert 0o644 == path.stat().st_mode & 0o777
