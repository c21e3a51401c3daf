"""Each file is read once; what is ignored or installed, and tests, are not read."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from relforge.project.init import reading
from tests.project.init.memory import found


@pytest.mark.process
def test_what_git_ignores_and_what_is_installed_is_not_read(tmp_path: Path) -> None:
    # P24
    files = {
        ".gitignore": "made/\n",
        "app.py": "x = 1\n",
        "made/big.py": "x = 1\n",
        "own_env/pyvenv.cfg": "",
        "own_env/lib/python3.12/site-packages/a.py": "x = 1\n",
        "tests/test_app.py": "import app\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    sources = reading.read(tmp_path)
    assert {"app.py", "tests/test_app.py"} == set(sources.modules)
    assert ["x"] == list(sources.modules["app.py"].bound)
    assert not sources.modules["tests/test_app.py"].imports


def test_what_python_cannot_parse_is_named() -> None:
    # P24
    model = found({"app.py": "def f(:\n", "b.py": "x = 1\n"})
    assert ("app.py",) == model.sources.unreadable


def test_names_that_go_in_a_circle_end() -> None:
    files = {
        "a.py": "from b import app\napp = app\n",
        "b.py": "import a\napp = a.app\nother = a.other\n",
        "c.py": "import c\nself = c.self\n",
    }
    assert found(files).web.process is None
