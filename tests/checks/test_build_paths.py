"""Places of the build host in texts, bytecode and run paths."""

from __future__ import annotations

import py_compile
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from relforge.checks import build_paths
from relforge.elf import run_paths
from relforge.model.release import Release
from tests.checks import trees
from tests.elf.test_reader import loaded


def found(release: Release) -> list[tuple[str, str]]:
    return [(row.path, row.message) for row in build_paths.rule(release)]


def test_a_text_that_names_the_projects_directory_is_reported_with_its_line(tmp_path: Path) -> None:
    project = tmp_path / "project"
    text = f"# settings\nROOT = '{project}/data'\n"
    release = trees.app(tmp_path, {"app/shop/settings.py": text, "app/shop/other.py": "ROOT = '.'"})
    ((path, message),) = found(release)
    assert "app/shop/settings.py" == path
    assert f"line 2 contains the path of the project directory on this host, {project}" == message


def test_a_directory_whose_name_only_begins_alike_is_another(tmp_path: Path) -> None:
    text = f"{tmp_path}/projects and /mnt{tmp_path}/project"
    assert [] == found(trees.app(tmp_path, {"app/a.txt": text}))


def test_byte_code_that_names_its_source(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    source = tmp_path / "project" / "a.py"
    source.write_text("def one():\n    return 1\n")
    compiled = Path(str(py_compile.compile(str(source), cfile=str(tmp_path / "a.pyc"))))
    release = trees.app(tmp_path, {"app/__pycache__/a.cpython-312.pyc": compiled.read_bytes()})
    ((path, message),) = found(release)
    assert "app/__pycache__/a.cpython-312.pyc" == path
    assert message.startswith("contains the path of the project directory")


def test_a_place_of_one_component_says_nothing(tmp_path: Path) -> None:
    release = trees.app(tmp_path, {"app/Dockerfile": "WORKDIR /app\n"})
    release = replace(release, project=replace(release.project, root=Path("/app")))
    assert "/app" not in build_paths.places(release)
    assert [] == found(release)


def with_run_paths(root: Path) -> dict[str, bytes | str]:
    files: dict[str, bytes | str] = {}
    for name, run_path in (
        ("ours.so", f"{root}/project/lib"),
        ("fixed.so", "/opt/vendor/lib"),
        ("relative.so", "vendor.libs"),
        ("fine.so", "$ORIGIN/../lib"),
    ):
        copy = root / name
        shutil.copyfile(loaded("libm.so.6"), copy)
        run_paths.write(run_path, copy)
        files[f"{trees.SITE}/{name}"] = copy.read_bytes()
    return files


def severities(release: Release) -> dict[str, str]:
    rows = build_paths.run_paths(release)
    return {row.path.rpartition("/")[2]: row.severity for row in rows}


@pytest.mark.process
def test_a_run_path_of_this_host_is_an_error(tmp_path: Path) -> None:
    release = trees.app(tmp_path, with_run_paths(tmp_path))
    expected = {"ours.so": "error", "fixed.so": "warning", "relative.so": "error"}
    assert expected == severities(release)
    (message,) = [r.message for r in build_paths.run_paths(release) if "/ours.so" in r.path]
    assert "the project directory on this host" in message


@pytest.mark.process
def test_run_paths_of_a_published_wheel_are_warnings_at_most(tmp_path: Path) -> None:
    """P28: nobody can change a file whose digest is in the lock, and it works."""
    release = trees.release(tmp_path, {"deps": with_run_paths(tmp_path)})
    assert {"ours.so": "warning", "relative.so": "warning"} == severities(release)
    (hint,) = [row.hint for row in build_paths.run_paths(release) if "/relative.so" in row.path]
    assert "patchelf" not in hint
