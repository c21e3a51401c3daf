"""How severe a finding is: whence its file, and whether an entry point reaches it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from relforge.checks import imports, native, reach, severity
from relforge.model.release import Finding, Release
from relforge.runtime.contract.command import Command
from relforge.runtime.contract.service import Service
from tests.checks import trees
from tests.elf.test_reader import EXECUTABLE

SITE = trees.SITE
LACKING = EXECUTABLE.read_bytes().replace(b"libc.so.6\0", b"libq.so.6\0")
FILES: dict[str, bytes | str] = {
    f"{SITE}/pp/__init__.py": "from . import web\n",
    f"{SITE}/pp/web.py": "def run():\n    from pp.late import x\n",
    f"{SITE}/pp/late.py": "import nowhere\n",
    f"{SITE}/pp/plugin.py": "import pytest\n",
    f"{SITE}/pp/conf.py": "APPS = ['pp.admin', 'pp.celery:app']\n",
    f"{SITE}/pp/celery.py": "import nowhere\n",
    f"{SITE}/pp/admin/__init__.py": "",
    f"{SITE}/pp/admin/models.py": "import nowhere\n",
}
WEB = Service(name="web", kind="run", target="pp.web:run")


def weighed(release: Release, loaded: Sequence[str] = ()) -> dict[str, Finding]:
    found = [*imports.rule(release), *native.libraries(release)]
    return {row.path: row for row in severity.weigh(release, found, loaded)}


def test_a_plugin_that_nothing_reaches_is_a_warning(tmp_path: Path) -> None:
    """P30: a user who followed the hint of an error would ship the test tools."""
    rows = weighed(trees.app(tmp_path, FILES, services=(WEB,)))
    plugin, late = rows[f"{SITE}/pp/plugin.py"], rows[f"{SITE}/pp/late.py"]
    assert ("warning", "error") == (plugin.severity, late.severity)
    assert "no service, command or hook reaches it" in plugin.message
    assert "project.dependencies" not in plugin.hint
    assert "add nowhere to `project.dependencies`" in late.hint


@pytest.mark.parametrize(
    ("words", "reached"),
    [
        (("python", "-m", "pp.plugin"), "pp/plugin.py"),
        (("celery", "--app=pp.celery:app", "worker"), "pp/celery.py"),
        (("gunicorn", "pp.conf"), "pp/celery.py"),  # by a string in it
        (("gunicorn", "pp.conf"), "pp/admin/models.py"),  # as a framework does
    ],
)
def test_a_word_of_a_command_reaches_a_module(
    tmp_path: Path, words: tuple[str, ...], reached: str
) -> None:
    """P30, its other side."""
    command = Command(name="do", exec=words, mode="exec")
    row = weighed(trees.app(tmp_path, FILES, commands=(command,)))[f"{SITE}/{reached}"]
    assert "error" == row.severity


def test_a_command_of_django_is_a_warning_until_somebody_types_it(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {
        f"{SITE}/pp/conf.py": "APPS = ['pp.api']\n",
        f"{SITE}/pp/api/__init__.py": "",
        f"{SITE}/pp/api/models.py": "import nowhere\n",
        f"{SITE}/pp/api/management/__init__.py": "",
        f"{SITE}/pp/api/management/commands/__init__.py": "",
        f"{SITE}/pp/api/management/commands/prune.py": "import nowhere\n",
    }
    command = Command(name="do", exec=("gunicorn", "pp.conf"), mode="exec")
    rows = weighed(trees.app(tmp_path, files, commands=(command,)))
    row = rows[f"{SITE}/pp/api/management/commands/prune.py"]
    assert "warning" == row.severity
    assert "Django loads it only when that command is run" in row.message
    assert "add nowhere to `project.dependencies`" in row.hint
    assert "error" == rows[f"{SITE}/pp/api/models.py"].severity


def test_a_file_of_the_release_that_a_command_runs_is_reached(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {"app/tool.py": "import nowhere\n", "app/other.py": "import no"}
    command = Command(name="do", exec=("python", "app/tool.py"), mode="exec")
    rows = weighed(trees.app(tmp_path, files, commands=(command,)))
    assert {"app/tool.py": "error", "app/other.py": "warning"} == {
        path: row.severity for path, row in rows.items()
    }


def test_a_module_that_the_interpreter_imported_is_reached(tmp_path: Path) -> None:
    rows = weighed(trees.app(tmp_path, FILES, services=()), loaded=["os", "pp.plugin"])
    assert "error" == rows[f"{SITE}/pp/plugin.py"].severity
    assert "error" == rows[f"{SITE}/pp/late.py"].severity, "by pp/__init__.py"


def test_a_relative_import_is_followed(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {
        "app/a/__init__.py": "",
        "app/a/b/__init__.py": "from ..c import x\n",
        "app/a/c.py": "",
    }
    service = Service(name="web", kind="run", target="a.b:x")
    found = reach.of(trees.app(tmp_path, files, services=(service,)), ())
    assert {*files} == found.paths


def packages(root: Path, app: str, **settings: object) -> Release:
    files: dict[str, bytes | str] = {
        f"{SITE}/fast/__init__.py": "",
        f"{SITE}/fast/_c.cpython-312-x86_64-linux-gnu.so": LACKING,
        f"{SITE}/fast/plugins/libfast_rdma.so.1": LACKING,
    }
    own: dict[str, bytes | str] = {"app/pp.py": app}
    service = Service(name="web", kind="run", target="pp:x")
    return trees.release(root, {"deps": files, "app": own}, services=(service,), **settings)


def test_a_part_of_a_wheel_that_nothing_loads_may_lack_its_library(tmp_path: Path) -> None:
    """P29: an optional plugin of a wheel; nobody can change it."""
    rows = weighed(packages(tmp_path, "import fast\n"), loaded=["fast", "fast._c", "pp"])
    plugin = rows[f"{SITE}/fast/plugins/libfast_rdma.so.1"]
    assert "warning" == plugin.severity
    assert "nothing that the application imports uses it" in plugin.message


@pytest.mark.parametrize(
    ("app", "loaded", "expected"),
    [
        ("", (), "warning"),  # nobody imports the package
        ("def f():\n    import fast\n", ("pp",), "error"),  # when it runs
        ("import fast\n", (), "error"),  # nobody could try
        ("import fast\n", ("fast", "pp"), "warning"),  # the package does without it
        ("from fast import _c\n", ("fast", "pp"), "error"),
    ],
)
def test_a_module_of_a_wheel_that_lacks_a_library(
    tmp_path: Path, app: str, loaded: tuple[str, ...], expected: str
) -> None:
    """P29: an error where what is imported needs it."""
    rows = weighed(packages(tmp_path, app), loaded)
    assert expected == rows[f"{SITE}/fast/_c.cpython-312-x86_64-linux-gnu.so"].severity


def test_what_the_project_itself_brings_is_an_error_in_any_case(tmp_path: Path) -> None:
    release = trees.app(tmp_path, {f"{SITE}/own/libown.so": LACKING}, services=(WEB,))
    assert "error" == weighed(release)[f"{SITE}/own/libown.so"].severity
