"""uv.lock, as uv writes it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from relforge import cache
from relforge.layers.deps import lockfiles, uv
from relforge.layers.deps.pins import Source
from relforge.layers.deps.platform import Platform
from relforge.model.spec import DependencySettings, Project, Settings
from relforge.support.errors import UserError
from tests.layers.deps import server

MakeWheel = Callable[..., Path]
A = "a" * 64
HEAD = 'version = 1\nrevision = 3\nrequires-python = ">=3.11"\n'
OWN = '[[package]]\nname = "shop"\nversion = "1.0"\nsource = { virtual = "." }\n'
PROJECT = """
[project]
name = "shop"
version = "1.0"
requires-python = ">=3.11"
dependencies = ["cart[fast]", "colorama; sys_platform == 'win32'", "near"]
[project.optional-dependencies]
web = ["page"]
all = ["shop[web]"]
[dependency-groups]
dev = ["tester"]
[tool.uv]
package = false
[tool.uv.sources]
near = { path = "near" }
"""


@pytest.fixture
def chosen(project: Project, settings: Settings, here: Platform) -> Callable[..., list[str]]:
    """The names of what goes in, with these extras and groups."""

    def run(extras: tuple[str, ...] = (), groups: tuple[str, ...] = ()) -> list[str]:
        dependencies = DependencySettings(extras=extras, groups=groups)
        lock = lockfiles.read(project.root / "uv.lock", project)
        pins = lockfiles.select(lock, here, replace(settings, dependencies=dependencies))
        return [pin.name for pin in pins]

    return run


@pytest.mark.process
@pytest.mark.network
@pytest.mark.skipif(uv.program() is None, reason="uv is not installed")
def test_extras_groups_markers_and_directories_of_a_lock_that_uv_wrote(
    project: Project, offline: Path, make_wheel: MakeWheel, chosen: Callable[..., list[str]]
) -> None:
    make_wheel("cart", "1.0", {}, metadata="Provides-Extra: fast\n" + FAST)
    for name in ("click", "rush", "colorama", "page", "tester"):
        make_wheel(name, "1.0", {})
    (project.root / "pyproject.toml").write_text(PROJECT)
    near = project.root / "near" / "pyproject.toml"
    near.parent.mkdir()
    near.write_text('[project]\nname = "near"\nversion = "2.0"\ndependencies = ["click"]\n')
    program = uv.program()
    assert program
    with server.serve(offline) as index:
        words = [str(program), "lock", "--quiet", "--default-index", index.url]
        env = {**os.environ, "UV_NO_CACHE": "1"}
        subprocess.run(words, cwd=project.root, check=True, env=env)
    assert ["cart", "click", "near", "rush"] == chosen()
    assert ["cart", "click", "near", "page", "rush"] == chosen(extras=("all",))
    assert ["cart", "click", "near", "rush", "tester"] == chosen(groups=("dev",))
    pins = {pin.name: pin for pin in lockfiles.read(project.root / "uv.lock", project).pins}
    assert Source(path=str(project.root / "near")) == pins["near"].source
    (cart,) = pins["cart"].files
    assert (index.at("cart-1.0-py3-none-any.whl"), cache.sha256(offline / cart.name)) == (
        cart.url,
        cart.sha256,
    )


FAST = 'Requires-Dist: click\nRequires-Dist: rush; extra == "fast"\n'


def write(project: Project, *rows: str, head: str = HEAD) -> Path:
    path = project.root / "uv.lock"
    path.write_text("\n".join((head, *rows)))
    return path


def test_a_commit_is_a_pin(project: Project) -> None:
    commit = "0123456789" * 4
    git = f'source = {{ git = "https://host/r.git?subdirectory=sub&rev=main#{commit}" }}'
    path = write(project, OWN, f'[[package]]\nname = "far"\nversion = "1"\n{git}\n')
    far = lockfiles.read(path, project).pins[1]
    assert Source(url="https://host/r.git", commit=commit, subdirectory="sub") == far.source
    assert "uv.lock:10 (far)" == far.where


def test_versions_that_differ_by_python_are_distinguished(
    project: Project, chosen: Callable[..., list[str]]
) -> None:
    rows = [OWN, "dependencies = ["]
    for version, marker in (("1.0", "python_version < '3.4'"), ("2.0", "python_version > '3.4'")):
        rows.append(f'  {{ name = "click", version = "{version}", marker = "{marker}" }},')
    rows.append("]")
    for version in ("1.0", "2.0"):
        url = f'url = "https://host/click-{version}.tar.gz", hash = "sha256:{A}"'
        rows.append(f'[[package]]\nname = "click"\nversion = "{version}"\nsdist = {{ {url} }}')
        rows.append('source = { registry = "https://host/simple" }')
    write(project, *rows)
    assert ["click"] == chosen()


@pytest.mark.parametrize(
    ("head", "rows", "message"),
    [
        ("version = 7\n", (OWN,), "unknown format version: 7"),
        (
            HEAD + "conflicts = [[{ package = 'shop', extra = 'a' }]]\n",
            (OWN,),
            "conflicting extras",
        ),
        (HEAD, (), "it does not contain the project itself (shop)"),
        ("version = \n", (), ":1: not valid TOML"),
        (
            HEAD,
            (OWN, '[[package]]\nname = "x"\nsource = { git = "https://h/r" }'),
            "is not pinned to a commit",
        ),
        (HEAD, (OWN, '[[package]]\nname = "x"\n'), "cannot be read: KeyError('source')"),
        (
            HEAD,
            (
                OWN,
                '[[package]]\nname = "x"\nsource = { registry = "r" }\nwheels = [{ path = "w" }]',
            ),
            "uv.lock:10 (x): w has no sha256 hash",
        ),
    ],
)
def test_what_cannot_be_used_is_reported_with_its_place(
    project: Project, head: str, rows: tuple[str, ...], message: str
) -> None:
    with pytest.raises(UserError) as caught:
        lockfiles.read(write(project, *rows, head=head), project)
    assert message in caught.value.message
    assert "uv.lock" in caught.value.message
    assert "run: uv lock" == caught.value.hint
