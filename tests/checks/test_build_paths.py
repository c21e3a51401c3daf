"""Places of the build host in texts, byte code and run paths."""

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


def test_a_text_that_names_the_projects_folder_is_told_with_its_line(tmp_path: Path) -> None:
    project = tmp_path / "project"
    text = f"# settings\nROOT = '{project}/data'\n"
    release = trees.app(tmp_path, {"app/shop/settings.py": text, "app/shop/other.py": "ROOT = '.'"})
    ((path, message),) = found(release)
    assert "app/shop/settings.py" == path
    assert f"line 2 names the project's folder of this host, {project}" == message


def test_a_folder_whose_name_only_begins_alike_is_another(tmp_path: Path) -> None:
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
    assert message.startswith("names the project's folder")


def test_a_place_of_one_component_tells_nothing(tmp_path: Path) -> None:
    release = trees.app(tmp_path, {"app/Dockerfile": "WORKDIR /app\n"})
    release = replace(release, project=replace(release.project, root=Path("/app")))
    assert "/app" not in build_paths.places(release)
    assert [] == found(release)


@pytest.mark.process
def test_a_run_path_of_this_host_is_an_error(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {}
    for name, run_path in (
        ("ours.so", f"{tmp_path}/project/lib"),
        ("fixed.so", "/opt/vendor/lib"),
        ("fine.so", "$ORIGIN/../lib"),
    ):
        copy = tmp_path / name
        shutil.copyfile(loaded("libm.so.6"), copy)
        run_paths.write(run_path, copy)
        files[f"{trees.SITE}/{name}"] = copy.read_bytes()
    rows = {
        row.path: row for row in build_paths.run_paths(trees.release(tmp_path, {"deps": files}))
    }
    severities = {path.rpartition("/")[2]: row.severity for path, row in rows.items()}
    assert {"ours.so": "error", "fixed.so": "warning"} == severities
    assert "the project's folder of this host" in rows[f"{trees.SITE}/ours.so"].message
