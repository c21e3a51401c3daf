"""Which Python, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from relforge.model.spec import Project
from relforge.project.init import interpreter, reading
from relforge.project.init.interpreter import Choice
from relforge.project.init.pinned import pinned_at
from tests.project.init.memory import found, read


def project(required: str = "") -> Project:
    return Project(
        root=Path("/nowhere"),
        name="x",
        version="1",
        requires_python=required,
        dependencies=(),
        optional_dependencies={},
        groups={},
        scripts={},
        has_build_system=False,
        settings_file=Path("/nowhere/pyproject.toml"),
        settings={},
    )


def choose(
    files: dict[str, str], required: str = "", host: tuple[str, ...] | None = None
) -> Choice:
    lock = files.pop("lock", "")
    return interpreter.choose(project(required), reading.memory(files), lock, host)


HOST = ("3.14", "3.13", "3.12", "3.11")


@pytest.mark.parametrize(
    ("required", "files", "version", "why"),
    [
        ("", {}, "3.14", "the newest on this host"),
        (">=3.11", {}, "3.14", 'that the project allows (requires-python says ">=3.11")'),
        (">=3.11,<3.13", {}, "3.12", "<3.13"),
        ("~=3.12.0", {}, "3.12", "~=3.12.0"),
        ("", {".python-version": "3.12.4\n"}, "3.12", ".python-version says 3.12"),
        (">=3.13", {".python-version": "3.12\n"}, "3.14", ">=3.13"),
        ("", {"runtime.txt": "python-3.11.6\n"}, "3.11", "runtime.txt says 3.11"),
        ("", {"Dockerfile": "FROM docker.io/library/python:3.13-slim\n"}, "3.13", "Dockerfile"),
        ("", {".tool-versions": "nodejs 20\npython 3.12.1\n"}, "3.12", ".tool-versions"),
    ],
)
def test_the_newest_that_is_allowed_unless_another_is_pinned(
    required: str, files: dict[str, str], version: str, why: str
) -> None:
    # P7
    choice = choose(dict(files), required, HOST)
    assert (version, "") == (choice.version, choice.problem)
    assert why in choice.why


@pytest.mark.parametrize(
    ("required", "files", "version", "problem"),
    [
        (">=3.15", {}, "3.15", 'requires-python says ">=3.15", and this host has 3.14, 3.13'),
        ("", {".python-version": "3.15"}, "3.14",
         ".python-version requires Python 3.15, which this host does not have: using 3.14"),
        ("", {".python-version": "3.14t"}, "3.14",
         ".python-version requires Python 3.14t, which this host does not have: using 3.14"),
    ],
)  # fmt: skip
def test_a_python_that_this_host_lacks_is_said(
    required: str, files: dict[str, str], version: str, problem: str
) -> None:
    # P7
    choice = choose(dict(files), required, HOST)
    assert version == choice.version
    assert problem in choice.problem


def test_a_module_that_newer_pythons_lack_decides() -> None:
    # P7
    source = "from distutils.util import strtobool\nfrom flask import Flask\napp = Flask('x')\n"
    choice = found({"app.py": source, "requirements.txt": "flask\n"}).python
    assert ("3.11", "the sources import distutils, which newer versions lack") == (
        choice.version,
        choice.why,
    )
    files = {"app.py": source, "requirements.txt": "flask\nsetuptools\n"}
    assert "3.13" == found(files).python.version


def test_old_pins_get_a_python_of_their_time() -> None:
    # P7
    pinned = pinned_at("requirements.txt", "flask==3.0.0\nidna==3.4\n", 1701000000)
    choice = interpreter.choose(project(), reading.memory({}), "", HOST, pinned)
    assert "3.11" == choice.version
    assert "requirements.txt pins versions from 2023" in choice.why
    assert pinned_at("requirements.txt", "flask\nidna==3.4\n", 1701000000) is None
    assert pinned_at("requirements.txt", "flask==3.0.0\n", None) is None


@pytest.mark.parametrize(("python", "version"), [("~3.12", "3.12"), ("^3.11", "3.13")])
def test_poetrys_python_counts(python: str, version: str) -> None:
    # P7
    text = f"[tool.poetry]\nname = 'x'\n[tool.poetry.dependencies]\npython = '{python}'\n"
    assert version == read({"pyproject.toml": text, "a.py": ""}).python.version


def test_a_python_without_wheels_in_the_lock_is_passed_over() -> None:
    # P7
    wheels = "numpy-2.1.0-cp312-cp312-manylinux_2_17_x86_64.whl numpy-2.1.0-cp313-cp313-any.whl"
    choice = choose({"lock": f"{wheels} six-1.0-py2.py3-none-any.whl"}, ">=3.11", HOST)
    assert ("3.13", "because of the wheels in the lockfile: it has none for 3.14 of numpy") == (
        choice.version,
        choice.why,
    )
    stable = "a-1.0-cp38-abi3-manylinux_2_17_x86_64.whl"
    assert "3.14" == choose({"lock": stable}, "", HOST).version
    old = "a-1.0-cp39-cp39-manylinux_2_17_x86_64.whl"
    assert "3.11" == choose({"lock": old}, "", HOST).version


@pytest.mark.parametrize("pinned", ["3.14t", "3.14.2t", "cpython-3.14+freethreaded"])
def test_a_free_threaded_python_is_taken_where_a_file_names_it(pinned: str) -> None:
    host = (*HOST, "3.14t")
    chosen = choose({".python-version": pinned}, ">=3.11", host)
    assert ("3.14t", ".python-version says 3.14t", "") == (
        *(chosen.version, chosen.why, chosen.problem),
    )
    assert "3.14" == choose({}, ">=3.11", host).version
    assert "3.13" == choose({".python-version": pinned}, "<3.14", host).version


def test_a_wheel_for_free_threaded_builds_alone_does_not_count() -> None:
    wheels = "a-1.0-cp314-cp314t-manylinux_2_28_x86_64.whl a-1.0-cp313-cp313-any.whl"
    assert "3.13" == choose({"lock": wheels}, "", HOST).version


@pytest.mark.parametrize(
    "text",
    [
        "FROM --platform=$BUILDPLATFORM python:3.12-slim AS base\n",
        "ARG PYTHON_VERSION=3.12\nFROM python:${PYTHON_VERSION}-slim\n",
        "ARG V=3.12.4\nFROM docker.io/library/python:$V\n",
        "FROM registry.example/uv:python3.12-bookworm-slim\n",
    ],
)
def test_each_form_of_a_base_image_names_its_python(text: str) -> None:
    # P7
    assert "3.12" == found({"a.py": "", "Dockerfile": text}).python.version


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("setup.cfg", "[options]\npython_requires = >=3.8, <3.13\n"),
        ("setup.py", "setup(name='x', python_requires='>=3.8,<3.13')\n"),
    ],
)
def test_what_setuptools_is_given_counts(name: str, text: str) -> None:
    # P7
    assert "3.12" == found({"a.py": "", name: text}).python.version


DEFERRED = """\
from typing import TYPE_CHECKING
from flask import Flask
if TYPE_CHECKING:
    from shop.models import Order
app = Flask('x')
"""


@pytest.mark.parametrize(
    "lines",
    ["def f(row: Order) -> None: ...", "def f() -> list[Order]: ...", "last: Order",
     "class A:\n    def f(self, *rows: Order): ...", "class A:\n    last: Order | None = None"],
)  # fmt: skip
def test_an_annotation_for_type_checkers_alone_wants_a_python_that_defers_it(lines: str) -> None:
    # P7
    files = {"a.py": f"{DEFERRED}{lines}\n", "requirements.txt": "flask\n"}
    with_newest = found(files, ("3.14", "3.13")).python
    assert ("3.14", "") == (with_newest.version, with_newest.problem)
    assert "a.py:" in with_newest.why
    without = found(files).python
    assert "3.14" == without.version
    assert "add `from __future__ import annotations` to the module" in without.problem


@pytest.mark.parametrize(
    "source",
    [
        f"from __future__ import annotations\n{DEFERRED}def f(row: Order) -> None: ...\n",
        f"{DEFERRED}def f(row: 'Order') -> None: ...\n",
        f"{DEFERRED}def f():\n    def g(row: Order) -> None: ...\n",
        f"{DEFERRED}from shop import Order\ndef f(row: Order) -> None: ...\n",
    ],
)
def test_an_annotation_that_every_python_survives_asks_for_none(source: str) -> None:
    # P7
    assert "3.13" == found({"a.py": source, "requirements.txt": "flask\n"}).python.version


@pytest.mark.parametrize(
    "lines",
    ["try:\n    import cgi\nexcept ImportError:\n    cgi = None",
     "if sys.version_info < (3, 13):\n    import cgi"],
)  # fmt: skip
def test_a_module_that_may_be_missing_decides_nothing(lines: str) -> None:
    # P7
    source = f"import sys\nfrom flask import Flask\n{lines}\napp = Flask('x')\n"
    assert "3.13" == found({"app.py": source, "requirements.txt": "flask\n"}).python.version
