"""Whatever goes wrong during a build: the next one gives what it would have given anyway."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.profiles import SOAK
from tests.release import workshop
from tests.release.workshop import PATIENCE, Workshop, called

pytestmark = pytest.mark.release

KILLS = 200 if SOAK else 20
Disk = Callable[[Path, str], None]


def artifact(shop: Workshop) -> bytes:
    (path,) = (shop.root / "dist").iterdir()
    return path.read_bytes()


def own_cache(shop: Workshop) -> Workshop:
    """The same with a copy of the warm cache, that may be harmed."""
    place = shop.root.parent / "own"
    shutil.copytree(shop.cache, place, symlinks=True)
    return replace(shop, cache=place)


def is_sound(shop: Workshop, *options: str) -> None:
    words = [*workshop.RELFORGE, "cache", "verify", *options]
    done = subprocess.run(
        words, env=shop.variables, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert 0 == done.returncode, done.stdout + done.stderr


def test_killed_at_random_moments(shop: Workshop) -> None:
    shop = own_cache(shop)
    started = time.monotonic()
    shop.report("release")
    expected, length = artifact(shop), time.monotonic() - started
    moments = random.Random(1 if not SOAK else None)
    old = (shop.root / "shop" / "ops.py").read_text()
    for number in range(KILLS):
        shop.put("shop/ops.py", f"{old}# {number}\n")
        with shop.popen("release") as process:
            try:
                process.wait(moments.uniform(0.1, length if SOAK else min(length, 1.2)))
            except subprocess.TimeoutExpired:
                process.kill()
        if number % 5 == 4 or SOAK:
            shop.put("shop/ops.py", old)
            for made in ("trees/app", "members", "artifacts"):  # so that there is work to do
                shutil.rmtree(shop.cache / made, ignore_errors=True)
            shop.report("release")
            assert expected == artifact(shop)
            left = list((shop.root / "_build" / "prod").glob(".*.draft"))
            assert [] == left
    is_sound(shop)


def harm(path: Path) -> None:
    """Change what is in the middle of a file; its name, size and mode stay."""
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 1]))


def test_a_cache_that_was_harmed_gives_the_same_bytes(shop: Workshop, built: Workshop) -> None:
    shop = own_cache(shop)
    shop.report("release")
    for pattern in ("trees/app/*/files/**/*.py", "members/*.gz", "trees/runtime/*/index"):
        for path in shop.cache.glob(pattern):
            if path.is_file() and path.stat().st_size:
                harm(path)
    for note in ("libraries", "python"):
        for path in (shop.cache / note).glob("*.json"):
            path.write_bytes(path.read_bytes()[:-3])
    shutil.rmtree(shop.root / "_build")
    shutil.rmtree(shop.root / "dist")
    shop.report("release")
    assert artifact(built) == artifact(shop)
    is_sound(shop, "--repair")  # what other projects have there, too
    is_sound(shop)


def test_two_projects_at_once_on_one_cold_cache(shop: Workshop, built: Workshop) -> None:
    cache = shop.root.parent / "cold"
    shops = [
        workshop.make(shop.root.parent / name / "shop", cache=cache) for name in ("one", "two")
    ]
    processes = [one.popen("release") for one in shops]
    for process in processes:
        _, said = process.communicate(timeout=PATIENCE)
        assert 0 == process.returncode, said
    assert {artifact(built)} == {artifact(one) for one in shops}


def test_sources_that_change_while_they_are_built_are_built_again(shop: Workshop) -> None:
    ops = shop.root / "shop" / "ops.py"
    old, new = ops.read_text(), "import sys\n\ndef hello():\n    print('bye', *sys.argv[1:])\n"
    shop.add(
        f"""[tool.relforge.assets]
run = [["sh", "-c", "cp {shop.root}/new {ops} && mkdir o"]]
inputs = ["shop/*"]
outputs = {{ "o" = "app/static" }}"""
    )
    shop.put("new", new)
    shop.report("build")
    shop.put("shop/ops.py", new)
    shop.report("build")
    assert "bye you\n" == called(shop.tree / "bin" / "shop", "hello", "you")
    shop.put("new", old)
    shop.put("shop/ops.py", old)
    shop.report("build")
    assert "hello you\n" == called(shop.tree / "bin" / "shop", "hello", "you")


def test_time_stamps_of_the_future_and_of_long_ago_do_not_matter(
    shop: Workshop, built: Workshop
) -> None:
    for number, path in enumerate(sorted(shop.root.rglob("*"))):
        then = 5_000_000_000 if number % 2 else 1
        os.utime(path, (then, then))
    shop.report("release")
    assert artifact(built) == artifact(shop)


def test_strange_names_and_long_paths(shop: Workshop) -> None:
    names = ["naïve-ünïcode-文字.txt", "with space.txt", "-dash", "a'b\"c", "$(id)", "*.txt"]
    long = "/".join(["d" * 60] * 20) + "/" + "f" * 200
    for name in [*names, long]:
        shop.put(f"shop/{name}", name)
    shop.report("release")
    (path,) = (shop.root / "dist").iterdir()
    place = shop.root.parent / "unpacked"
    place.mkdir()
    subprocess.run(["tar", "-xzf", path, "-C", place], check=True, timeout=60)
    for name in [*names, long]:
        assert name == (place / "shop-1.0" / "app" / "shop" / name).read_text()


@pytest.mark.parametrize("name", [b"two\nlines.txt", b"caf\xe9.txt"])
def test_a_name_that_no_line_of_text_can_hold_is_refused(shop: Workshop, name: bytes) -> None:
    with open(os.path.join(os.fsencode(shop.root / "shop"), name), "wb"):
        pass
    said = shop.refused(1, "release")
    assert ascii(os.fsdecode(name))[1:-1] in said
    assert "rename it" in said
    assert not shop.tree.exists()


def test_a_cache_on_another_disk_is_copied_from(
    shop: Workshop, built: Workshop, disk: Disk
) -> None:
    place = shop.root.parent / "other"
    disk(place, "500m")
    there = workshop.make(place / "shop", shop.cache)
    there.report("release")
    assert artifact(built) == artifact(there)
    assert os.stat(place).st_dev != os.stat(shop.cache).st_dev


def test_a_limit_of_a_file_s_size_is_reported(shop: Workshop) -> None:
    words = ("sh", "-c", 'ulimit -f 1000; exec "$@"', "sh")
    said = replace(shop, before=words).refused(1, "release")
    assert "File too large" in said
    assert "ulimit -f" in said
    assert [] == list(shop.root.glob("dist/*"))
    shop.report("release")


@contextmanager
def read_only(place: Path, directory: Path) -> Iterator[None]:
    """The directory as it is, at another place, where nothing can be written."""
    place.mkdir()
    subprocess.run(["mount", "--bind", directory, place], check=True, timeout=30)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", place], check=True, timeout=30)
        yield
    finally:
        subprocess.run(["umount", "-l", place], check=True, timeout=30)


@pytest.mark.skipif(os.geteuid() != 0, reason="it needs root: mount")
def test_a_cache_and_a_project_that_cannot_be_written(shop: Workshop, built: Workshop) -> None:
    place = shop.root.parent / "fixed"
    with read_only(place, shop.cache):
        said = replace(shop, cache=place).refused(1, "release")
        assert f"{place}" in said
        assert "Read-only file system" in said
        assert "RELFORGE_CACHE_DIR" in said
    place = shop.root.parent / "project"
    with read_only(place, shop.root):
        said = replace(shop, root=place).refused(1, "release")
        assert f"{place}/_build" in said
        assert "Read-only file system" in said
        assert "build in a directory that you can write to" in said
    assert not (shop.root / "dist").exists()
