"""What the application imports, and the release has not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from relforge.checks import imports
from relforge.model.release import Finding, Release
from tests.checks import trees

DEPS: dict[str, bytes | str] = {
    f"{trees.SITE}/flask/__init__.py": "",
    f"{trees.SITE}/one_file.py": "",
    f"{trees.SITE}/compiled.cpython-312-x86_64-linux-gnu.so": "",
    f"{trees.SITE}/google/protobuf/__init__.py": "",
}
PYTHON: dict[str, bytes | str] = {
    "python/lib/python3.12/json/__init__.py": "",
    "python/lib/python3.12/os.py": "",
    "python/lib/python3.12/typing.py": "",
    "python/lib/python3.12/contextlib.py": "",
    "python/lib/python3.12/__future__.py": "",
    "python/lib/python3.12/lib-dynload/_ssl.cpython-312-x86_64-linux-gnu.so": "",
}


def found(root: Path, source: str, path: str = "app/shop/web.py") -> list[Finding]:
    own: dict[str, bytes | str] = {"app/shop/__init__.py": "", "app/shop/db.py": "", path: source}
    return list(imports.rule(of(root, own)))


def of(root: Path, own: dict[str, bytes | str]) -> Release:
    runtime: dict[str, bytes | str] = {"runtime/relforge/__init__.py": ""}
    layers = {"python": PYTHON, "deps": DEPS, "app": own, "release": runtime}
    return trees.release(root, layers)


@pytest.mark.parametrize(
    "source",
    [
        "import os, json, sys, math, time, _ssl",
        "import flask.views\nfrom flask import Flask",
        "import one_file, compiled",
        "from google.protobuf import message",
        "import shop.db\nfrom shop import db\nfrom . import db\nfrom .db import x",
        "from relforge.runtime import ready",
        "from __future__ import annotations",
        "try:\n    import ujson\nexcept ImportError:\n    ujson = None",
        "try:\n    import ujson\nexcept (ValueError, ModuleNotFoundError):\n    import rapidjson",
        "import contextlib\nwith contextlib.suppress(ImportError):\n    import ujson",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import boto3",
        "this is no Python {{ at all }}",
    ],
)
def test_what_is_there_or_can_be_done_without(tmp_path: Path, source: str) -> None:
    assert [] == found(tmp_path, source)


def test_distutils_is_there_where_setuptools_brings_it(tmp_path: Path) -> None:
    own: dict[str, bytes | str] = {"app/web.py": "from distutils.util import strtobool\n"}
    (row,) = imports.rule(of(tmp_path / "a", own))
    assert "distutils" in row.message
    hack: dict[str, bytes | str] = {f"{trees.SITE}/_distutils_hack/__init__.py": ""}
    layers = {"python": PYTHON, "deps": {**DEPS, **hack}, "app": own}
    assert [] == list(imports.rule(trees.release(tmp_path / "b", layers)))


def test_a_module_that_is_not_there_is_reported_with_its_line_and_distribution(
    tmp_path: Path,
) -> None:
    (finding,) = found(tmp_path, "import os\nimport yaml\n")
    assert ("error", "app/shop/web.py") == (finding.severity, finding.path)
    assert "line 2 imports 'yaml', which is not in the release" == finding.message
    assert "add PyYAML to `project.dependencies`, then run: relforge lock" == finding.hint


def test_several_names_of_one_package_are_reported_once(tmp_path: Path) -> None:
    source = "def f():\n    import boto3\nfrom boto3 import a, b\nimport boto3.session\n"
    (finding,) = found(tmp_path, source)
    assert "error" == finding.severity


def test_a_package_beside_another_in_one_namespace(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, "from google.cloud import storage\n")
    assert "'google.cloud.storage'" in finding.message
    assert "add google-cloud-storage " in finding.hint


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    import boto3",
        "import os\nif os.name == 'nt':\n    import boto3",
        "class A:\n    def f(self):\n        from boto3 import session",
    ],
)
def test_what_runs_only_sometimes_is_a_warning(tmp_path: Path, source: str) -> None:
    (finding,) = found(tmp_path, source)
    assert "warning" == finding.severity


def test_tests_do_not_count(tmp_path: Path) -> None:
    for path in ("app/shop/tests/test_web.py", "app/shop/conftest.py", "app/shop/test_a.py"):
        assert [] == found(tmp_path / path, "import pytest", path)


def test_what_a_script_finds_beside_it(tmp_path: Path) -> None:
    own: dict[str, bytes | str] = {
        "app/back/manage.py": "import mysite",
        "app/back/mysite/a.py": "",
    }
    assert [] == list(imports.rule(of(tmp_path, own)))


def test_a_part_of_python_that_is_left_out(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, "import tkinter")
    assert 'python.keep = ["tkinter"]' in finding.hint
    (finding,) = found(tmp_path / "other", "import wave")
    assert "no longer has it, or python.exclude names it" in finding.hint


def test_a_distribution_that_is_in_a_group_of_the_project(tmp_path: Path) -> None:
    release = of(tmp_path, {"app/a.py": "import boto3"})
    project = replace(release.project, groups={"aws": ("Boto3>=1",)})
    (finding,) = imports.rule(replace(release, project=project))
    assert 'dependencies.groups = ["aws"]' in finding.hint
