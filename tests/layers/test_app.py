"""The layer ``app``: the project's own code."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from relforge import cache
from relforge.layers import app
from relforge.model.release import Interpreter, Release, Target
from relforge.project import sources
from relforge.support.errors import SettingsError, UserError
from tests import builder

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "shop"
version = "1.0"
"""
BACKEND = """
import os, pathlib, zipfile
def build_wheel(directory, config_settings=None, metadata_directory=None):
    os.makedirs("build/lib", exist_ok=True)
    open("dropping.txt", "w").close()
    info = "shop-1.0.dist-info/"
    files = {
        str(path): path.read_text() for path in sorted(pathlib.Path("shop").rglob("*.py"))
    } | {
        info + "METADATA": "Metadata-Version: 2.1\\nName: shop\\nVersion: 1.0\\n",
        info + "WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        info + "entry_points.txt": "[console_scripts]\\nshop = shop:main\\n",
        "built_at.txt": os.environ["SOURCE_DATE_EPOCH"],
    }
    rows = "".join(path + ",,\\n" for path in files)
    files[info + "RECORD"] = rows + info + "RECORD,,\\n"
    name = "shop-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(directory, name), "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return name
"""


@pytest.fixture(autouse=True)
def _cache(own_cache: Path) -> None:
    pass


@pytest.fixture
def root(tmp_path: Path) -> Path:
    directory = tmp_path / "project"
    write(directory / "pyproject.toml", PYPROJECT)
    write(directory / "backend.py", BACKEND)
    write(directory / "shop/__init__.py", "def main():\n    print('shop')\n")
    return directory


@pytest.fixture
def release(root: Path, tmp_path: Path) -> Release:
    tree = tmp_path / "tree"
    tree.mkdir()
    python = Interpreter(
        version=platform.python_version(),
        tag=f"cp{sys.version_info.major}{sys.version_info.minor}",
        machine="x86_64",
        source="host",
        origin=Path(sys.executable),
        key="test",
    )
    found = builder.release(root, tree=tree, app=None)
    return replace(found, python=python, target=Target(system="linux", machine=os.uname().machine))


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def git(root: Path, *words: str) -> None:
    identity = ("-c", "user.name=x", "-c", "user.email=x@x")
    subprocess.run(["git", *identity, *words], cwd=root, check=True, capture_output=True)


def with_trees(release: Release, *trees: str) -> Release:
    return replace(release, settings=replace(release.settings, app=trees))


@pytest.mark.process
def test_source_trees_are_copied_as_they_are_without_byte_code(
    release: Release, root: Path
) -> None:
    write(root / "manage.py", "import mysite\n")
    (root / "manage.py").chmod(0o755)
    write(root / "mysite/page.html", "<p>")
    write(root / "mysite/__init__.py", "")
    write(root / "mysite/__pycache__/old.pyc", "stale")
    write(root / "mysite/left.pyc", "stale")
    (root / "mysite/current.html").symlink_to("page.html")
    built = app.step(with_trees(release, "manage.py", "mysite"))
    (layer,) = built.layers
    site = release.python.site_packages
    copied = {path for path in layer.paths if "__pycache__" not in path}
    assert {
        "app/manage.py",
        "app/mysite/__init__.py",
        "app/mysite/current.html",
        "app/mysite/page.html",
        f"{site}/relforge.pth",
    } == copied
    compiled = [path for path in layer.paths if path.endswith(".pyc")]
    assert 2 == len(compiled)
    assert 0o755 == (release.tree / "app/manage.py").stat().st_mode & 0o777
    assert "page.html" == os.readlink(release.tree / "app/mysite/current.html")


def test_no_application_leaves_only_the_paths_of_the_release(release: Release) -> None:
    (layer,) = app.step(with_trees(release)).layers
    pth = f"{release.python.site_packages}/relforge.pth"
    assert (pth,) == layer.paths
    directory = (release.tree / pth).parent
    *lines, last = (release.tree / pth).read_text().splitlines()
    assert last.startswith("import sys; ")  # P57: what `bin/python` does first
    places = [os.path.normpath(directory / line) for line in lines]
    assert [str(release.tree / "runtime"), str(release.tree / "app")] == places
    assert (release.tree / "app").is_dir()  # CPython 3.15 complains of one that is not there


def test_a_tree_that_is_not_there_is_named_by_its_setting(release: Release) -> None:
    with pytest.raises(SettingsError) as caught:
        app.step(with_trees(release, "shop", "mysite"))
    assert "tool.relforge.app[1]: no 'mysite'" in caught.value.message


def test_a_link_out_of_the_copied_trees_is_refused(release: Release, root: Path) -> None:
    (root / "shop/etc").symlink_to("/etc/hostname")
    with pytest.raises(UserError, match="shop/etc is a link to /etc/hostname"):
        app.step(with_trees(release, "shop"))


@pytest.mark.process
def test_what_the_application_brings_wins_over_a_dependency_and_is_reported(
    release: Release, root: Path
) -> None:
    """P31: `app/` against what was laid out before."""
    (before,) = app.step(with_trees(release, "shop")).layers
    before = replace(before, name="deps", parts=())
    write(root / "shop/__init__.py", "other = 1\n")
    found = app.step(replace(with_trees(release, "shop"), layers=(before,)))
    (clash,) = found.collisions
    assert ("app/shop/__init__.py", "the application") == (clash.path, clash.winner)
    assert clash.path not in found.layers[0].paths
    assert clash.path in found.layers[1].paths


@pytest.mark.release
def test_the_projects_wheel_is_built_and_installed_and_leaves_nothing_behind(
    release: Release, root: Path
) -> None:
    before = sorted(cache.walk(root))
    (layer,) = app.step(release).layers
    site = release.python.site_packages
    assert not layer.cached
    assert {f"{site}/shop/__init__.py", "python/bin/shop", f"{site}/relforge.pth"} <= set(
        layer.paths
    )
    assert str(release.source_date) == (release.tree / site / "built_at.txt").read_text()
    assert before == sorted(cache.walk(root))

    write(root / "pyproject.toml", PYPROJECT + '[tool.relforge]\nname = "other"\n')
    (again,) = app.step(release).layers
    assert again.cached
    assert layer.key == again.key

    write(root / "shop/__init__.py", "def main():\n    print('changed')\n")
    (changed,) = app.step(release).layers
    assert not changed.cached
    assert "changed" in (release.tree / site / "shop/__init__.py").read_text()


@pytest.mark.release
def test_a_build_that_fails_shows_its_output(release: Release, root: Path) -> None:
    write(root / "backend.py", "def build_wheel(*a):\n    raise ValueError('no such luck')\n")
    with pytest.raises(UserError) as caught:
        app.step(release)
    assert "building the project's wheel" in caught.value.message
    assert "no such luck" in caught.value.message


@pytest.mark.process
def test_without_git_everything_but_what_is_made_counts(root: Path) -> None:
    write(root / ".venv/lib/x.py", "")
    write(root / "env/pyvenv.cfg", "")
    write(root / "node_modules/x/index.js", "")
    write(root / "shop.egg-info/PKG-INFO", "")
    write(root / "shop/__pycache__/x.pyc", "")
    write(root / "relforge.toml", "")
    assert ("backend.py", "pyproject.toml", "shop/__init__.py") == sources.files(root)


@pytest.mark.process
def test_in_a_checkout_ignored_files_count_only_inside_a_package(root: Path) -> None:
    git(root, "init", "-q")
    write(root / ".gitignore", "*.local\ngenerated*\n*.sqlite3\n")
    git(root, "add", ".")
    write(root / "new.py", "")
    write(root / "notes.local", "")
    write(root / "db.sqlite3", "")
    write(root / "shop/generated_pb2.py", "")
    write(root / "shop/generated/deep/a.py", "")
    git(root, "rm", "-q", "--cached", "backend.py")
    (root / "backend.py").unlink()
    assert (
        ".gitignore",
        "new.py",
        "pyproject.toml",
        "shop/__init__.py",
        "shop/generated/deep/a.py",
        "shop/generated_pb2.py",
    ) == sources.files(root)


@pytest.mark.process
def test_a_project_in_a_subdirectory_of_a_checkout_is_listed_by_its_own_paths(
    tmp_path: Path,
) -> None:
    git(tmp_path, "init", "-q")
    write(tmp_path / "other/x.py", "")
    write(tmp_path / "shop/a ü.py", "")
    git(tmp_path, "add", ".")
    assert ("a ü.py",) == sources.files(tmp_path / "shop")


@pytest.mark.process
@pytest.mark.parametrize("checkout", [True, False])
def test_a_cache_inside_the_project_is_none_of_its_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checkout: bool
) -> None:
    if checkout:
        git(tmp_path, "init", "-q")
    write(tmp_path / "a.py", "")
    write(tmp_path / ".cache/relforge/wheels/x", "")
    monkeypatch.setenv("RELFORGE_CACHE_DIR", str(tmp_path / ".cache/relforge"))
    assert ("a.py",) == sources.files(tmp_path)


@pytest.mark.process
@pytest.mark.parametrize("checkout", [True, False])
def test_a_release_that_was_unpacked_in_the_project_is_none_of_its_sources(
    tmp_path: Path, checkout: bool
) -> None:
    if checkout:
        git(tmp_path, "init", "-q")
    write(tmp_path / "shop/release/manifest.json", "")
    write(tmp_path / "shop-1.0/release/manifest.json", "")
    write(tmp_path / "shop-1.0/runtime/relforge/runtime/boot.py", "")
    write(tmp_path / "try/shop-1.0/app/a.py", "")
    write(tmp_path / "try/shop-1.0/runtime/relforge/runtime/boot.py", "")
    assert ("shop/release/manifest.json",) == sources.files(tmp_path)


@pytest.mark.process
def test_a_project_that_the_checkout_around_it_ignores_counts_as_it_is(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    write(tmp_path / ".gitignore", "work/\n")
    write(tmp_path / "work/shop/a.py", "")
    assert ("a.py",) == sources.files(tmp_path / "work/shop")


@pytest.mark.process
def test_roots_of_the_sources_are_imported_before_what_they_lie_in(
    root: Path, release: Release
) -> None:
    # P25
    write(root / "src/mysite/__init__.py", "")
    settings = replace(release.settings, app=("src/mysite",), app_roots=("src",))
    built = app.step(replace(release, settings=settings))
    pth = (built.tree / built.python.site_packages / "relforge.pth").read_text().splitlines()
    assert ["../../../../runtime", "../../../../app/src", "../../../../app"] == pth[:-1]
    assert (built.tree / "app/src/mysite/__init__.py").is_file()


@pytest.mark.process
def test_a_tag_on_the_same_commit_makes_another_wheel(  # B2
    release: Release, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported = BACKEND.replace("info = ", "import subprocess\n    info = ", 1).replace(
        'os.environ["SOURCE_DATE_EPOCH"]',
        'subprocess.check_output(["git", "describe", "--tags"], text=True)',
    )
    write(root / "backend.py", reported)
    identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "1"], ["tag", "v3"]):
        subprocess.run(["git", *identity, *words], cwd=root, check=True)
    project = replace(release.project, version=None)
    place = release.tree / release.python.site_packages / "built_at.txt"
    app.step(replace(release, project=project))
    assert "v3\n" == place.read_text()
    subprocess.run(["git", *identity, "tag", "-d", "v3"], cwd=root, check=True)
    subprocess.run(["git", *identity, "tag", "v4"], cwd=root, check=True)
    shutil.rmtree(release.tree)
    release.tree.mkdir()
    app.step(replace(release, project=project))
    assert "v4\n" == place.read_text()
    monkeypatch.setenv("SETUPTOOLS_SCM_PRETEND_VERSION", "5")
    with pytest.raises(UserError, match=r"version 5 for the project, but built a wheel of 1\.0"):
        app.step(replace(release, project=replace(project, reported_version="5")))
