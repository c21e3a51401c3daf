"""Wheels made manually, and the values that the builder would have."""

from __future__ import annotations

import hashlib
import os
import platform as host
import shutil
import sys
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import urllib3.util.connection  # noqa: F401 - as it is imported, it binds a socket to try IPv6

from relforge.layers.deps.platform import Platform, platform
from relforge.model.release import Interpreter, Release, Target
from relforge.model.spec import Project, Settings
from tests import builder

MakeWheel = Callable[..., Path]


@pytest.fixture(autouse=True)
def cache_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "cache"
    monkeypatch.setenv("RELFORGE_CACHE_DIR", str(directory))
    return directory


@pytest.fixture
def interpreter() -> Interpreter:
    """The Python that runs the tests, as if it went into the release."""
    return Interpreter(
        version=host.python_version(),
        tag=f"cp{sys.version_info.major}{sys.version_info.minor}",
        machine="x86_64",
        source="host",
        origin=Path(sys.executable),
        key="test",
        helper=Path(sys.executable),
    )


@pytest.fixture
def target() -> Target:
    return Target(system="linux", machine=os.uname().machine)


@pytest.fixture
def here(interpreter: Interpreter, target: Target) -> Platform:
    return platform(interpreter, target)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root = tmp_path / "project"
    root.mkdir()
    return builder.project(root, requires_python="")


@pytest.fixture
def settings() -> Settings:
    return builder.settings(app=None)


@pytest.fixture
def release(tmp_path: Path, project: Project, interpreter: Interpreter, target: Target) -> Release:
    tree = tmp_path / "tree"
    tree.mkdir()
    found = builder.release(project.root, tree=tree)
    return replace(found, project=project, python=interpreter, target=target)


@pytest.fixture
def locked(release: Release) -> Callable[[str], Release]:
    """The release with a requirements.lock of that text."""

    def write(text: str) -> Release:
        (release.project.root / "requirements.lock").write_text(text)
        return replace(release, settings=replace(release.settings, lock="requirements.lock"))

    return write


@pytest.fixture
def make_wheel(tmp_path: Path) -> MakeWheel:
    """Make a wheel: ``make_wheel("click", "1.0", {"click.py": "x = 1"})``."""

    def make(
        name: str,
        version: str,
        contents: Mapping[str, str | bytes],
        *,
        tag: str = "py3-none-any",
        directory: Path | None = None,
        scripts: str = "",
        metadata: str = "",
    ) -> Path:
        directory = directory or tmp_path / "links"
        directory.mkdir(exist_ok=True)
        info = f"{name}-{version}.dist-info"
        files: dict[str, str | bytes] = {
            **contents,
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
            f"{metadata}",
            f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
        }
        if scripts:
            files[f"{info}/entry_points.txt"] = scripts
        rows = "".join(f"{path},{_record(text)}\n" for path, text in files.items())
        files[f"{info}/RECORD"] = f"{rows}{info}/RECORD,,\n"
        path = directory / f"{name}-{version}-{tag}.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for inner, text in files.items():
                archive.writestr(inner, text)
        return path

    return make


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """pip knows one directory of files, and no index."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    directory = tmp_path / "links"
    directory.mkdir(exist_ok=True)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(directory))
    return directory


@pytest.fixture(params=["sh", "dash", "bash", "busybox"])
def shell(request: pytest.FixtureRequest) -> list[str]:
    found = shutil.which(request.param)
    if found is None:
        pytest.skip(f"no {request.param} on this host")
    return [found, "sh"] if request.param == "busybox" else [found]


def _record(content: str | bytes) -> str:
    data = content.encode() if isinstance(content, str) else content
    value = urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
    return f"sha256={value},{len(data)}"
