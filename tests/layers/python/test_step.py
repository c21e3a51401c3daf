"""The step of a build: the layer, and the tree as a release has it."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from relforge.layers.python import step as python
from tests import builder
from tests.layers.python.conftest import Moved

pytestmark = pytest.mark.release


def test_the_layer_names_every_file_that_it_laid_into_the_release(
    any_moved: Moved, tmp_path: Path
) -> None:
    release = replace(
        builder.release(tmp_path, python=any_moved.settings), python=any_moved.interpreter
    )

    done = python.step(release)

    (layer,) = done.layers
    assert ("python", any_moved.interpreter.key, True) == (layer.name, layer.key, layer.cached)
    found = [
        os.path.relpath(os.path.join(directory, name), done.tree)
        for directory, _, names in os.walk(done.tree)
        for name in names
    ]
    assert sorted(found) == list(layer.paths)
    sizes = [(done.tree / path).lstat().st_size for path in found]
    links = [path for path in found if (done.tree / path).is_symlink()]
    assert sum(sizes) - sum((done.tree / path).lstat().st_size for path in links) == layer.size
    link = done.tree / "bin" / "python"
    assert f"../{any_moved.interpreter.executable}" == os.readlink(link)
    program = "import sys; print(sys.prefix)"
    reported = subprocess.run(
        [link, "-I", "-B", "-c", program], capture_output=True, text=True, check=True
    )
    assert f"{done.tree}/python\n" == reported.stdout


def test_a_step_that_is_repeated_gives_the_same(any_moved: Moved, tmp_path: Path) -> None:
    release = replace(
        builder.release(tmp_path, python=any_moved.settings), python=any_moved.interpreter
    )
    first, second = python.step(release).layers[0], python.step(release).layers[0]
    assert replace(first, seconds=0) == replace(second, seconds=0)
