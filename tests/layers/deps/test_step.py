"""The layer ``deps``."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from relforge import cache
from relforge.layers.deps import step as deps
from relforge.model.release import Entry, Layer, Release
from relforge.support.errors import UserError

MakeWheel = Callable[..., Path]


@pytest.fixture
def with_lock(release: Release) -> Callable[..., Release]:
    """The release with a pylock.toml of these wheels."""

    def write(*paths: Path) -> Release:
        rows = ['lock-version = "1.0"\ncreated-by = "test"\npackages = []\n']
        for path in paths:
            rows[0] = rows[0].replace("packages = []\n", "")
            name, version = path.name.split("-")[:2]
            rows.append(
                f'[[packages]]\nname = "{name}"\nversion = "{version}"\n'
                f'wheels = [{{path = "{path}", hashes = {{sha256 = "{cache.sha256(path)}"}}}}]\n'
            )
        (release.project.root / "pylock.toml").write_text("\n".join(rows))
        return replace(release, settings=replace(release.settings, lock="pylock.toml"))

    return write


@pytest.mark.process
def test_the_packages_of_the_lock_are_laid_into_the_tree(
    with_lock: Callable[..., Release], make_wheel: MakeWheel
) -> None:
    release = with_lock(make_wheel("click", "1.0", {"click.py": "x = 1\n"}))
    (layer,) = deps.step(release).layers
    assert "deps" == layer.name
    assert not layer.cached
    on_disk = sorted(path.relative_to(release.tree).as_posix() for path in cache.walk(release.tree))
    assert on_disk == list(layer.paths)
    assert sum(path.stat().st_size for path in cache.walk(release.tree)) == layer.size


@pytest.mark.process
def test_the_second_time_nothing_is_fetched_and_nothing_runs(
    with_lock: Callable[..., Release], make_wheel: MakeWheel, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_wheel("click", "1.0", {"click.py": "x = 1\n"})
    release = with_lock(path)
    first = deps.step(release).layers[0]
    path.unlink()

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a program was run")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    monkeypatch.setattr(subprocess, "run", refuse)
    second = deps.step(release).layers[0]
    assert second.cached
    assert (first.key, first.paths) == (second.key, second.paths)


@pytest.mark.process
def test_another_lock_has_another_key(
    with_lock: Callable[..., Release], make_wheel: MakeWheel
) -> None:
    one = make_wheel("click", "1.0", {"click.py": "x = 1\n"})
    two = make_wheel("click", "1.1", {"click.py": "x = 1\n"})
    keys = {deps.step(with_lock(path)).layers[0].key for path in (one, two)}
    assert 2 == len(keys)


def test_without_a_lock_the_layer_is_empty(release: Release) -> None:
    (layer,) = deps.step(release).layers
    assert [] == [path for path in layer.paths if not path.endswith("relforge.pth")]


@pytest.mark.process
def test_a_dependency_cannot_overwrite_the_interpreter(
    with_lock: Callable[..., Release], make_wheel: MakeWheel
) -> None:
    path = make_wheel("evil", "1.0", {}, scripts="[console_scripts]\npython3 = evil:main\n")
    release = with_lock(path)
    taken = Entry(path="python/bin/python3", mode=0o755, size=1, sha256="0" * 64)
    mine = Layer(name="python", key="", cached=False, seconds=0, entries=(taken,))
    with pytest.raises(UserError, match=r"python/bin/python3: .* the interpreter"):
        deps.step(replace(release, layers=(mine,)))
