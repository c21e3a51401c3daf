"""The lock beside another tool's: how it reads, what fits on top of what, and what contradicts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from relforge.layers.deps import added_conflicts, added_lock, lockfiles
from relforge.layers.deps.added_lock import AddedLock
from relforge.layers.deps.pins import Lock, LockedFile, Pin, Source
from relforge.layers.deps.platform import Platform
from relforge.model.spec import DependencySettings, Project, Settings
from relforge.project import lock_header, lockfile
from relforge.support.errors import UserError

A = "a" * 64
CLICK, H11 = ("click", "8.1"), ("h11", "0.14")


def pin(name: str, version: str, **changes: Any) -> Pin:
    file = LockedFile(
        name=f"{name}-{version}-py3-none-any.whl", sha256=A, url=f"https://host/{name}.whl"
    )
    row = Pin(name=name, version=Version(version), where=f"x.lock:1 ({name})", sha256=(A,))
    return replace(row, files=(file,), **changes)


def added(*shared: str) -> AddedLock:
    return AddedLock(lock=Lock(path=Path("/p/pylock.relforge.toml"), pins=()), shared=shared)


def test_it_reads_as_it_was_written_and_is_a_lock_by_the_standard(tmp_path: Path) -> None:
    path = tmp_path / "pylock.relforge.toml"
    source = Source(url="https://host/near.git", commit="c" * 40)
    shared = (pin("near", "1.0", source=source), pin(*CLICK), pin("far", "0"))
    own = (pin("uvicorn", "0.30"),)
    text = added_lock.render(own, shared, "../uv.lock", "3.12", tmp_path)
    path.write_text(lock_header.seal(text, "1" * 32))
    found = added_lock.read(path)
    assert ("click==8.1", "far", "near") == found.shared
    assert ["uvicorn==0.30"] == [str(row) for row in found.lock.pins]
    assert 'on-top-of = "../uv.lock"' in text
    seal = lock_header.read(path)
    assert seal is not None
    assert seal.intact


def test_another_file_of_that_name_is_not_taken_for_it(tmp_path: Path) -> None:
    path = tmp_path / "pylock.relforge.toml"
    path.write_text('lock-version = "1.0"\ncreated-by = "pip"\npackages = []\n')
    with pytest.raises(UserError, match="not a lockfile of") as caught:
        added_lock.read(path)
    assert "dependencies.add_lock" in caught.value.hint


def test_what_is_added_comes_after_what_is_there() -> None:
    there = (pin(*CLICK), pin("flask", "3.0"))
    own = (pin("uvicorn", "0.30"), pin(*CLICK))
    found = added_lock.on_top("uv.lock", there, added("click==8.1"), own)
    assert ["click", "flask", "uvicorn"] == [row.name for row in found]


@pytest.mark.parametrize(
    ("there", "shared", "message"),
    [
        ((CLICK,), "h11==0.14", "was resolved with h11==0.14, but uv.lock has no h11"),
        ((CLICK,), "click==8.2", "was resolved with click==8.2, but uv.lock has click==8.1"),
        ((CLICK, ("uvicorn", "0.29")), "click==8.1", "it has uvicorn==0.30 (x.lock:1 (uvicorn))"),
    ],
)
def test_locks_that_drifted_apart_name_both_versions_and_the_command(
    there: tuple[tuple[str, str], ...], shared: str, message: str
) -> None:
    rows = tuple(pin(*row) for row in there)
    with pytest.raises(UserError) as caught:
        added_lock.on_top("uv.lock", rows, added(shared), (pin("uvicorn", "0.30"),))
    assert message in caught.value.message
    assert "run: relforge lock" == caught.value.hint


def test_a_package_from_a_repository_may_move_below_what_is_added() -> None:
    source = Source(url="https://host/near.git", commit="d" * 40)
    there = (pin("near", "2.0", source=source),)
    found = added_lock.on_top("uv.lock", there, added("near"), (pin(*H11),))
    assert ["near", "h11"] == [row.name for row in found]


def test_only_a_lock_of_another_tool_has_one_beside_it(
    project: Project, settings: Settings
) -> None:
    root = project.root
    wanted = replace(settings, dependencies=DependencySettings(add=("gunicorn",)), lock="uv.lock")
    assert ("uv.lock",) == lockfile.used(root, wanted), "not found"
    (root / "uv.lock").write_text("version = 1\n")
    assert root / "pylock.relforge.toml" == lockfile.beside(root / "uv.lock", root, wanted)
    assert ("uv.lock",) == lockfile.used(root, wanted), "it is not written yet"
    (root / "pylock.relforge.toml").write_text("")
    assert ("uv.lock", "pylock.relforge.toml") == lockfile.used(root, wanted)
    bare = replace(wanted, dependencies=DependencySettings())
    assert ("uv.lock",) == lockfile.used(root, bare), "nothing is added"
    (root / "pylock.toml").write_text(lock_header.seal("packages = []\n", "1" * 32))
    own = replace(wanted, lock="pylock.toml")
    assert ("pylock.toml",) == lockfile.used(root, own), "relforge wrote it"
    other = DependencySettings(add=("gunicorn",), add_lock="pylock.web.toml")
    named = replace(wanted, dependencies=other)
    assert root / "pylock.web.toml" == lockfile.beside(root / "uv.lock", root, named)


def test_a_requirement_that_excludes_what_is_locked_names_both() -> None:
    rows = (("tool.relforge.dependencies.add[0]", "click<8"),)
    with pytest.raises(UserError) as caught:
        added_conflicts.refuse(Path("/p/poetry.lock"), rows, (pin(*CLICK),))
    assert (
        "tool.relforge.dependencies.add[0]: `click<8` conflicts with poetry.lock, which has "
        "click==8.1 (x.lock:1 (click))"
    ) == caught.value.message
    assert "poetry update click" in caught.value.hint
    assert "relforge lock --output pylock.toml" in caught.value.hint
    added_conflicts.refuse(
        Path("/p/poetry.lock"), (("a", "click>=8"), ("b", "h11")), (pin(*CLICK),)
    )


@pytest.mark.parametrize(
    "words",
    [
        "Because uvicorn==0.30 depends on click>=9,<10 and you require click==8.1, we can ...",
        "uvicorn 0.30 depends on click<10 and >=9\n    The user requested (constraint) click==8.1",
        "uvicorn wants something else than click==8.1",
    ],
)
def test_a_resolver_that_fails_at_what_is_locked_names_both(words: str) -> None:
    rows = (("add[0]", "gunicorn"), ("add[1]", "uvicorn>=0.30"))
    there = (pin(*H11), pin(*CLICK))
    error = UserError(f"resolving the dependencies: uv failed\n    {words}")
    found = added_conflicts.explain(error, Path("/p/uv.lock"), rows, there)
    assert found.message.startswith(
        "add[1]: `uvicorn>=0.30` conflicts with uv.lock, which has click==8.1 "
    )
    assert words in found.message
    assert "uv lock --upgrade-package click" in found.hint


def test_a_resolver_that_fails_for_another_reason_says_it_itself() -> None:
    error = UserError("resolving the dependencies: cannot reach any index", hint="check it")
    there = (pin(*CLICK),)
    assert error is added_conflicts.explain(error, Path("/p/uv.lock"), (("a", "click"),), there)
    fitting = UserError("Because uvicorn depends on click>=8 and needs a newer Python")
    assert fitting is added_conflicts.explain(fitting, Path("/p/uv.lock"), (("a", "b"),), there)


def test_a_build_takes_both_locks(project: Project, settings: Settings, here: Platform) -> None:
    root = project.root
    (root / "requirements.txt").write_text(f"click==8.1 --hash=sha256:{A}\n")
    own = (pin("gunicorn", "23.0"), pin("elsewhere", "1.0"))
    text = added_lock.render(own, (pin(*CLICK),), "requirements.txt", "3.12", root)
    text = text.replace('requires-python = "==3.12.*"\n', "")
    (root / "pylock.relforge.toml").write_text(lock_header.seal(text, "1" * 32))
    wanted = replace(
        settings, lock="requirements.txt", dependencies=DependencySettings(add=("gunicorn",))
    )
    found = lockfiles.pins(root / "requirements.txt", project, wanted, here)
    assert ["click", "elsewhere", "gunicorn"] == [row.name for row in found]
    bare = replace(wanted, dependencies=DependencySettings())
    found = lockfiles.pins(root / "requirements.txt", project, bare, here)
    assert ["click"] == [row.name for row in found]
