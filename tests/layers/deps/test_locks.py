"""Finding locks, selecting from them, and whether they fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from relforge.layers.deps import lockfiles
from relforge.layers.deps.platform import platform
from relforge.model.release import Interpreter, Target
from relforge.model.spec import DependencySettings, Project, Settings
from relforge.project import lockfile
from relforge.runtime.contract.service import Service
from relforge.support.errors import UserError

A, B = "a" * 64, "b" * 64
LINUX = Target(system="linux", machine="x86_64")


def python(version: str) -> Interpreter:
    short = version.rsplit(".", 1)[0].replace(".", "")
    return Interpreter(
        version=version,
        tag=f"cp{short}",
        machine="x86_64",
        source="host",
        origin=Path("/python"),
        key="",
    )


def names(project: Project, settings: Settings, path: Path, version: str = "3.12.1") -> list[str]:
    here = platform(python(version), LINUX)
    return [pin.name for pin in lockfiles.select(lockfiles.read(path, project), here, settings)]


@pytest.fixture
def lock(project: Project) -> Path:
    path = project.root / "requirements.lock"
    path.write_text(
        f"click==8.0 --hash=sha256:{A}\n"
        f'tomli==2.0 ; python_version < "3.11" --hash=sha256:{A}\n'
        f'uvloop==0.2 ; sys_platform == "linux" and python_version < "3.13" --hash=sha256:{A}\n'
        f'colorama==0.4 ; platform_system == "Windows" --hash=sha256:{A}\n'
    )
    return path


def test_the_first_lock_that_is_there_is_found(tmp_path: Path) -> None:
    assert lockfile.find(tmp_path, None) is None
    (tmp_path / "requirements.txt").write_text("click\n")
    assert lockfile.find(tmp_path, None) is None
    (tmp_path / "requirements.txt").write_text(f"click==8.0 --hash=sha256:{A}\n")
    assert tmp_path / "requirements.txt" == lockfile.find(tmp_path, None)
    (tmp_path / "pylock.toml").write_text("")
    assert tmp_path / "pylock.toml" == lockfile.find(tmp_path, None)
    assert tmp_path / "my.lock" == lockfile.find(tmp_path, "my.lock")


def test_markers_are_the_targets_not_the_builders(
    project: Project, settings: Settings, lock: Path
) -> None:
    assert ["click", "uvloop"] == names(project, settings, lock, "3.12.1")
    assert ["click"] == names(project, settings, lock, "3.13.0")


def test_two_versions_that_both_apply_are_refused(project: Project, settings: Settings) -> None:
    path = project.root / "requirements.lock"
    path.write_text(f"click==8.0 --hash=sha256:{A}\nclick==8.1 --hash=sha256:{A}\n")
    with pytest.raises(UserError, match=r"click==8.0 \(requirements.lock:1\) and click==8.1"):
        names(project, settings, path)


def pylock(project: Project, head: str = "", packages: tuple[tuple[str, str], ...] = ()) -> Path:
    rows = [f'lock-version = "1.0"\ncreated-by = "test"\n{head}\n']
    for name, extra in packages:
        wheel = f"{name}-1.0-py3-none-any.whl"
        rows.append(
            f'[[packages]]\nname = "{name}"\nversion = "1.0"\n{extra}\n'
            f'wheels = [{{url = "https://host/{wheel}", hashes = {{sha256 = "{A}"}}}}]\n'
        )
    path = project.root / "pylock.toml"
    path.write_text("\n".join(rows))
    return path


def test_groups_and_extras_of_a_pylock_count_where_its_markers_ask(
    project: Project, settings: Settings
) -> None:
    path = pylock(
        project,
        'default-groups = ["default"]',
        (
            ("click", "marker = \"'default' in dependency_groups\""),
            ("pytest", "marker = \"'dev' in dependency_groups\""),
            ("uvicorn", "marker = \"'web' in extras\""),
        ),
    )
    assert ["click"] == names(project, settings, path)
    chosen = replace(settings, dependencies=DependencySettings(groups=("dev",), extras=("web",)))
    assert ["click", "pytest", "uvicorn"] == names(project, chosen, path)


@pytest.mark.parametrize(
    ("head", "extra", "message"),
    [
        (
            'requires-python = ">=3.13"',
            "",
            "the lockfile is for Python >=3.13, the release has 3.12.1",
        ),
        ("environments = [\"sys_platform == 'win32'\"]", "", "is for platforms other than"),
        ("", 'requires-python = "<3.12"', "click==1.0 needs Python <3.12"),
    ],
)
def test_a_lock_for_another_python_or_platform_is_refused(
    project: Project, settings: Settings, head: str, extra: str, message: str
) -> None:
    with pytest.raises(UserError) as caught:
        names(project, settings, pylock(project, head, (("click", extra),)))
    assert message in caught.value.message
    assert caught.value.hint.startswith("run: relforge lock -o ")


def check(project: Project, settings: Settings, lock: Path) -> None:
    lockfiles.check(lock, project, settings, python("3.12.1"), LINUX)


def test_a_lock_that_holds_all_that_is_asked_for_fits(
    project: Project, settings: Settings, lock: Path
) -> None:
    wanted = ("Click>=8", 'colorama>=9 ; platform_system == "Windows"', "uvloop[x]")
    check(replace(project, dependencies=wanted), settings, lock)


def test_a_requirement_that_the_lock_does_not_hold_is_named_with_its_place(
    project: Project, settings: Settings, lock: Path
) -> None:
    with pytest.raises(UserError) as caught:
        check(replace(project, dependencies=("click", "anyio>=4")), settings, lock)
    assert "project.dependencies[1]: " in caught.value.message
    assert "`anyio>=4`" in caught.value.message
    assert "requirements.lock has no anyio" in caught.value.message
    assert caught.value.hint.startswith("run: relforge lock -o ")


def test_a_requirement_of_the_settings_that_a_lock_of_another_tool_lacks(
    project: Project, settings: Settings, lock: Path
) -> None:
    more = replace(settings, dependencies=DependencySettings(add=("gunicorn>=23",)))
    with pytest.raises(UserError) as caught:
        check(replace(project, dependencies=("click",)), more, lock)
    assert "tool.relforge.dependencies.add[0]: " in caught.value.message
    assert "neither requirements.lock nor pylock.relforge.toml contains gunicorn" in (
        caught.value.message
    )
    assert "run: relforge lock" == caught.value.hint


def test_a_server_that_is_in_no_package_is_named_before_anything_is_built(
    project: Project, settings: Settings, lock: Path
) -> None:
    web = Service(name="web", kind="app", target="shop:app", server="gunicorn", listen=("a:1",))
    served = replace(settings, services=(web,))
    with pytest.raises(UserError) as caught:
        check(replace(project, dependencies=("click",)), served, lock)
    where = "tool.relforge.services.web.server"
    assert f"{where}: gunicorn is not in the release's dependencies" in caught.value.message
    assert "add gunicorn to `project.dependencies`" in caught.value.hint
    for changed in (
        replace(served.check, skip=("entry-points",)),
        replace(served.check, allow=(f"entry-points:{where}",)),
    ):
        check(project, replace(served, check=changed), lock)
    check(replace(project, name="Gunicorn"), served, lock)


def test_a_version_outside_of_the_specifier_is_named_with_what_the_lock_has(
    project: Project, settings: Settings, lock: Path
) -> None:
    with pytest.raises(UserError) as caught:
        check(replace(project, dependencies=("click>=8.1",)), settings, lock)
    assert "requirements.lock has click==8.0 (requirements.lock:1)" in caught.value.message


def test_chosen_groups_and_extras_must_be_in_the_lock_as_well(
    project: Project, settings: Settings, lock: Path
) -> None:
    project = replace(
        project,
        optional_dependencies={"web": ("starlette",), "all": ("shop[web]",)},
        groups={"jobs": ("celery",)},
    )
    check(project, settings, lock)
    extras = replace(settings, dependencies=DependencySettings(extras=("all",)))
    with pytest.raises(UserError, match=r"project.optional-dependencies.web\[0\]"):
        check(project, extras, lock)
    groups = replace(settings, dependencies=DependencySettings(groups=("jobs",)))
    with pytest.raises(UserError, match=r"dependency-groups.jobs\[0\]"):
        check(project, groups, lock)


def test_an_extra_that_nobody_asks_for_does_not_hold(  # B10
    project: Project, settings: Settings
) -> None:
    path = project.root / "requirements.lock"
    path.write_text(
        f'alpha==2.0 --hash=sha256:{A}\nalpha==1.0 ; extra == "foo" --hash=sha256:{B}\n'
    )
    here = platform(python("3.12.1"), LINUX)
    (pin,) = lockfiles.select(lockfiles.read(path, project), here, settings)
    assert "alpha==2.0" == str(pin)


def test_a_marker_that_cannot_be_compared_is_refused_with_its_line(  # B10
    project: Project, settings: Settings
) -> None:
    path = project.root / "requirements.lock"
    path.write_text(f'alpha==1.0 ; sys_platform ~= "linux" --hash=sha256:{A}\n')
    with pytest.raises(
        UserError, match=r"requirements.lock:1: cannot evaluate the marker"
    ) as caught:
        names(project, settings, path)
    assert 78 == caught.value.code
