"""The sample application's release: built once for a whole test run."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import pythons

PROJECT = Path(__file__).parents[1] / "sample_app"
LEFT_BEHIND = shutil.ignore_patterns("_build", "dist", "node_modules", "var", "__pycache__", ".*")
PYTHON = re.compile(r'^(python = \{ version = )"3\.\d+"', re.M)
SOURCE_DATE = "1700000000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A release of the sample application.  Nothing may be written below ``tree``."""

    report: dict[str, Any]  # what `relforge release --json` printed
    artifact: Path
    tree: Path  # the artifact, unpacked

    @property
    def program(self) -> Path:
        return self.tree / "bin" / str(self.report["name"])


def build(directory: Path, *, python: str | None = None) -> Sample:
    """Build and unpack it below the directory, or take what another worker built there."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = directory / "report.json"
        if not done.exists():
            report = release(directory, python=python)
            unpacked = directory / "unpacked"
            unpacked.mkdir()
            subprocess.run(["tar", "-xzf", report["artifact"], "-C", unpacked], check=True)
            done.write_text(json.dumps(report))
        report = json.loads(done.read_text())
    (tree,) = (directory / "unpacked").iterdir()
    return Sample(report=report, artifact=Path(report["artifact"]), tree=tree)


def release(
    directory: Path, *, python: str | None = None, env: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Build a copy of the project; what `relforge release --json` printed.

    ``python`` is the version that goes in, where it is not to be that of the Python which
    runs the tests: a host need not have the project's own.
    """
    project = directory / "project"
    shutil.copytree(PROJECT, project, ignore=LEFT_BEHIND)
    settings = project / "pyproject.toml"
    text, times = PYTHON.subn(rf'\g<1>"{python or pythons.OWN}"', settings.read_text())
    assert 1 == times
    settings.write_text(text)
    words = ["release", "--env", "prod", "--project", str(project), "--json"]
    built = subprocess.run(
        [sys.executable, "-m", "relforge", *words],
        env={**os.environ, "SOURCE_DATE_EPOCH": SOURCE_DATE, **(env or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == built.returncode, built.stderr[-4000:]
    report: dict[str, Any] = json.loads(built.stdout)
    return {**report, "artifact": str(project / report["artifact"])}
