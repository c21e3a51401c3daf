"""Which file counts, which are named as unused, and that nothing is passed over."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from relforge.model.spec import Project
from relforge.project import pyproject
from relforge.project.requirements import choice
from relforge.support.errors import SettingsError, UserError
from tests import builder

HASHED = f"flask==3.1.2 --hash=sha256:{'a' * 64}\n"
NAMED = '[project]\nname = "shop"\nversion = "1.0"\n'
WITH = f'{NAMED}dependencies = ["django"]\n'


def chosen(root: Path, files: dict[str, str], **settings: Any) -> Project:
    """The project after the choice; a backend has nothing to say in it."""
    for name, text in {"pyproject.toml": NAMED, **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    found = pyproject.load(root)
    typed = builder.settings(**settings)
    return choice.after_backend(choice.before_backend(found, typed), typed)


def said(project: Project) -> str:
    assert project.requirements is not None
    return choice.sentence(project.requirements)


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"requirements.txt": "flask"}, "requirements from requirements.txt"),
        ({"requirements.in": "flask"}, "requirements from requirements.in"),
        (
            {"requirements.txt": "flask", "requirements.in": "flask"},
            "requirements from requirements.txt; not used: requirements.in",
        ),
        (
            {"requirements.txt": "-r base.txt", "base.txt": "flask", "requirements-dev.txt": "x"},
            "requirements from requirements.txt; not used: requirements-dev.txt",
        ),
        (
            {"requirements/base.txt": "flask", "requirements/dev.txt": "-r base.txt\nx"},
            "requirements from requirements/base.txt; not used: requirements/dev.txt",
        ),
        (
            {"requirements/base.txt": "flask", "requirements/production.txt": "-r base.txt\nx"},
            "requirements from requirements/production.txt",
        ),
        ({"requirements/web.txt": "flask"}, "requirements from requirements/web.txt"),
        (
            {"Pipfile": '[packages]\nflask = "*"\n', "requirements.txt": "flask"},
            "requirements from Pipfile; not used: requirements.txt",
        ),
        (
            {"pyproject.toml": WITH, "requirements.txt": "flask", "Pipfile": "[packages]\n"},
            "requirements from [project] of pyproject.toml; not used: Pipfile, requirements.txt",
        ),
        (
            {"requirements.txt": "", "requirements-prod.txt": "flask"},
            "requirements from requirements-prod.txt; not used: requirements.txt",
        ),
        (
            {"setup.py": "setup(install_requires=['flask'])", "requirements.txt": "flask"},
            "requirements from requirements.txt; not used: setup.py",
        ),
    ],
)
def test_one_file_counts_and_the_others_are_named(  # P2
    tmp_path: Path, files: dict[str, str], sentence: str
) -> None:
    assert sentence == said(chosen(tmp_path, files))


def test_the_lock_comes_last_and_is_not_unused(tmp_path: Path) -> None:  # P1
    files = {"requirements.txt": HASHED, "requirements.in": "flask"}
    assert "requirements from requirements.in" == said(
        chosen(tmp_path, files, lock="requirements.txt")
    )
    (tmp_path / "requirements.in").unlink()
    found = chosen(tmp_path, {}, lock="requirements.txt")
    assert ("flask==3.1.2",) == found.dependencies


def test_settings_name_the_files_or_none(tmp_path: Path) -> None:
    files = {"pyproject.toml": WITH, "web.txt": "flask", "more.txt": "click"}
    found = chosen(tmp_path, files, requirements=("web.txt", "more.txt"))
    assert ("flask", "click") == found.dependencies
    assert "requirements from web.txt and more.txt" == said(found)
    assert () == chosen(tmp_path, {"requirements.txt": "flask"}, requirements=()).dependencies
    with pytest.raises(SettingsError, match=r"tool\.relforge\.requirements\[0\]: no file"):
        chosen(tmp_path, {}, requirements=("gone.txt",))


def test_the_project_itself_in_a_file_counts_with_its_own(tmp_path: Path) -> None:
    files = {"pyproject.toml": WITH, "requirements.txt": "-e .\nflask\n"}
    found = chosen(tmp_path, files, requirements=("requirements.txt",))
    assert ("django", "flask") == found.dependencies


@pytest.mark.parametrize(
    "files",
    [
        {"requirements-web.txt": "flask", "requirements-job.txt": "rq"},
        {"requirements/web.txt": "flask", "requirements/job.txt": "rq"},
    ],
)
def test_nothing_is_an_error_beside_files_that_may_be_meant(  # P2
    tmp_path: Path, files: dict[str, str]
) -> None:
    with pytest.raises(UserError) as caught:
        chosen(tmp_path, files)
    assert 1 == caught.value.code
    assert "job.txt and " in caught.value.message
    assert "web.txt name requirements" in caught.value.message
    assert "requirements = [" in caught.value.hint


def test_files_for_development_alone_leave_a_project_without_requirements(tmp_path: Path) -> None:
    files = {"requirements-dev.txt": "pytest", "requirements/docs.txt": "sphinx"}
    assert () == chosen(tmp_path, files).dependencies


def test_the_backend_is_asked_where_it_has_something_to_say(tmp_path: Path) -> None:  # P19
    project = builder.project(tmp_path, name="", dynamic=("dependencies",))
    settings = builder.settings(app=("shop",))
    assert not choice.asks_backend(project, settings)
    assert choice.asks_backend(project, replace(settings, app=None))
    (tmp_path / "setup.py").write_text("setup(install_requires=['flask'])\n")
    assert choice.asks_backend(project, settings)


def test_init_may_ask_without_settings(tmp_path: Path) -> None:  # P19
    (tmp_path / "pyproject.toml").write_text(NAMED)
    (tmp_path / "requirements.txt").write_text("-r base.txt\n")
    (tmp_path / "base.txt").write_text("flask[async]\n")
    found = choice.declared(pyproject.load(tmp_path))
    assert found is not None
    assert [("base.txt:1", "flask[async]")] == [(row.where, row.text) for row in found.rows]


@pytest.mark.parametrize("name", ["environment.yml", "environment.yaml", "pixi.toml"])
def test_a_file_in_another_form_is_named_and_not_passed_over(tmp_path: Path, name: str) -> None:
    # P2
    with pytest.raises(UserError) as caught:
        chosen(tmp_path, {name: "dependencies: [flask]\n"})
    assert f"{name} names requirements in a form that relforge does not read" in str(caught.value)
    beside = chosen(tmp_path, {name: "", "requirements.txt": "flask"})
    assert f"requirements from requirements.txt; not used: {name}" == said(beside)
