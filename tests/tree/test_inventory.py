"""What is in a tree belongs to the layer that brought it, while it is still that."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from relforge import cache
from relforge.model.release import Layer
from relforge.tree import inventory

FILES = {"python/bin/x": "x", "python/lib/y.py": "y = 1\n"}


@pytest.fixture
def laid(own_cache: Path, tmp_path: Path) -> tuple[Path, Layer]:
    def build(directory: Path) -> None:
        for path, text in FILES.items():
            (directory / path).parent.mkdir(parents=True, exist_ok=True)
            (directory / path).write_text(text)
        (directory / "python/bin/link").symlink_to("x")

    tree = tmp_path / "tree"
    made = cache.tree("python", "k", build)
    cache.place(made, tree)
    return tree, cache.layer("python", made, 0.0)


def test_what_was_laid_out_is_not_read_again(laid: tuple[Path, Layer]) -> None:
    tree, layer = laid
    reported = (row if row.link else replace(row, sha256="reported") for row in layer.entries)
    layer = replace(layer, entries=tuple(reported))
    found = inventory.take(tree, (layer,))
    (kept,), others = found.layers, found.others
    assert (layer.entries, ()) == (kept.entries, others)


def test_what_was_added_belongs_to_no_layer(laid: tuple[Path, Layer]) -> None:
    tree, layer = laid
    (tree / "app").mkdir()
    (tree / "app/z").write_text("z")
    found = inventory.take(tree, (layer,))
    (kept,), others = found.layers, found.others
    assert layer.entries == kept.entries
    assert [("app/z", 1, cache.digest(b"z"))] == [(e.path, e.size, e.sha256) for e in others]


@pytest.mark.parametrize("path", ["python/lib/y.py", "python/bin/link"])
def test_what_was_replaced_leaves_its_layer(laid: tuple[Path, Layer], path: str) -> None:
    tree, layer = laid
    (tree / path).unlink()
    (tree / path).write_text("y = 2\n")
    found = inventory.take(tree, (layer,))
    (kept,), others = found.layers, found.others
    assert path not in kept.paths
    assert [(path, cache.digest(b"y = 2\n"))] == [(entry.path, entry.sha256) for entry in others]


def test_what_was_removed_leaves_its_layer(laid: tuple[Path, Layer]) -> None:
    tree, layer = laid
    (tree / "python/bin/x").unlink()
    found = inventory.take(tree, (layer,))
    (kept,), others = found.layers, found.others
    assert ("python/bin/link", "python/lib/y.py") == kept.paths
    assert () == others


def test_a_copy_with_the_same_content_stays_in_its_layer(laid: tuple[Path, Layer]) -> None:
    tree, layer = laid
    (tree / "python/bin/x").unlink()
    (tree / "python/bin/x").write_text("x")
    os.utime(tree / "python/bin/x", (0, 0))
    found = inventory.take(tree, (layer,))
    (kept,), others = found.layers, found.others
    assert (layer.paths, ()) == (kept.paths, others)


def test_an_entry_that_was_written_through_is_built_again(laid: tuple[Path, Layer]) -> None:
    tree, _ = laid
    (tree / "python/bin/x").write_text("y")  # through the hard link, of the same size

    def build(directory: Path) -> None:
        (directory / "new").write_text("")

    again = cache.tree("python", "k", build)
    assert not again.cached
    assert ["new"] == [entry.path for entry in again.entries]


def test_directories_with_nothing_in_them_are_reported(laid: tuple[Path, Layer]) -> None:
    tree, layer = laid
    (tree / "app/a/b").mkdir(parents=True)
    (tree / "app/c").mkdir()
    found = inventory.take(tree, (layer,))
    assert ("app/a/b", "app/c") == found.directories
    assert inventory.is_whole(tree, (layer,), found.directories)
    (tree / "app/c").rmdir()
    assert not inventory.is_whole(tree, (layer,), found.directories)
