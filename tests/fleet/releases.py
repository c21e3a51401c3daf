"""The artifacts that the tests deploy: versions of one small web application."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests import pythons
from tests.sample import SOURCE_DATE

PROJECT = Path(__file__).parent / "project"
LOCK = Path(__file__).parents[1] / "project/init/projects/asgi_by_name/requirements.lock"


def build(directory: Path, version: str, fault: str = "") -> Path:
    """The tarball of that version; ``fault`` is how it misbehaves (`shop.fault`)."""
    project = directory / version
    shutil.copytree(PROJECT, project)
    shutil.copy(LOCK, project)
    settings = project / "pyproject.toml"
    text = settings.read_text().replace('version = "1.0.0"', f'version = "{version}"')
    settings.write_text(text.replace('"3.11"', f'"{pythons.OWN}"'))
    if fault:
        (project / "shop/fault.py").write_text(f'FAULT = "{fault}"\n')
    built = subprocess.run(
        [sys.executable, "-m", "relforge", "release", "--quiet", "--attest"],
        cwd=project,
        env={**os.environ, "SOURCE_DATE_EPOCH": SOURCE_DATE},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert 0 == built.returncode, built.stderr
    (made,) = (project / "dist").glob("*.tar.gz")
    return made
