from __future__ import annotations

import tomllib

import pytest

from relforge.model.python_version import SUPPORTED
from relforge.project.init import apply, plan
from relforge.support.errors import UserError
from tests.project.init.conftest import PROJECTS, Make
from tests.project.init.test_detect import read, written

pytestmark = pytest.mark.process  # git lists the files


def test_planning_writes_nothing(make: Make) -> None:
    root = make(PROJECTS["fastapi"])
    before = sorted(root.rglob("*"))
    made = plan(root)
    assert before == sorted(root.rglob("*"))
    assert made.content.endswith(made.text.encode())


def test_every_other_byte_of_pyproject_stays(make: Make) -> None:
    root = make(PROJECTS["fastapi"])
    path = root / "pyproject.toml"
    before = path.read_bytes().replace(b"[project]", b"# \xc3\xbc\n  [ project ]  # odd")
    path.write_bytes(before)
    written(root)
    assert path.read_bytes().startswith(before + b"\n[tool.relforge]\n")


def test_the_line_ending_of_the_file_is_kept(make: Make) -> None:
    root = make(PROJECTS["fastapi"])
    path = root / "pyproject.toml"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n").rstrip())
    written(root)
    after = path.read_bytes()
    assert after.count(b"\n") == after.count(b"\r\n")


def test_settings_that_are_complete_stay_as_they_are(make: Make) -> None:
    root = make(PROJECTS["fastapi"])
    written(root)
    before = (root / "pyproject.toml").read_bytes()
    made = plan(root)
    assert (True, "") == (made.exists, made.missing)
    assert () == apply(made)
    assert before == (root / "pyproject.toml").read_bytes()


def test_a_second_run_adds_what_is_missing_and_nothing_else(make: Make) -> None:
    # P23
    root = make(PROJECTS["fastapi"])
    path = root / "pyproject.toml"
    written(root)
    edited = path.read_text().replace("# instances = 2", "instances = 7")
    path.write_text(edited)
    (root / "shop" / "jobs.py").write_text("import celery\n\nqueue = celery.Celery('x')\n")
    made = plan(root)
    assert "# Celery" in made.missing
    assert 'add = ["celery"]' in made.missing
    assert "services.web" not in made.missing
    apply(made)
    after = path.read_text()
    assert after == f"{edited}\n{made.missing}"
    typed = read(root)
    assert [("web", 7), ("worker", 1)] == [(row.name, row.instances) for row in typed.services]
    assert "" == plan(root).missing


@pytest.mark.parametrize(
    "settings",
    [
        (
            '[tool.relforge]\npython.version = "3.12"\n[tool.relforge.services.site]\n'
            'app = "shop.web:app"\nlisten = ["127.0.0.1:1"]\n[tool.relforge.config]\n'
        ),
        (
            '[tool.relforge]\npython.version = "3.12"\nservices.web.app = "shop.web:app"\n'
            'services.web.listen = ["127.0.0.1:1"]\n[tool.relforge.config]\nstrict = false\n'
        ),
    ],
)
def test_what_another_table_does_already_is_not_missing(make: Make, settings: str) -> None:
    # P23
    root = make(PROJECTS["fastapi"])
    path = root / "pyproject.toml"
    path.write_text(f"{path.read_text()}\n{settings}")
    assert "" == plan(root).missing


def test_keys_that_have_to_be_there_are_added_below_the_header(make: Make) -> None:
    # P23
    root = make(PROJECTS["fastapi"] | {"relforge.toml": '[services.web]\napp = "shop.web:app"\n'})
    apply(plan(root))
    text = (root / "relforge.toml").read_text()
    assert text.startswith(f'python = {{ version = "{tuple(SUPPORTED)[-1]}" }}\n[services.web]\n')


def test_what_cannot_be_added_is_printed_and_the_file_stays(make: Make) -> None:
    # P23
    inline = '[tool.relforge]\npython = {version = "3.12"}\nservices = { web = { app = "a:b" } }\n'
    root = make(PROJECTS["fastapi"])
    path = root / "pyproject.toml"
    path.write_text(f"{path.read_text()}\n{inline}")
    (root / "shop" / "jobs.py").write_text("import celery\n\nqueue = celery.Celery('x')\n")
    before = path.read_bytes()
    made = plan(root)
    assert "[tool.relforge.services.worker]" in made.missing
    with pytest.raises(UserError) as caught:
        apply(made)
    assert "relforge init --print" in caught.value.hint
    assert before == path.read_bytes()


def test_replaced_settings_are_the_only_thing_that_changes(make: Make) -> None:
    root = make(PROJECTS["fastapi"])
    path = root / "pyproject.toml"
    with path.open("a") as file:
        file.write(
            '\n[tool.relforge]\npython.version = "3.10"\n[tool.relforge.env.dev]\nlock = "x"\n'
        )
        file.write('\n[[tool.other]]\ntext = """\n[tool.relforge]\n"""\n[tool.relforge.check]\n')
    with pytest.raises(UserError, match="without changing existing"):
        plan(root)
    path.write_text(path.read_text().replace('"""\n[tool.relforge]\n"""', '"kept"'))
    apply(plan(root), replace=True)
    tool = tomllib.loads(path.read_text())["tool"]
    assert [{"text": "kept"}] == tool["other"]
    assert "3.10" != read(root).python.version
    assert "env" not in tool["relforge"]


def test_writing_twice_is_writing_once(make: Make) -> None:
    root = make(PROJECTS["fastapi"])
    written(root)
    once = (root / "pyproject.toml").read_bytes()
    apply(plan(root), replace=True)
    assert once == (root / "pyproject.toml").read_bytes()


def test_a_relforge_toml_that_is_there_is_the_place(make: Make) -> None:
    root = make(PROJECTS["fastapi"] | {"relforge.toml": 'name = "old"\n'})
    made = plan(root)
    assert (True, "relforge.toml") == (made.exists, made.path.name)
    apply(made, replace=True)
    assert "shop" == read(root).name


def test_build_directories_are_added_to_a_gitignore_that_lacks_them(make: Make) -> None:
    root = make(PROJECTS["fastapi"] | {".gitignore": "/dist\n*.pyc"})
    made = plan(root)
    assert ("_build/",) == made.ignore
    apply(made)
    assert "/dist\n*.pyc\n_build/\n" == (root / ".gitignore").read_text()
    assert () == plan(root).ignore


def test_no_gitignore_is_made(make: Make) -> None:
    root = make(PROJECTS["fastapi"])
    written(root)
    assert not (root / ".gitignore").exists()


def test_a_malformed_pyproject_is_named_with_its_line(make: Make) -> None:
    root = make(PROJECTS["fastapi"] | {"pyproject.toml": "[project]\nname = \n"})
    with pytest.raises(UserError, match=r"pyproject\.toml:2"):
        plan(root)
