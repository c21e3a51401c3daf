"""The store of wheels, without pex: from files that the lock names."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Protocol

import pytest
from packaging.version import Version

from relforge import cache
from relforge.layers.deps import file_choice, wheels
from relforge.layers.deps.package_sources import PackageSources
from relforge.layers.deps.pins import LockedFile, Pin
from relforge.layers.deps.platform import Platform, platform
from relforge.model.release import Interpreter, Target
from relforge.support.errors import UserError

CP312 = Interpreter(
    version="3.12.1", tag="cp312", machine="x86_64", source="host", origin=Path("/python"), key=""
)
PYTHON = Path(sys.executable)
NOWHERE = PackageSources()


class MakeWheel(Protocol):
    def __call__(self, name: str, version: str, contents: dict[str, str]) -> Path: ...


def pin(*files: LockedFile) -> Pin:
    return Pin(
        name="click",
        version=Version("1.0"),
        where="pylock.toml: packages[0] (click)",
        sha256=tuple(file.sha256 for file in files),
        files=files,
    )


def local(path: Path) -> LockedFile:
    return LockedFile(name=path.name, sha256=cache.sha256(path), path=str(path))


def test_a_file_is_fetched_once_and_then_served_from_the_store(
    make_wheel: MakeWheel, here: Platform
) -> None:
    path = make_wheel("click", "1.0", {"click.py": ""})
    locked = pin(local(path))
    (first,) = wheels.collect((locked,), here, PYTHON, NOWHERE)
    path.unlink()
    (second,) = wheels.collect((locked,), here, PYTHON, NOWHERE)
    assert first == second
    assert "click==1.0" == second.name
    assert cache.home() / "wheels" / locked.sha256[0] / path.name == second.path


def test_a_damaged_file_of_the_store_is_fetched_again(
    make_wheel: MakeWheel, here: Platform
) -> None:
    path = make_wheel("click", "1.0", {"click.py": ""})
    (first,) = wheels.collect((pin(local(path)),), here, PYTHON, NOWHERE)
    first.path.write_bytes(b"damaged")
    (second,) = wheels.collect((pin(local(path)),), here, PYTHON, NOWHERE)
    assert path.read_bytes() == second.path.read_bytes()


def test_a_hash_that_does_not_match_names_package_expected_and_found(
    make_wheel: MakeWheel, here: Platform
) -> None:
    path = make_wheel("click", "1.0", {"click.py": ""})
    expected, found = "a" * 64, cache.sha256(path)
    with pytest.raises(UserError) as caught:
        wheels.collect(
            (pin(LockedFile(name=path.name, sha256=expected, path=str(path))),),
            here,
            PYTHON,
            NOWHERE,
        )
    for part in ("click==1.0", "packages[0]", expected, found):
        assert part in caught.value.message
    assert not list((cache.home() / "wheels").rglob("*.whl"))


def test_a_file_that_is_gone_is_named(here: Platform, tmp_path: Path) -> None:
    gone = LockedFile(
        name="click-1.0-py3-none-any.whl", sha256="a" * 64, path=str(tmp_path / "gone")
    )
    with pytest.raises(UserError, match=r"(?s)packages\[0\].*gone: not found"):
        wheels.collect((pin(gone),), here, PYTHON, NOWHERE)


def remote(name: str) -> LockedFile:
    return LockedFile(name=name, sha256=cache.digest(name.encode()), url=f"https://host/{name}")


def best(*names: str, machine: str = "x86_64", glibc: str = "2.28") -> str:
    target = platform(CP312, Target(system="linux", machine=machine, glibc=glibc))
    return file_choice.best(pin(*map(remote, names)), target).name


def test_the_most_specific_wheel_is_taken() -> None:
    anywhere = "click-1.0-py3-none-any.whl"
    stable = "click-1.0-cp38-abi3-manylinux_2_17_x86_64.whl"
    own = "click-1.0-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
    too_new = "click-1.0-cp312-cp312-manylinux_2_34_x86_64.whl"
    musl = "click-1.0-cp312-cp312-musllinux_1_2_x86_64.whl"
    source = "click-1.0.tar.gz"
    everything = (source, anywhere, stable, too_new, own, musl)
    assert own == best(*everything)
    assert too_new == best(*everything, glibc="2.36")
    assert anywhere == best(*everything, machine="aarch64")
    assert stable == best(source, anywhere, stable, musl)
    assert source == best(source, musl)


def test_a_higher_build_number_wins() -> None:
    names = ("click-1.0-1-py3-none-any.whl", "click-1.0-2-py3-none-any.whl")
    assert names[1] == best(*names)


def test_a_package_without_anything_for_the_target_is_named() -> None:
    with pytest.raises(UserError) as caught:
        best("click-1.0-cp311-cp311-win_amd64.whl")
    assert "click==1.0 has neither a wheel for cp312 on x86_64" in caught.value.message


def test_a_copy_on_this_host_is_preferred_to_an_address(make_wheel: MakeWheel) -> None:
    path = make_wheel("click", "1.0", {"click.py": ""})
    here, there = (
        local(path),
        LockedFile(name=path.name, sha256=cache.sha256(path), url="https://host/x"),
    )
    target = platform(CP312, Target(system="linux", machine="x86_64"))
    assert here == file_choice.best(pin(there, here), target)
    shutil.rmtree(path.parent)
    assert there == file_choice.best(pin(there, here), target)


def test_sources_that_nothing_here_can_build_are_reported(tmp_path: Path) -> None:
    elsewhere = platform(CP312, Target(system="linux", machine="riscv64"))
    source = tmp_path / "click-1.0.tar.gz"
    source.write_bytes(b"")
    with pytest.raises(UserError, match=r"has no Python 3\.12 to build it for riscv64"):
        wheels.collect((pin(local(source)),), elsewhere, None, NOWHERE)
