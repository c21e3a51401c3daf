"""`relforge lock` on top of a lock that another tool wrote: one process test for each kind."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.version import Version

from relforge.layers.deps import lock_judgment, locking
from relforge.layers.deps import step as deps
from relforge.layers.deps.consistency import Distribution
from relforge.layers.deps.locking import Change, LockRequest
from relforge.model.release import Release
from relforge.model.spec import DependencySettings
from relforge.project import lockfile, pyproject
from relforge.support.errors import UserError
from tests.layers.deps.test_lock import Resolver, both, needs_uv

MakeWheel = Callable[..., Path]
PROJECT = '[project]\nname = "shop"\nversion = "1.0"\ndependencies = ["click"]\n'
WHEEL = "click-1.0.0-py3-none-any.whl"


def uv_lock(digest: str, directory: Path) -> str:
    return (
        'version = 1\nrequires-python = ">=3.11"\n[[package]]\nname = "click"\n'
        f'version = "1.0.0"\nsource = {{ registry = "{directory}" }}\n'
        f'wheels = [{{ path = "{WHEEL}", hash = "sha256:{digest}" }}]\n'
        '[[package]]\nname = "shop"\nversion = "1.0"\nsource = { virtual = "." }\n'
        'dependencies = [{ name = "click" }]\n'
    )


def package(digest: str, _: Path) -> str:
    """As Poetry and PDM write it."""
    return (
        '[[package]]\nname = "click"\nversion = "1.0.0"\npython-versions = ">=3.8"\n'
        f'files = [{{ file = "{WHEEL}", hash = "sha256:{digest}" }}]\n'
        '[metadata]\nlock-version = "2.0"\nlock_version = "4.5.0"\n'
    )


def pipfile_lock(digest: str, _: Path) -> str:
    row = {"hashes": [f"sha256:{digest}"], "version": "==1.0.0"}
    return json.dumps({"default": {"click": row}, "develop": {}})


def requirements(digest: str, _: Path) -> str:
    return f"click==1.0.0 --hash=sha256:{digest}\n"


def pylock(digest: str, directory: Path) -> str:
    return (
        'lock-version = "1.0"\ncreated-by = "pip"\n[[packages]]\nname = "click"\n'
        f'version = "1.0.0"\n[[packages.wheels]]\nname = "{WHEEL}"\n'
        f'path = "{directory / WHEEL}"\nhashes = {{ sha256 = "{digest}" }}\n'
    )


KINDS = {
    "uv.lock": uv_lock,
    "poetry.lock": package,
    "pdm.lock": package,
    "Pipfile.lock": pipfile_lock,
    "requirements.txt": requirements,
    "pylock.toml": pylock,
}


@pytest.fixture
def order(release: Release, offline: Path, make_wheel: MakeWheel) -> Callable[..., LockRequest]:
    """An order for a project whose lock of that kind holds click 1.0.0, and these additions.

    Of each package there are two versions; the newer cart needs the newer click.
    """
    for version in ("1.0.0", "2.0.0"):
        make_wheel("click", version, {"click.py": f"v = '{version}'\n"})
        make_wheel("free", version, {"free.py": f"v = '{version}'\n"})
        needs = f"Requires-Dist: click>={version}\nRequires-Dist: free\n"
        make_wheel("cart", version, {"cart.py": ""}, metadata=needs)
    digest = hashlib.sha256((offline / WHEEL).read_bytes()).hexdigest()
    root = release.project.root
    (root / "pyproject.toml").write_text(PROJECT)

    def make(*add: str, kind: str = "requirements.txt") -> LockRequest:
        if not (root / kind).exists():
            (root / kind).write_text(KINDS[kind](digest, offline))
        return LockRequest(
            project=pyproject.load(root),
            settings=replace(release.settings, lock=kind, dependencies=DependencySettings(add=add)),
            interpreter=release.python,
            target=release.target,
            output=root / kind,
        )

    return make


@pytest.mark.process
@needs_uv
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_added_is_locked_and_built_on_top_of_each_kind_of_lock(
    order: Callable[..., LockRequest], release: Release, kind: str
) -> None:
    asked = order("cart", kind=kind)
    before = asked.output.read_bytes()
    with pytest.raises(UserError, match="contains cart") as caught:
        locking.check(asked)
    assert "run: relforge lock" == caught.value.hint
    made = locking.write(asked, resolver="uv")
    added = asked.project.root / "pylock.relforge.toml"
    new = (
        Change(name="cart", before="", after="1.0.0"),
        Change(name="free", before="", after="2.0.0"),
    )
    assert new == made, "cart 2 needs a newer click than the lock has"
    assert before == asked.output.read_bytes()
    text = added.read_text()
    assert f'on-top-of = "{kind}"' in text
    assert '"click==1.0.0",' in text
    locking.check(asked)
    assert locking.write(asked, resolver="uv") is None
    assert text == added.read_text()
    found = replace(release, project=asked.project, settings=asked.settings)
    built = deps.step(found)
    names = {"cart", "click", "free"}
    site = release.python.site_packages
    assert names == {row.name for row in built.packages}
    assert {f"{site}/{name}.py" for name in names} <= set(built.layers[0].paths)


@pytest.mark.process
@both
def test_versions_stay_until_they_are_upgraded_and_the_other_lock_stays_in_any_case(
    order: Callable[..., LockRequest], resolver: Resolver
) -> None:
    locking.write(order("free<2"), resolver=resolver)
    assert (Change(name="cart", before="", after="1.0.0"),) == locking.write(
        order("free", "cart"), resolver=resolver
    )
    made = locking.write(order("free", "cart"), upgrade=["Free"], resolver=resolver)
    assert (Change(name="free", before="1.0.0", after="2.0.0"),) == made
    with pytest.raises(UserError, match=r"'click' is in requirements\.txt"):
        locking.write(order("free", "cart"), upgrade=["click"], resolver=resolver)
    with pytest.raises(UserError, match="'nothing' is not in the lockfile"):
        locking.write(order("free", "cart"), upgrade=["nothing"], resolver=resolver)
    assert () == locking.write(order("free", "cart"), upgrade="all", resolver=resolver)


@pytest.mark.process
@both
def test_an_addition_that_needs_another_version_names_both_and_writes_nothing(
    order: Callable[..., LockRequest], resolver: Resolver
) -> None:
    asked = order("free", "cart>=2")
    with pytest.raises(UserError) as caught:
        locking.write(asked, resolver=resolver)
    assert caught.value.message.startswith(
        "tool.relforge.dependencies.add[1]: `cart>=2` conflicts with requirements.txt, which has "
        "click==1.0.0 (requirements.txt:1)"
    )
    assert "cart" in caught.value.message.partition("\n")[2], "the resolver's own words"
    assert not (asked.project.root / "pylock.relforge.toml").exists()


@pytest.mark.process
@needs_uv
def test_a_check_sees_what_changed_since(order: Callable[..., LockRequest]) -> None:
    asked = order("free<2")
    locking.write(asked, resolver="uv")
    with pytest.raises(UserError, match=r"pylock.relforge.toml: .*have changed since"):
        locking.check(order("free"))
    added = asked.project.root / "pylock.relforge.toml"
    added.write_text(added.read_text().replace("1.0.0", "1.0.1"))
    with pytest.raises(UserError, match="edited since"):
        locking.check(asked)
    added.write_text("packages = []\n")
    with pytest.raises(UserError, match="relforge did not write this file"):
        locking.write(asked, resolver="uv")


@pytest.mark.process
@needs_uv
def test_a_lock_that_holds_it_already_needs_no_other(order: Callable[..., LockRequest]) -> None:
    assert locking.write(order("click<2"), resolver="uv") is None
    locking.check(order("click<2"))
    added = order("free").project.root / "pylock.relforge.toml"
    assert not added.exists()
    locking.write(order("free"), resolver="uv")
    assert (Change(name="free", before="2.0.0", after=""),) == locking.write(
        order("click"), resolver="uv"
    )
    assert not added.exists()


@pytest.mark.process
@needs_uv
def test_a_lock_of_its_own_takes_what_is_added_and_leaves_the_file_unused(
    order: Callable[..., LockRequest],
) -> None:
    locking.write(order("free"), resolver="uv")
    asked = order("free")
    output = asked.project.root / "own.lock"
    named = replace(asked, output=output, is_named=True)
    locking.write(named, resolver="uv")
    taken = replace(asked.settings, lock="own.lock")
    assert ("own.lock",) == lockfile.used(asked.project.root, taken)
    beside = replace(named, output=asked.project.root / "pylock.relforge.toml")
    with pytest.raises(UserError, match="there, on top of"):
        locking.write(beside, resolver="uv")


@pytest.mark.process
def test_a_locked_plugin_may_ask_for_the_project_itself(order: Callable[..., LockRequest]) -> None:
    there = [
        Distribution(name="click", version=Version("1.0.0"), requires=()),
        Distribution(name="shop-pay", version=Version("1"), requires=("shop>=1",)),
    ]
    asked = order()
    wheel = replace(asked, settings=replace(asked.settings, app=None))
    lock_judgment.judge(wheel, there, "it")
    bare = replace(asked, settings=replace(asked.settings, app=()))
    with pytest.raises(UserError, match="shop-pay 1 requires shop>=1"):
        lock_judgment.judge(bare, there, "it")
