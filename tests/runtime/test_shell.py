"""Every shell text of a release passes shellcheck, in the very bytes that ship."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sample import Sample

SHELLCHECK = Path(sys.executable).with_name("shellcheck")
TEMPLATES = Path(__file__).parents[2] / "templates"
SHEBANG = re.compile(rb"#! ?/(usr/)?bin/(env )?(sh|bash|dash)\b")


def test_templates_of_shell_have_no_holes() -> None:
    for path in TEMPLATES.rglob("*.sh"):
        assert not re.search(r"\{\{|\{%|@[A-Z_]+@", path.read_text()), path


@pytest.mark.release
def test_every_shell_text_of_a_release_passes_shellcheck(sample: Sample) -> None:
    texts = sorted(_shell_texts(sample.tree))
    assert sample.program in texts
    found = subprocess.run(
        [SHELLCHECK, "--shell=sh", "--format=gcc", *texts],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "" == found.stdout + found.stderr


@pytest.mark.release
def test_the_launcher_is_the_template_byte_for_byte(sample: Sample) -> None:
    assert (TEMPLATES / "launcher.sh").read_bytes() == sample.program.read_bytes()


def _shell_texts(tree: Path) -> Iterator[Path]:
    """Files of ours: what wheels of others bring along is theirs."""
    for path in tree.rglob("*"):
        if path.is_symlink() or not path.is_file() or "site-packages" in path.parts:
            continue
        with path.open("rb") as file:
            head = file.read(80)
        if path.suffix == ".sh" or SHEBANG.match(head):
            yield path
