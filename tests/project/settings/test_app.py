"""``app``: paths of the project, and paths below import roots."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from relforge.model.spec import Settings
from relforge.project import pyproject, settings
from relforge.support.errors import SettingsError

HEAD = '[project]\nname = "shop"\n[tool.relforge]\npython = { version = "3.12" }\n'


def read(directory: Path, line: str) -> Settings:
    (directory / "pyproject.toml").write_text(f"{HEAD}{line}\n")
    found = pyproject.load(directory)
    merged = settings.lay(found.settings, "prod")
    typed, _ = settings.read(found, merged, "prod", version="1.0", lock=None)
    return typed


@pytest.mark.parametrize(
    ("line", "paths", "roots"),
    [
        ("", None, ()),
        ("app = []", (), ()),
        ('app = ["manage.py", "mysite"]', ("manage.py", "mysite"), ()),
        ('app = { root = "src", include = ["mysite"] }', ("src/mysite",), ("src",)),
        ('app = { root = "src" }', ("src",), ("src",)),
        ('app = { root = "./src/py/" }', ("src/py",), ("src/py",)),
        ('app = { root = ".", include = ["a"] }', ("a",), ()),
        (
            (
                'app = ["t", { root = "b", include = ["x"] }, { root = "c" }, { root = "b", '
                'include = ["y"] }]'
            ),
            ("t", "b/x", "c", "b/y"),
            ("b", "c"),
        ),
    ],
)
def test_paths_below_a_root_keep_their_place(
    tmp_path: Path, line: str, paths: Any, roots: tuple[str, ...]
) -> None:
    # P25
    typed = read(tmp_path, line)
    assert (paths, roots) == (typed.app, typed.app_roots)


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ('app = "src"', r"tool\.relforge\.app: expected a list of strings"),
        ("app = [1]", r"tool\.relforge\.app\[0\]: expected a list of strings"),
        ('app = { include = ["a"] }', r"app\.root: the import root is missing"),
        ('app = { root = "/x" }', r"app\.root: '/x' leads out of the tree"),
        ('app = [{ root = "a/../.." }]', r"app\[0\]\.root: .* leads out of the tree"),
        ('app = { root = "a", include = ["../b"] }', r"app\.include\[0\]: '\.\./b' leads out"),
        ('app = { root = "a", includes = ["b"] }', r"app\.includes: unknown key"),
        ('app = { root = "a", include = "b" }', r"app\.include: expected a list of strings"),
    ],
)
def test_what_is_no_root_is_refused_by_its_place(tmp_path: Path, line: str, where: str) -> None:
    # P25
    with pytest.raises(SettingsError, match=where):
        read(tmp_path, line)
