from __future__ import annotations

import tomllib

import pytest

from relforge.project.init import apply, plan
from relforge.support.errors import UserError
from tests.project.init.conftest import PROJECTS, Make
from tests.project.init.test_detect import read, written


@pytest.mark.process
def test_planning_writes_nothing(make: Make) -> None:
    root = make(PROJECTS["fastapi"])
    before = sorted(root.rglob("*"))
    made = plan(root)
    assert before == sorted(root.rglob("*"))
    assert made.content.endswith(made.text.encode())


@pytest.mark.process
def test_every_other_byte_of_pyproject_stays(make: Make) -> None:
    root = make(PROJECTS["fastapi"])
    path = root / "pyproject.toml"
    before = path.read_bytes().replace(b"[project]", b"# \xc3\xbc\n  [ project ]  # odd")
    path.write_bytes(before)
    written(root)
    assert path.read_bytes().startswith(before + b"\n[tool.relforge]\n")


@pytest.mark.process
def test_the_line_ending_of_the_file_is_kept(make: Make) -> None:
    root = make(PROJECTS["fastapi"])
    path = root / "pyproject.toml"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n").rstrip())
    written(root)
    after = path.read_bytes()
    assert after.count(b"\n") == after.count(b"\r\n")


@pytest.mark.process
def test_settings_that_are_there_are_not_overwritten_unasked(make: Make) -> None:
    root = make(PROJECTS["fastapi"])
    written(root)
    before = (root / "pyproject.toml").read_bytes()
    made = plan(root)
    assert made.replaces
    with pytest.raises(UserError) as caught:
        apply(made)
    assert 1 == caught.value.code
    assert "--force" in caught.value.hint
    assert before == (root / "pyproject.toml").read_bytes()


@pytest.mark.process
def test_replaced_settings_are_the_only_thing_that_changes(make: Make) -> None:
    root = make(PROJECTS["fastapi"])
    path = root / "pyproject.toml"
    with path.open("a") as file:
        file.write(
            '\n[tool.relforge]\npython.version = "3.10"\n[tool.relforge.env.dev]\nlock = "x"\n'
        )
        file.write('\n[[tool.other]]\ntext = """\n[tool.relforge]\n"""\n[tool.relforge.check]\n')
    with pytest.raises(UserError, match="cannot be added without touching"):
        plan(root)
    path.write_text(path.read_text().replace('"""\n[tool.relforge]\n"""', '"kept"'))
    apply(plan(root), replace=True)
    tool = tomllib.loads(path.read_text())["tool"]
    assert [{"text": "kept"}] == tool["other"]
    assert "3.10" != read(root).python.version
    assert "env" not in tool["relforge"]


@pytest.mark.process
def test_writing_twice_is_writing_once(make: Make) -> None:
    root = make(PROJECTS["fastapi"])
    written(root)
    once = (root / "pyproject.toml").read_bytes()
    apply(plan(root), replace=True)
    assert once == (root / "pyproject.toml").read_bytes()


@pytest.mark.process
def test_a_relforge_toml_that_is_there_is_the_place(make: Make) -> None:
    root = make(PROJECTS["fastapi"] | {"relforge.toml": 'name = "old"\n'})
    made = plan(root)
    assert (True, "relforge.toml") == (made.replaces, made.path.name)
    apply(made, replace=True)
    assert "shop" == read(root).name


@pytest.mark.process
def test_build_folders_are_added_to_a_gitignore_that_lacks_them(make: Make) -> None:
    root = make(PROJECTS["fastapi"] | {".gitignore": "/dist\n*.pyc"})
    made = plan(root)
    assert ("_build/",) == made.ignore
    apply(made)
    assert "/dist\n*.pyc\n_build/\n" == (root / ".gitignore").read_text()
    assert () == plan(root).ignore


@pytest.mark.process
def test_no_gitignore_is_made(make: Make) -> None:
    root = make(PROJECTS["fastapi"])
    written(root)
    assert not (root / ".gitignore").exists()


def test_a_malformed_pyproject_is_named_with_its_line(make: Make) -> None:
    root = make(PROJECTS["fastapi"] | {"pyproject.toml": "[project]\nname = \n"})
    with pytest.raises(UserError, match=r"pyproject\.toml:2"):
        plan(root)
