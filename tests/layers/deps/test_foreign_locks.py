"""Locks of Poetry, PDM and Pipenv, and those of a uv workspace, as their tools write them."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from relforge.layers.deps import lockfiles
from relforge.layers.deps.pins import Source
from relforge.layers.deps.platform import Platform
from relforge.model.spec import DependencySettings, Project, Settings
from relforge.project import lockfile, members, pyproject
from relforge.support.errors import UserError

A, B = "a" * 64, "b" * 64
POETRY = """
[tool.poetry]
name = "shop"
version = "1.0"
[tool.poetry.dependencies]
python = "^3.11"
uvicorn = { version = "^0.30", extras = ["standard"] }
colorama = { version = "*", markers = "sys_platform == 'win32'" }
redis = { version = "^5", optional = true }
[tool.poetry.extras]
cache = ["redis"]
[tool.poetry.group.dev.dependencies]
tester = "*"
"""
PDM = """
[project]
name = "shop"
version = "1.0"
dependencies = ["uvicorn[standard]>=0.30", "colorama; sys_platform == 'win32'"]
[project.optional-dependencies]
cache = ["redis"]
all = ["shop[cache]"]
[tool.pdm.dev-dependencies]
dev = ["tester"]
"""


def select(
    root: Path, name: str, here: Platform, settings: Settings, *extras: str, group: str = ""
) -> list[str]:
    """What goes in, as ``name==version``."""
    found = pyproject.load(root)
    groups = (group,) if group else ()
    typed = replace(settings, dependencies=DependencySettings(extras=extras, groups=groups))
    lock = lockfiles.read(root / name, found)
    return [str(pin) for pin in lockfiles.select(lock, here, typed)]


def poetry_row(name: str, version: str, rest: str = "", head: str = "") -> str:
    file = f'{{file = "{name}-{version}-py3-none-any.whl", hash = "sha256:{A}"}}'
    return (
        f'[[package]]\nname = "{name}"\nversion = "{version}"\noptional = false\n'
        f'python-versions = ">=3.8"\n{head}files = [\n    {file},\n]\n{rest}\n'
    )


UVICORN = """
[package.dependencies]
click = ">=7.0"
httptools = {version = ">=0.6.3", optional = true, markers = "extra == \\"standard\\""}
colorama = {version = "*", markers = "sys_platform == \\"win32\\""}
[package.extras]
standard = ["httptools (>=0.6.3)"]
"""
OLDER = UVICORN.replace(', markers = "extra == \\"standard\\""', "")


@pytest.mark.parametrize("rest", [UVICORN, OLDER])
def test_a_poetry_lock_is_walked_from_what_the_project_asks_for(  # P3
    project: Project, settings: Settings, here: Platform, rest: str
) -> None:
    (project.root / "pyproject.toml").write_text(POETRY)
    text = poetry_row("uvicorn", "0.30.0", rest) + "".join(
        poetry_row(name, "1.0") for name in ("click", "httptools", "colorama", "redis", "tester")
    )
    (project.root / "poetry.lock").write_text(text + '[metadata]\nlock-version = "2.0"\n')
    always = ["click==1.0", "httptools==1.0", "uvicorn==0.30.0"]
    assert always == select(project.root, "poetry.lock", here, settings)
    assert sorted([*always, "redis==1.0"]) == select(
        project.root, "poetry.lock", here, settings, "cache"
    )
    assert sorted([*always, "tester==1.0"]) == select(
        project.root, "poetry.lock", here, settings, group="dev"
    )


def test_the_files_of_an_old_poetry_lock_stand_in_a_table_of_their_own(  # P3
    project: Project, settings: Settings, here: Platform
) -> None:
    (project.root / "pyproject.toml").write_text(
        '[tool.poetry]\nname = "shop"\nversion = "1"\n[tool.poetry.dependencies]\nclick = "*"\n'
    )
    (project.root / "poetry.lock").write_text(
        '[[package]]\nname = "click"\nversion = "8.1"\ncategory = "main"\noptional = false\n'
        'python-versions = "*"\n[metadata]\nlock-version = "1.1"\n[metadata.files]\n'
        f'click = [{{file = "click-8.1-py3-none-any.whl", hash = "sha256:{A}"}}]\n'
    )
    assert ["click==8.1"] == select(project.root, "poetry.lock", here, settings)


def test_of_two_versions_of_a_poetry_lock_the_condition_decides(  # P3
    project: Project, settings: Settings, here: Platform
) -> None:
    (project.root / "pyproject.toml").write_text(
        '[tool.poetry]\nname = "shop"\nversion = "1"\n[tool.poetry.dependencies]\n'
        'click = [{version = "8.0", python = "<3.8"}, {version = "8.1", python = ">=3.8"}]\n'
    )
    (project.root / "poetry.lock").write_text(
        poetry_row("click", "8.0", head='groups = ["main"]\nmarkers = "python_version < \'3.8\'"\n')
        + poetry_row("click", "8.1", head='groups = ["main"]\n')
    )
    assert ["click==8.1"] == select(project.root, "poetry.lock", here, settings)


def test_sources_of_a_poetry_lock(project: Project, settings: Settings, here: Platform) -> None:
    (project.root / "pyproject.toml").write_text(
        '[tool.poetry]\nname = "shop"\nversion = "1"\n[tool.poetry.dependencies]\n'
        'a = {git = "https://host/a.git"}\nb = {path = "lib"}\nc = {url = "https://host/c.whl"}\n'
    )
    (project.root / "poetry.lock").write_text(
        '[[package]]\nname = "a"\nversion = "1"\nfiles = []\n[package.source]\ntype = "git"\n'
        f'url = "https://host/a.git"\nreference = "HEAD"\nresolved_reference = "{"c" * 40}"\n'
        '[[package]]\nname = "b"\nversion = "1"\nfiles = []\n[package.source]\ntype = "directory"\n'
        'url = "lib"\n'
        + poetry_row("c", "1", '[package.source]\ntype = "url"\nurl = "https://host/c.whl"\n')
    )
    found = lockfiles.read(project.root / "poetry.lock", pyproject.load(project.root))
    a, b, c = found.pins
    assert Source(url="https://host/a.git", commit="c" * 40) == a.source
    assert Source(path=str(project.root / "lib")) == b.source
    assert "https://host/c.whl" == c.files[0].url


@pytest.mark.parametrize(
    ("name", "text", "hint"),
    [
        ("poetry.lock", '[[package]]\nname = "a"\nfiles = ["a.whl"]\n', "poetry export"),
        ("pdm.lock", '[[package]]\nname = "a"\n', "pdm export"),
        ("Pipfile.lock", '{"default": {"a": 1}}', "pipenv lock"),
    ],
)
def test_a_format_that_is_not_known_names_the_command_that_helps(  # P3
    project: Project, name: str, text: str, hint: str
) -> None:
    (project.root / name).write_text(text)
    with pytest.raises(UserError, match="unknown format") as caught:
        lockfiles.read(project.root / name, project)
    assert hint in caught.value.hint


def pdm_row(name: str, version: str, rest: str = "", files: bool = True) -> str:
    listed = f'files = [{{file = "{name}-{version}-py3-none-any.whl", hash = "sha256:{A}"}}]\n'
    return (
        f'[[package]]\nname = "{name}"\nversion = "{version}"\nrequires_python = ">=3.8"\n'
        f"{rest}{listed if files else ''}\n"
    )


def test_a_pdm_lock_is_walked_with_the_entries_of_extras(  # P3
    project: Project, settings: Settings, here: Platform
) -> None:
    (project.root / "pyproject.toml").write_text(PDM)
    extra = 'extras = ["standard"]\ndependencies = ["httptools>=0.6", "uvicorn==0.30.0"]\n'
    needs = 'dependencies = ["click>=7.0", "colorama; sys_platform == \\"win32\\""]\n'
    (project.root / "pdm.lock").write_text(
        '[metadata]\ngroups = ["default", "dev"]\nlock_version = "4.5.0"\n'
        + pdm_row("uvicorn", "0.30.0", needs)
        + pdm_row("uvicorn", "0.30.0", extra)
        + "".join(pdm_row(name, "1.0") for name in ("click", "httptools", "colorama", "redis"))
        + pdm_row("tester", "1.0", 'groups = ["dev"]\n')
    )
    always = ["click==1.0", "httptools==1.0", "uvicorn==0.30.0"]
    assert always == select(project.root, "pdm.lock", here, settings)
    assert sorted([*always, "redis==1.0"]) == select(
        project.root, "pdm.lock", here, settings, "all"
    )
    assert sorted([*always, "tester==1.0"]) == select(
        project.root, "pdm.lock", here, settings, group="dev"
    )


REAL = """
[project]
name = "pdmp"
version = "1.0"
requires-python = ">=3.11"
dependencies = [
  "uvicorn[standard]>=0.30",
  "colorama; sys_platform == 'win32'",
  "pdm-lib @ file:///${PROJECT_ROOT}/libs/mylib",
  "gitdep @ git+https://host/gitdep@v1.0",
]
[project.optional-dependencies]
cache = ["redis[hiredis]"]
all = ["pdmp[cache]"]
[dependency-groups]
lint = [{ include-group = "dev" }]
dev = ["pytest"]
[tool.pdm.dev-dependencies]
old = ["toml"]
"""


@pytest.mark.parametrize("name", ["inherit_metadata.lock", "static_urls.lock"])
def test_locks_that_pdm_itself_wrote_are_walked(  # P3
    project: Project, settings: Settings, here: Platform, name: str
) -> None:
    root = project.root
    (root / "pyproject.toml").write_text(REAL)
    (root / "libs" / "mylib").mkdir(parents=True)
    shutil.copy(Path(__file__).parent / "pdm_locks" / name, root / "pdm.lock")
    git = "gitdep (git+https://host/gitdep@c7da156b43b67b2f6cd9d6df45f25db375cf14fe)"
    always = ["click==8.5.1", git, "h11==0.16.0", "httptools==0.9.0", "idna==3.20"]
    always += [f"pdm-lib ({root / 'libs' / 'mylib'})", "uvicorn==0.54.0", "uvloop==0.23.0"]
    cached = ["hiredis==3.5.0", "redis==8.1.0"]
    tested = ["iniconfig==2.3.1", "packaging==26.4", "pluggy==1.7.0", "pygments==2.21.0"]

    def taken(*extras: str, group: str = "") -> list[str]:
        rows = select(root, "pdm.lock", here, settings, *extras, group=group)
        return [row for row in rows if not row.startswith("async-timeout")]  # of early 3.11

    assert always == taken()
    assert sorted([*always, *cached]) == sorted(taken("all")) == sorted(taken("cache"))
    assert sorted([*always, *tested, "pytest==9.2.0"]) == sorted(taken(group="lint"))
    assert sorted([*always, "toml==0.10.2"]) == sorted(taken(group="old"))
    found = lockfiles.read(root / "pdm.lock", pyproject.load(root))
    files = {file.name for pin in found.pins if pin.name == "h11" for file in pin.files}
    assert {"h11-0.16.0-py3-none-any.whl", "h11-0.16.0.tar.gz"} == files


def test_a_pipfile_lock_has_packages_and_those_for_development(  # P3
    project: Project, settings: Settings, here: Platform
) -> None:
    (project.root / "Pipfile").write_text('[packages]\nflask = "*"\n[dev-packages]\ntester = "*"\n')
    (project.root / "relforge.toml").write_text("")
    row = {"hashes": [f"sha256:{A}", f"sha256:{B}"], "version": "==1.0"}
    (project.root / "Pipfile.lock").write_text(
        json.dumps(
            {
                "default": {"flask": row, "win": {**row, "markers": "sys_platform == 'win32'"}},
                "develop": {"tester": row, "flask": row},
            }
        )
    )
    assert ["flask==1.0"] == select(project.root, "Pipfile.lock", here, settings)
    assert ["flask==1.0", "tester==1.0"] == select(
        project.root, "Pipfile.lock", here, settings, group="dev"
    )


UV = f"""
version = 1
requires-python = ">=3.11"
[manifest]
members = ["lib", "svc"]
[[package]]
name = "click"
version = "8.1"
source = {{ registry = "https://host/simple" }}
wheels = [{{ url = "https://host/click-8.1-py3-none-any.whl", hash = "sha256:{A}" }}]
[[package]]
name = "idna"
version = "3.0"
source = {{ registry = "https://host/simple" }}
wheels = [{{ url = "https://host/idna-3.0-py3-none-any.whl", hash = "sha256:{B}" }}]
[[package]]
name = "lib"
version = "1.0"
source = {{ editable = "packages/lib" }}
dependencies = [{{ name = "idna" }}]
[[package]]
name = "svc"
version = "1.0"
source = {{ editable = "packages/svc" }}
dependencies = [{{ name = "click" }}, {{ name = "lib" }}]
"""


@pytest.fixture
def workspace(project: Project) -> Path:
    root = project.root
    (root / "pyproject.toml").write_text('[tool.uv.workspace]\nmembers = ["packages/*"]\n')
    for name in ("lib", "svc"):
        (root / "packages" / name).mkdir(parents=True)
        text = f'[project]\nname = "{name}"\nversion = "1.0"\n'
        (root / "packages" / name / "pyproject.toml").write_text(text)
    (root / "uv.lock").write_text(UV)
    return root


def test_a_member_of_a_uv_workspace_takes_its_part_of_the_lock_above(  # P4
    workspace: Path, settings: Settings, here: Platform
) -> None:
    svc = workspace / "packages" / "svc"
    assert workspace / "uv.lock" == lockfile.find(svc, None)
    assert "../../uv.lock" == lockfile.name(svc, workspace / "uv.lock")
    lib = f"lib ({workspace / 'packages' / 'lib'})"
    assert ["click==8.1", "idna==3.0", lib] == select(svc, "../../uv.lock", here, settings)
    text = (workspace / "pyproject.toml").read_text()
    (workspace / "pyproject.toml").write_text(f'{text}exclude = ["packages/svc"]\n')
    assert lockfile.find(svc, None) is None


def test_the_root_of_a_uv_workspace_takes_what_its_members_ask_for(  # P4
    workspace: Path, settings: Settings, here: Platform
) -> None:
    root = pyproject.load(workspace)
    found = replace(root, members=members.load(root, ["packages/svc", "packages/lib"]))
    lock = lockfiles.read(workspace / "uv.lock", found)
    chosen = [str(pin) for pin in lockfiles.select(lock, here, settings)]
    assert ["click==8.1", "idna==3.0"] == chosen


def test_a_root_that_is_no_package_names_what_to_choose_from(workspace: Path) -> None:  # P4
    with pytest.raises(UserError, match="root of a workspace") as caught:
        lockfiles.read(workspace / "uv.lock", pyproject.load(workspace))
    assert 'members = ["packages/lib", "packages/svc"]' in caught.value.hint
    assert "cd packages/lib" in caught.value.hint


def test_of_two_locks_the_others_are_known(project: Project) -> None:  # P3
    (project.root / "poetry.lock").write_text("")
    (project.root / "uv.lock").write_text("")
    assert project.root / "uv.lock" == lockfile.find(project.root, None)
    assert ("poetry.lock",) == lockfile.others(project.root, "uv.lock")
