"""Wheels from sources: commits, directories, archives."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.version import Version

from relforge.layers.deps import source_builds
from relforge.layers.deps import step as deps
from relforge.layers.deps.pins import Pin, Source
from relforge.layers.deps.platform import platform
from relforge.model.release import Release, Target
from relforge.support.errors import UserError
from tests.layers.deps.test_pex import BACKEND, PYPROJECT

COMMITTER = ("-c", "user.name=t", "-c", "user.email=t@host")


def sourced(directory: Path, text: str = "x = 1\\n") -> Path:
    """A package in source whose backend needs nothing from an index."""
    directory.mkdir(parents=True)
    (directory / "pyproject.toml").write_text(PYPROJECT)
    (directory / "backend.py").write_text(BACKEND.replace("x = 1\\n", text))
    return directory


def git(directory: Path, *words: str) -> str:
    command = ["git", *COMMITTER, *words]
    done = subprocess.run(command, cwd=directory, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def committed(directory: Path) -> str:
    git(directory, "init", "-q")
    git(directory, "add", "-A")
    git(directory, "commit", "-qm", "one")
    return git(directory, "rev-parse", "HEAD")


@pytest.fixture
def build(release: Release) -> Callable[[str], str]:
    """Build the layer from a lock with one entry; what the module says then."""

    def run(entry: str) -> str:
        path = release.project.root / "pylock.toml"
        head = 'lock-version = "1.0"\ncreated-by = "test"\n'
        path.write_text(f'{head}[[packages]]\nname = "sourced"\n{entry}\n')
        settings = replace(release.settings, lock="pylock.toml")
        deps.step(replace(release, settings=settings))
        return (release.tree / release.python.site_packages / "sourced.py").read_text()

    return run


@pytest.mark.process
def test_a_commit_is_built_whatever_came_after_it(
    build: Callable[[str], str], tmp_path: Path
) -> None:
    repository = tmp_path / "repository"
    inner = sourced(repository / "packages" / "sourced")
    commit = committed(repository)
    (inner / "backend.py").write_text("broken")
    git(repository, "commit", "-qam", "two")
    place = f'type = "git", url = "{repository.as_uri()}", subdirectory = "packages/sourced"'
    assert "x = 1\n" == build(f'vcs = {{ {place}, commit-id = "{commit}" }}')
    with pytest.raises(UserError, match=r"building sourced \(pylock.toml:3") as caught:
        build(f'vcs = {{ {place}, commit-id = "{"0" * 40}" }}')
    assert "is in the repository" in caught.value.hint


COMPUTED = """
import subprocess, zipfile
def build_wheel(directory, config_settings=None, metadata_directory=None):
    words = ["git", "describe", "--tags"]
    version = subprocess.check_output(words, text=True).strip().removeprefix("v")
    name = f"sourced-{version}-py3-none-any.whl"
    with zipfile.ZipFile(f"{directory}/{name}", "w") as wheel:
        info = f"sourced-{version}.dist-info"
        wheel.writestr("sourced.py", f"version = '{version}'\\n")
        about = f"Metadata-Version: 2.1\\nName: sourced\\nVersion: {version}\\n"
        wheel.writestr(f"{info}/METADATA", about)
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nTag: py3-none-any\\n")
        wheel.writestr(f"{info}/RECORD", "")
    return name
"""


@pytest.mark.process
def test_the_computed_version_of_a_commit_follows_the_lock_when_a_tag_moves(  # B2
    build: Callable[[str], str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    repository = sourced(tmp_path / "repository")
    (repository / "backend.py").write_text(COMPUTED)
    commit = committed(repository)
    git(repository, "tag", "v1.0")
    place = f'vcs = {{ type = "git", url = "{repository.as_uri()}", commit-id = "{commit}" }}'
    assert "version = '1.0'\n" == build(f'version = "1.0"\n{place}')
    git(repository, "tag", "-d", "v1.0")
    git(repository, "tag", "v2.0")
    assert "version = '1.0'\n" == build(f'version = "1.0"\n{place}')
    assert "version = '2.0'\n" == build(f'version = "2.0"\n{place}')
    assert not [row for row in caplog.messages if "tags" in row]
    assert "version = '2.0'\n" == build(f'version = "1.5"\n{place}')
    (said,) = (row for row in caplog.messages if "tags" in row)
    assert "sourced was locked as 1.5, but its commit is now 2.0" in said


@pytest.mark.process
def test_a_directory_is_built_again_when_it_changes(
    build: Callable[[str], str], release: Release
) -> None:
    directory = sourced(release.project.root / "vendor" / "sourced")
    entry = 'directory = { path = "vendor/sourced" }'
    assert "x = 1\n" == build(entry)
    (directory / "backend.py").write_text(BACKEND.replace("x = 1\\n", "x = 2\\n"))
    assert "x = 2\n" == build(entry)
    assert not (directory / "dist").exists()


@pytest.mark.process
def test_a_changed_directory_of_another_repository_is_refused(
    build: Callable[[str], str], tmp_path: Path
) -> None:
    directory = sourced(tmp_path / "other")
    committed(directory)
    entry = 'directory = { path = "../other" }'
    assert "x = 1\n" == build(entry)
    (directory / "new.py").write_text("")
    with pytest.raises(UserError, match="uncommitted changes") as caught:
        build(entry)
    assert "git -C" in caught.value.hint


@pytest.mark.process
def test_sources_of_another_package_are_refused(
    build: Callable[[str], str], release: Release
) -> None:
    directory = sourced(release.project.root / "vendor")
    (directory / "backend.py").write_text(BACKEND.replace("sourced-1.0", "other-1.0"))
    with pytest.raises(UserError, match="building sourced from source made a wheel of other"):
        build('directory = { path = "vendor" }')


def test_an_address_is_no_option_of_git(build: Callable[[str], str]) -> None:  # S21
    url = f'url = "--upload-pack=true", commit-id = "{"1" * 40}"'
    with pytest.raises(UserError, match=r"'--upload-pack=true' is not the address") as caught:
        build(f'vcs = {{ type = "git", {url} }}')
    assert "pylock.toml:3" in str(caught.value)


def test_a_commit_is_not_fetched_offline(
    build: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELFORGE_OFFLINE", "1")
    url = f'url = "https://host.invalid/r", commit-id = "{"1" * 40}"'
    with pytest.raises(
        UserError, match=r"sourced .* is not on this host, and --offline forbids the network"
    ):
        build(f'vcs = {{ type = "git", {url} }}')


@pytest.mark.process
def test_compiled_code_that_was_built_here_is_refused_for_another_cpu(
    release: Release, tmp_path: Path
) -> None:
    machine = os.uname().machine
    foreign = {"x86_64": "aarch64", "aarch64": "x86_64"}[machine]
    directory = sourced(release.project.root / "vendor" / "sourced")
    elsewhere = platform(release.python, Target(system="linux", machine=foreign))
    pin = Pin(
        name="sourced",
        version=Version("1.0"),
        where="pylock.toml:3",
        sha256=(),
        source=Source(path=str(directory)),
    )

    made = source_builds.wheel(pin, None, elsewhere, release.python.origin, {})
    assert "sourced-1.0-py3-none-any.whl" == made.name

    backend = BACKEND.replace("py3-none-any", f"py3-none-linux_{machine}")
    (directory / "backend.py").write_text(backend)
    with pytest.raises(UserError) as caught:
        source_builds.wheel(pin, None, elsewhere, release.python.origin, {})
    assert "is available as source only and contains compiled code" in caught.value.message
    assert f"build on an {foreign} host" in caught.value.hint
