"""Steps of a project's own: found, called, and reported in terms of their own source."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from relforge import cache
from relforge.model.release import Release
from relforge.pipeline import extension
from relforge.support.errors import Exit, UserError
from tests import builder

WHERE = "tool.relforge.steps[1]"
Called = Callable[[str], Release]


@pytest.fixture
def release(own_cache: Path, tmp_path: Path) -> Release:
    """A draft with one file, which is shared with the cache."""

    def build(directory: Path) -> None:
        (directory / "app").mkdir()
        (directory / "app" / "shared").write_text("shared")

    made = cache.tree("app", "k", build)
    layer = cache.layer("app", made, 0.0)
    found = replace(builder.release(tmp_path), layers=(layer,))
    found.tree.mkdir(parents=True)
    cache.place(made, found.tree)
    return found


@pytest.fixture
def called(release: Release) -> Iterator[Called]:
    """Call the step `go` of that source."""
    before = set(sys.modules)

    def call(source: str) -> Release:
        (release.project.root / "own_steps.py").write_text(source)
        return extension.load(release.project.root, "own_steps:go", WHERE)(release)

    yield call
    for name in set(sys.modules) - before:
        del sys.modules[name]


def refused(called: Called, source: str) -> UserError:
    with pytest.raises(UserError) as caught:
        called(source)
    assert caught.value.message.startswith(f"{WHERE}: ")
    return caught.value


def test_a_step_writes_into_the_tree_and_returns_the_release(called: Called) -> None:
    release = called("""
from relforge.api import chmod, link, mkdir, note, remove, write

def go(release):
    write(release, "app/about", release.version)
    write(release, "app/shared", b"other")
    chmod(release, "app/shared", 0o755)
    link(release, "bin/about", "app/about")
    mkdir(release, "app/empty")
    write(release, "app/gone/x", "")
    remove(release, "app/gone")
    return note(release, "said")
""")
    tree = release.tree
    assert "1.0" == (tree / "bin" / "about").read_text()
    assert "other" == (tree / "app" / "shared").read_text()
    assert ["about", "empty", "shared"] == sorted(os.listdir(tree / "app"))
    assert ("said",) == release.notes
    assert cache.tree("app", "k", lambda _: pytest.fail("it was harmed")).cached


def test_the_project_can_be_imported_from_and_gets_no_byte_code(
    release: Release, called: Called
) -> None:
    (release.project.root / "own_facts.py").write_text("FACT = 'fact'\n")
    called("""
def go(release):
    from own_facts import FACT
    from relforge.api import note
    return note(release, FACT)
""")
    assert not list(release.project.root.rglob("__pycache__"))
    assert str(release.project.root) not in sys.path


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no_such:go", "no module named 'no_such'"),
        ("own_steps.deep:go", "no module named 'own_steps.deep'"),
        ("own_steps:ga", "own_steps has no 'ga'"),
        ("own_steps:FACT.go", "own_steps has no 'FACT.go'"),
        ("own_steps:FACT", "own_steps:FACT is not a function but a int"),
    ],
)
def test_what_is_no_step_is_reported_before_anything_is_built(
    release: Release, called: Called, name: str, message: str
) -> None:
    called("FACT = 1\ndef go(release):\n    return release\n")
    with pytest.raises(UserError) as caught:
        extension.load(release.project.root, name, WHERE)
    assert f"{WHERE}: {message}" in caught.value.message


def test_a_near_name_is_suggested(release: Release, called: Called) -> None:
    called("def go(release):\n    return release\n")
    with pytest.raises(UserError) as caught:
        extension.load(release.project.root, "own_steps:goo", WHERE)
    assert "did you mean own_steps:go?" == caught.value.hint


def test_a_module_that_cannot_be_imported_shows_its_own_lines(called: Called) -> None:
    error = refused(called, "def f():\n    return 1 / 0\n\nf()\n")
    assert "own_steps cannot be imported: ZeroDivisionError: division by zero" in error.message
    assert "line 4" in error.message and "line 2" in error.message
    assert "importlib" not in error.message


def test_a_library_that_is_not_beside_relforge_is_named(called: Called) -> None:
    error = refused(called, "import no_such_library\n")
    assert "No module named 'no_such_library'" in error.message
    assert "install no_such_library there" in error.hint


def test_a_name_that_relforge_uses_is_refused(release: Release) -> None:
    (release.project.root / "json.py").write_text("def go(release):\n    return release\n")
    with pytest.raises(UserError, match="has the same name as a module that relforge itself uses"):
        extension.load(release.project.root, "json:go", WHERE)


def test_a_step_that_fails_shows_its_own_lines(called: Called) -> None:
    error = refused(called, "def go(release):\n    raise KeyError('colour')\n")
    assert f"{WHERE}: own_steps:go: KeyError: 'colour'" in error.message
    assert "own_steps.py" in error.message and "extension.py" not in error.message


def test_exiting_is_failing(called: Called) -> None:
    assert "SystemExit: 3" in refused(called, "def go(release):\n    raise SystemExit(3)\n").message


def test_an_error_that_is_meant_for_the_user_has_no_traceback(called: Called) -> None:
    source = "from relforge.api import UserError\n"
    source += "def go(release):\n    raise UserError('no colour', hint='paint it')\n"
    error = refused(called, source)
    assert f"{WHERE}: own_steps:go: no colour" == error.message
    assert ("paint it", Exit.FAILED) == (error.hint, error.code)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("pass", "returned None instead of the release"),
        ("return release.tree", "instead of the release"),
        ("from dataclasses import replace; return replace(release, env='x')", "its `env`"),
    ],
)
def test_a_step_returns_the_release(called: Called, body: str, message: str) -> None:
    assert message in refused(called, f"def go(release):\n    {body}\n").message


def test_what_a_step_prints_is_no_result(
    called: Called, capsys: pytest.CaptureFixture[str]
) -> None:
    called("print('imported')\ndef go(release):\n    print('called')\n    return release\n")
    out, err = capsys.readouterr()
    assert ("", "imported\ncalled\n") == (out, err)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("write(release, '../x', '')", "'../x' points outside the release"),
        ("write(release, '', '')", "'' points outside the release"),
        ("write(release, 'app', '')", "'app' is a directory of the release"),
        ("write(release, 'app/x', '', mode=0o4755)", "mode 0o4755"),
        ("write(release, 'runtime/x', '')", "relforge itself writes 'runtime/x'"),
        ("copy(release, release.project.root / 'up', 'app/up')", "points outside the release"),
        ("link(release, 'app/x', 'app/none')", "the release has no 'app/none'"),
        ("mkdir(release, 'app/shared')", "'app/shared' is a file of the release"),
        ("chmod(release, 'app/none', 0o755)", "the release has no file 'app/none'"),
        ("remove(release, 'app/none')", "the release has no 'app/none'"),
        ("remove(release, 'bin')", "'bin' contains files that relforge itself writes"),
        ("remove(release, 'var')", "relforge itself writes 'var'"),
    ],
)
def test_what_the_api_refuses(release: Release, called: Called, call: str, message: str) -> None:
    (release.project.root / "up").symlink_to("/etc/passwd")
    source = "from relforge.api import *\ndef go(release):\n"
    with pytest.raises(UserError) as caught:
        called(f"{source}    {call}\n    return release\n")
    assert message in caught.value.message


@pytest.mark.parametrize(
    "harm",
    ["open(path, 'a').write('more')", "open(path, 'r+').write('SHARED')", "path.chmod(0o755)"],
)
def test_a_file_that_the_cache_shares_is_not_changed_in_place(
    release: Release, called: Called, harm: str
) -> None:
    time.sleep(0.02)  # a time stamp has the resolution of the kernel's tick
    body = f"path = release.tree / 'app' / 'shared'\n    {harm}\n    return release"
    error = refused(called, f"def go(release):\n    {body}\n")
    assert "changed app/shared in place" in error.message
    assert "relforge.api" in error.hint

    def build(directory: Path) -> None:
        (directory / "app").mkdir()
        (directory / "app" / "shared").write_text("shared")

    again = cache.tree("app", "k", build)
    assert "shared" == (again.path / "app" / "shared").read_text()
    assert 0o644 == (again.path / "app" / "shared").stat().st_mode & 0o777


def test_a_finished_tree_is_not_written_to(release: Release, called: Called) -> None:
    release.tree.rename(release.final_tree)
    (release.project.root / "own_steps.py").write_text(
        "from relforge.api import write\n"
        "def go(release):\n    write(release, 'app/x', '')\n    return release\n"
    )
    step = extension.load(release.project.root, "own_steps:go", WHERE)
    with pytest.raises(UserError, match="the release is finished") as caught:
        step(replace(release, tree=release.final_tree))
    assert "between `assemble` and `pack`" in caught.value.hint
