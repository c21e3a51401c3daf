"""Which index a package is taken from."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.version import Version

from relforge.layers.deps import index_binding, locking
from relforge.layers.deps.locking import LockRequest
from relforge.layers.deps.package_sources import PackageSources, places
from relforge.layers.deps.pins import Pin
from relforge.model.release import Release
from relforge.model.spec import Index, PackageSettings
from tests.layers.deps import server
from tests.layers.deps.test_lock import Resolver, with_pex, with_uv

MakeWheel = Callable[..., Path]
CORP = Index(name="corp", url="https://corp/simple", packages=("corp-*", "Special"))
PUBLIC = Index(name="pub", url="https://pub/simple", default=True)
both = pytest.mark.parametrize("resolver", [with_uv, with_pex])


def pin(name: str) -> Pin:
    return Pin(name=name, version=Version("1"), where="", sha256=())


def test_a_pattern_binds_a_package_by_its_normal_name() -> None:  # P6
    known = PackageSources(indexes=(PUBLIC, CORP))
    assert CORP == index_binding.bound(known, "Corp_Kit")
    assert CORP == index_binding.bound(known, "special")
    assert index_binding.bound(known, "flask") is None
    assert (CORP, PUBLIC) == known.by_priority


def test_what_an_answer_shows_is_bound_in_the_next_question() -> None:  # P6
    known = PackageSources(indexes=(PUBLIC, CORP))
    first = index_binding.of_names(known, ["corp-kit", "flask"])
    assert {"corp-kit": CORP} == dict(first.names)
    pins = [pin("corp-kit"), pin("flask"), pin("corp-base")]
    second = index_binding.settled(first, pins, known)
    assert second is not None
    assert {"corp-kit", "corp-base"} == second.names.keys()
    assert second.is_strict
    assert index_binding.settled(second, pins, known) is None


@pytest.fixture
def indexes(make_wheel: MakeWheel, tmp_path: Path) -> Iterator[tuple[Index, Index]]:
    """Two indexes that share names; the packages of the public one are newer."""

    def needs(*what: str) -> str:
        return "".join(f"Requires-Dist: {row}\n" for row in what)

    corp, pub = tmp_path / "corp", tmp_path / "pub"
    for directory, version in ((corp, "1.0"), (pub, "2.0")):
        make_wheel("corp_base", version, {"corp_base.py": ""}, directory=directory)
        make_wheel("shared", version, {"shared.py": ""}, directory=directory)
        asked = needs("corp-base", "shared")
        make_wheel("corp_kit", version, {"corp_kit.py": ""}, directory=directory, metadata=asked)
    with server.serve(corp, html=True) as first, server.serve(pub, html=True) as second:
        yield Index(name="corp", url=first.url), Index(name="pub", url=second.url, default=True)


@pytest.fixture
def lock(
    release: Release, indexes: tuple[Index, Index], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., set[str]]:
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)

    def run(resolver: Resolver, *patterns: str) -> set[str]:
        corp, pub = indexes
        found = PackageSettings(indexes=(replace(corp, packages=patterns), pub))
        order = LockRequest(
            project=replace(release.project, dependencies=("corp-kit",)),
            settings=replace(release.settings, packages=found),
            interpreter=release.python,
            target=release.target,
            output=release.project.root / "pylock.toml",
        )
        changes = locking.write(order, resolver=resolver)
        assert changes is not None
        return {f"{row.name} {row.after}" for row in changes}

    return run


@pytest.mark.process
@pytest.mark.network
@both
def test_the_first_index_that_has_a_package_wins_and_the_other_is_named(  # P6
    lock: Callable[..., set[str]], resolver: Resolver, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="relforge.layers.deps"):
        assert {"corp-kit 1.0", "corp-base 1.0", "shared 1.0"} == lock(resolver)
    said = [row.getMessage() for row in caplog.records]
    assert any("shared is on corp (http" in row and "and pub (http" in row for row in said)


@pytest.mark.process
@pytest.mark.network
@both
def test_a_bound_package_comes_from_its_index_and_the_index_gives_nothing_else(  # P6
    lock: Callable[..., set[str]], resolver: Resolver, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="relforge.layers.deps"):
        expected = {"corp-kit 1.0", "corp-base 1.0", "shared 2.0"}
        assert expected == lock(resolver, "corp-*")
    assert [] == [row for row in caplog.records if " is on " in row.getMessage()]


def test_the_settings_bind_and_refuse_what_is_no_pattern(tmp_path: Path) -> None:
    found = places(PackageSettings(indexes=(CORP, PUBLIC)), tmp_path)
    assert ("corp-*", "Special") == found.by_priority[0].packages
