"""What the last build made is taken as it is, while nobody has touched it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from relforge import cache
from relforge.model.release import Layer, Release
from relforge.pipeline import build_record
from tests import builder


@pytest.fixture
def built(tmp_path: Path) -> Release:
    release = builder.release(tmp_path)
    tree = release.final_tree
    (tree / "bin").mkdir(parents=True)
    (tree / "bin" / "shop").write_text("#!/bin/sh\n")
    (tree / "bin" / "link").symlink_to("shop")
    layer = Layer(name="app", key="k", cached=False, seconds=2.0, entries=cache.scan(tree))
    release = replace(release, tree=tree, layers=(layer,), notes=("mind the gap",))
    build_record.keep(release, "key")
    return release


def found(built: Release, key: str = "key") -> Release | None:
    fresh = replace(
        built,
        tree=built.build_dir / "draft",
        layers=(),
        notes=(),
        target=builder.release(built.project.root).target,
    )
    return build_record.find(fresh, key)


def test_it_comes_back_as_it_was(built: Release) -> None:
    again = found(built)
    assert again is not None
    assert again == replace(
        built, layers=tuple(replace(row, cached=True, seconds=0.0) for row in built.layers)
    )


def test_other_inputs_are_another_build(built: Release) -> None:
    assert build_record.is_known(built, "key")
    assert not build_record.is_known(built, "other")
    assert found(built, "other") is None
    build_record.keep(built, "other")
    assert not build_record.is_known(built, "key"), "one is remembered for each tree"


def test_the_state_of_a_release_is_not_the_release(built: Release) -> None:
    (built.tree / "var" / "log").mkdir(parents=True)
    (built.tree / "var" / "log" / "web.log").write_text("started")
    assert found(built) is not None


def append(tree: Path) -> None:
    (tree / "bin" / "shop").write_text("#!/bin/bash\n")


def rewrite_with_the_same_size(tree: Path) -> None:
    (tree / "bin" / "shop").write_text("#!/bin/SH\n")


def remove(tree: Path) -> None:
    (tree / "bin" / "shop").unlink()


def add(tree: Path) -> None:
    (tree / "bin" / "other").write_text("")


def chmod(tree: Path) -> None:
    (tree / "bin" / "shop").chmod(0o755)


def relink(tree: Path) -> None:
    (tree / "bin" / "link").unlink()
    (tree / "bin" / "link").symlink_to("/etc/passwd")


def put_a_link_in_place(tree: Path) -> None:
    (tree / "bin" / "shop").unlink()
    (tree / "bin" / "shop").symlink_to("link")


@pytest.mark.parametrize(
    "touch",
    [append, rewrite_with_the_same_size, remove, add, chmod, relink, put_a_link_in_place],
)
def test_a_tree_that_was_touched_is_built_again(
    built: Release, touch: Callable[[Path], None]
) -> None:
    os.utime(built.tree / "bin" / "shop", ns=(0, built.layers[0].entries[1].mtime_ns))
    touch(built.tree)
    assert found(built) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"layers": [[1]]}', '{"layers": 3}'])
def test_a_damaged_record_is_no_record(built: Release, text: str) -> None:
    (record,) = built.build_dir.glob(".shop-1.0.*.json")
    record.write_text(text)
    assert found(built) is None
