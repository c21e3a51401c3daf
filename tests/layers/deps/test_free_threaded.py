"""Wheels for a free-threaded build: which one is taken, and which ones a lock keeps."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.version import Version

from relforge.layers.deps import file_choice, pylock_text
from relforge.layers.deps.pins import LockedFile, Pin
from relforge.layers.deps.platform import platform
from relforge.model.release import Interpreter, Target
from relforge.support.errors import UserError

LINUX = "manylinux_2_28_x86_64"
PLAIN = f"a-1.0-cp314-cp314-{LINUX}.whl"
THREADED = f"a-1.0-cp314-cp314t-{LINUX}.whl"
STABLE = f"a-1.0-cp311-abi3-{LINUX}.whl"
STABLE_THREADED = f"a-1.0-cp315-abi3t-{LINUX}.whl"
PURE = "a-1.0-py3-none-any.whl"
SOURCE = "a-1.0.tar.gz"
ALL = (PLAIN, THREADED, STABLE, STABLE_THREADED, PURE, SOURCE)


def pin(*names: str) -> Pin:
    files = tuple(
        LockedFile(name=name, sha256=f"{number:064x}", url=f"https://host/{name}")
        for number, name in enumerate(names)
    )
    sums = tuple(file.sha256 for file in files)
    return Pin(name="a", version=Version("1.0"), where="lock: a", sha256=sums, files=files)


def best(*names: str, version: str = "3.14.2", tag: str = "cp314t") -> str:
    python = Interpreter(
        version=version, tag=tag, machine="x86_64", source="host", origin=Path("/p"), key=""
    )
    target = platform(python, Target(system="linux", machine="x86_64", glibc="2.28"))
    return file_choice.best(pin(*names), target).name


def test_its_own_wheel_comes_first_then_a_pure_one_then_the_source() -> None:
    assert THREADED == best(*ALL)
    assert PURE == best(PLAIN, STABLE, PURE, SOURCE)
    assert SOURCE == best(PLAIN, STABLE, SOURCE)
    with pytest.raises(UserError, match="neither a wheel for cp314t on x86_64"):
        best(PLAIN, STABLE)


def test_the_stable_abi_of_free_threaded_builds_counts() -> None:
    assert STABLE_THREADED == best(STABLE, STABLE_THREADED, PURE, version="3.15.0", tag="cp315t")
    assert PURE == best(STABLE_THREADED, PURE), "it is for a newer one"


def test_the_plain_build_takes_none_of_them() -> None:
    assert PLAIN == best(*ALL, tag="cp314")
    assert STABLE == best(THREADED, STABLE, STABLE_THREADED, PURE, tag="cp314")


@pytest.mark.parametrize(
    ("short", "kept"),
    [
        ("3.14", {PLAIN, STABLE, PURE}),
        ("3.14t", {THREADED, PURE}),
        ("3.15t", {STABLE_THREADED, PURE}),
        ("3.15", {STABLE, PURE}),
    ],
)
def test_a_lock_keeps_what_that_build_takes(short: str, kept: set[str]) -> None:
    text = pylock_text.render([pin(*ALL)], short, Path("/"))
    assert f'requires-python = "=={short.removesuffix("t")}.*"' in text
    assert {*kept, SOURCE} == {name for name in ALL if f'"{name}"' in text}
