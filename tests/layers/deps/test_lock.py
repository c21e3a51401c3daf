"""`relforge lock`: by either resolver; what stays, what is upgraded, when nothing is done."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest

from relforge import cache
from relforge.layers.deps import lockfiles, locking, pex, uv
from relforge.layers.deps import step as deps
from relforge.layers.deps.locking import Change, LockRequest
from relforge.layers.deps.pins import Source
from relforge.model.release import Release
from relforge.model.spec import DependencySettings
from relforge.support.errors import UserError
from tests.layers.deps.test_building import committed, sourced

MakeWheel = Callable[..., Path]
Resolver = Literal["pex", "uv"]

needs_uv = pytest.mark.skipif(uv.program() is None, reason="uv is not installed")
with_uv = pytest.param("uv", marks=needs_uv)
with_pex = pytest.param(
    "pex",
    marks=[
        pytest.mark.release,
        pytest.mark.skipif(
            sys.version_info >= pex.VENDORED_UNTIL, reason="pex would have to fetch a pip"
        ),
    ],
)
both = pytest.mark.parametrize("resolver", [with_uv, with_pex])


@pytest.fixture
def order(release: Release, offline: Path) -> Callable[..., LockRequest]:
    """An order for a lock of these requirements, in a project that knows one directory of files."""

    def make(*wanted: str, name: str = "pylock.toml") -> LockRequest:
        return LockRequest(
            project=replace(release.project, dependencies=wanted),
            settings=replace(release.settings, lock=name),
            interpreter=release.python,
            target=release.target,
            output=release.project.root / name,
        )

    return make


@pytest.fixture
def index(make_wheel: MakeWheel) -> None:
    """Two versions of each of two packages; the newer shop needs the newer click."""

    def needs(what: str) -> str:
        return f"Requires-Dist: {what}\n"

    for version in ("1.0.0", "2.0.0"):
        make_wheel("click", version, {"click.py": f"v = '{version}'\n"})
        make_wheel("free", version, {"free.py": f"v = '{version}'\n"})
        make_wheel("cart", version, {"cart.py": ""}, metadata=needs(f"click>={version}"))


def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on no program is run."""
    monkeypatch.setattr(subprocess, "run", None)


@pytest.mark.process
@needs_uv
@pytest.mark.parametrize("name", ["pylock.toml", "requirements.lock"])
def test_lock_writes_what_build_takes_and_does_nothing_when_nothing_changed(
    order: Callable[..., LockRequest],
    index: None,
    release: Release,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    asked = order("click<2", name=name)
    made = locking.write(asked, resolver="uv")
    assert (Change(name="click", before="", after="1.0.0"),) == made
    text = asked.output.read_text()
    if name == "requirements.lock":
        assert "click==1.0.0 \\\n" in text
        assert "://" not in text
    locking.check(asked)
    built = deps.step(replace(release, project=asked.project, settings=asked.settings))
    assert f"{release.python.site_packages}/click.py" in built.layers[0].paths
    silent(monkeypatch)
    assert locking.write(asked) is None
    assert text == asked.output.read_text()


@pytest.mark.process
@both
def test_versions_stay_where_they_fit_and_move_where_they_must(
    order: Callable[..., LockRequest], index: None, resolver: Resolver
) -> None:
    locking.write(order("click<2", "free<2", "cart<2"), resolver=resolver)
    made = locking.write(order("click", "free", "cart>=2"), resolver=resolver)
    assert {("cart", "1.0.0", "2.0.0"), ("click", "1.0.0", "2.0.0")} == rows(made)


@pytest.mark.process
@needs_uv
def test_one_package_is_upgraded_or_all(order: Callable[..., LockRequest], index: None) -> None:
    resolver: Resolver = "uv"
    locking.write(order("click<2", "free<2"), resolver=resolver)
    asked = order("click", "free")
    assert set() == rows(locking.write(asked, resolver=resolver))
    one = locking.write(asked, upgrade=["Free"], resolver=resolver)
    assert {("free", "1.0.0", "2.0.0")} == rows(one)
    everything = locking.write(asked, upgrade="all", resolver=resolver)
    assert {("click", "1.0.0", "2.0.0")} == rows(everything)
    with pytest.raises(UserError, match="--upgrade: 'nothing' is not in the lockfile"):
        locking.write(asked, upgrade=["nothing"], resolver=resolver)


@pytest.mark.process
@both
@pytest.mark.parametrize(
    ("wanted", "version"), [("setuptools", "81.0.0"), ("setuptools>=82", "84.0.0")]
)
def test_setuptools_is_one_that_has_pkg_resources_unless_a_newer_one_is_asked_for(
    order: Callable[..., LockRequest],
    make_wheel: MakeWheel,
    resolver: Resolver,
    wanted: str,
    version: str,
) -> None:
    for number in ("80.0.0", "81.0.0", "84.0.0"):
        make_wheel("setuptools", number, {"setuptools.py": ""})
    make_wheel("old", "1.0.0", {"old.py": ""}, metadata="Requires-Dist: setuptools>=3\n")
    made = locking.write(order("old", wanted), resolver=resolver)
    assert {("old", "", "1.0.0"), ("setuptools", "", version)} == rows(made)


@pytest.mark.process
@needs_uv
def test_what_the_settings_add_is_locked_with_the_rest(
    order: Callable[..., LockRequest], index: None
) -> None:
    asked = order("click<2")
    added = replace(asked.settings, dependencies=DependencySettings(add=("free>1",)))
    asked = replace(asked, settings=added)
    made = locking.write(asked, resolver="uv")
    assert {("click", "", "1.0.0"), ("free", "", "2.0.0")} == rows(made)
    locking.check(asked)


def rows(changes: tuple[Change, ...] | None) -> set[tuple[str, str, str]]:
    assert changes is not None
    return {(row.name, row.before, row.after) for row in changes}


@pytest.mark.release
@needs_uv
@pytest.mark.skipif(sys.version_info >= pex.VENDORED_UNTIL, reason="pex would have to fetch a pip")
def test_both_resolvers_give_the_same_lock_and_the_same_tree(
    order: Callable[..., LockRequest], index: None, release: Release, tmp_path: Path
) -> None:
    asked = order("cart", 'free<2; python_version >= "3.8"', 'click; sys_platform != "win32"')
    texts, trees = [], []
    for resolver in ("pex", "uv"):
        asked.output.unlink(missing_ok=True)
        locking.write(asked, resolver=resolver)
        texts.append(asked.output.read_text())
        tree = tmp_path / resolver
        tree.mkdir()
        given = replace(release, project=asked.project, settings=asked.settings, tree=tree)
        deps.step(given)
        trees.append([(row.path, row.sha256) for row in cache.scan(tree)])
    assert texts[0] == texts[1]
    assert trees[0] == trees[1]


@pytest.mark.process
@needs_uv
def test_check_shows_changed_requirements_an_edited_lock_and_a_missing_one(
    order: Callable[..., LockRequest], index: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = order("cart<2")
    with pytest.raises(UserError, match="no lockfile"):
        locking.check(asked)
    locking.write(asked, resolver="uv")
    silent(monkeypatch)
    locking.check(asked)
    assert refusal(order("cart>=2")).startswith("project.dependencies[0]: the project requires")
    assert "have changed since it was written" in refusal(order("cart<2", "click"))
    asked.output.write_text(asked.output.read_text().replace("click", "clock"))
    assert "edited since" in refusal(asked)


def refusal(asked: LockRequest) -> str:
    with pytest.raises(UserError) as caught:
        locking.check(asked)
    assert 1 == caught.value.code
    assert "relforge lock" in caught.value.hint
    return caught.value.message


@pytest.mark.process
@needs_uv
def test_an_edited_or_broken_lock_is_made_again(
    order: Callable[..., LockRequest], index: None
) -> None:
    asked = order("click<2")
    locking.write(asked, resolver="uv")
    text = asked.output.read_text()
    asked.output.write_text(text.replace("[[packages]]", "<<<<<<< ours\n[[packages]]"))
    locking.write(asked, resolver="uv")
    assert text == asked.output.read_text()


def test_a_resolver_that_is_not_there_is_named(
    order: Callable[..., LockRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uv, "program", lambda: None)
    with pytest.raises(UserError, match="uv is not installed") as caught:
        locking.write(order("click"), resolver="uv")
    assert "pip install uv" in caught.value.hint


@pytest.mark.process
@needs_uv
@pytest.mark.parametrize("name", ["pylock.toml", "requirements.lock"])
def test_a_branch_of_a_repository_is_pinned_to_its_commit(
    order: Callable[..., LockRequest], tmp_path: Path, name: str
) -> None:
    repository = tmp_path / "repository"
    sourced(repository / "inner")
    commit = committed(repository)
    asked = order(f"sourced @ git+{repository.as_uri()}#subdirectory=inner", name=name)
    locking.write(asked, resolver="uv")
    assert commit in asked.output.read_text()
    (pin,) = lockfiles.read(asked.output, asked.project).pins
    assert Source(url=repository.as_uri(), commit=commit, subdirectory="inner") == pin.source
    locking.check(asked)
    assert locking.write(asked) is None


def test_what_uv_alone_knows_the_place_of_is_not_looked_for(
    order: Callable[..., LockRequest],
) -> None:
    asked = order("near")
    text = '[tool.uv.sources]\nNear = { path = "near" }\n'
    (asked.project.root / "pyproject.toml").write_text(text)
    with pytest.raises(UserError, match=r"tool\.uv\.sources names the source of near") as caught:
        locking.write(asked)
    assert "uv lock" in caught.value.hint


def test_a_project_without_dependencies_has_an_empty_lock(order: Callable[..., Any]) -> None:
    asked = order()
    assert () == locking.write(asked)
    locking.check(asked)
