"""Wheels made by hand, and the values that the builder would have."""

from __future__ import annotations

import hashlib
import os
import platform as host
import shutil
import sys
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from relforge.deps.platform import Platform, platform
from relforge.release import (
    AssetSettings,
    CheckSettings,
    ConfigSettings,
    DependencySettings,
    Interpreter,
    Project,
    PythonSettings,
    Release,
    Settings,
    Target,
)

MakeWheel = Callable[..., Path]


@pytest.fixture(autouse=True)
def cache_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("RELFORGE_CACHE_DIR", str(folder))
    return folder


@pytest.fixture
def interpreter() -> Interpreter:
    """The Python that runs the tests, as if it went into the release."""
    return Interpreter(
        version=host.python_version(),
        tag=f"cp{sys.version_info.major}{sys.version_info.minor}",
        source="host",
        origin=Path(sys.executable),
        key="test",
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
    return Project(
        root=root,
        name="shop",
        version="1.0",
        requires_python="",
        dependencies=(),
        optional_dependencies={},
        groups={},
        scripts={},
        has_build_system=True,
        settings_file=root / "pyproject.toml",
        settings={},
    )


@pytest.fixture
def settings() -> Settings:
    return Settings(
        name="shop",
        version="1.0",
        python=PythonSettings(version="3.12"),
        dependencies=DependencySettings(),
        lock=None,
        app=None,
        assets=AssetSettings(),
        overlays=(),
        services=(),
        config=ConfigSettings(),
        commands=(),
        check=CheckSettings(),
    )


@pytest.fixture
def release(
    tmp_path: Path, project: Project, settings: Settings, interpreter: Interpreter, target: Target
) -> Release:
    tree = tmp_path / "tree"
    tree.mkdir()
    return Release(
        project=project,
        settings=settings,
        env="prod",
        target=target,
        source_date=1_700_000_000,
        revision=None,
        build_dir=tmp_path,
        tree=tree,
        python=interpreter,
    )


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
        contents: dict[str, str],
        *,
        tag: str = "py3-none-any",
        folder: Path | None = None,
        scripts: str = "",
    ) -> Path:
        folder = folder or tmp_path / "links"
        folder.mkdir(exist_ok=True)
        info = f"{name}-{version}.dist-info"
        files = {
            **contents,
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
        }
        if scripts:
            files[f"{info}/entry_points.txt"] = scripts
        rows = "".join(f"{path},{_record(text)}\n" for path, text in files.items())
        files[f"{info}/RECORD"] = f"{rows}{info}/RECORD,,\n"
        path = folder / f"{name}-{version}-{tag}.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for inner, text in files.items():
                archive.writestr(inner, text)
        return path

    return make


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """pip knows one folder of files, and no index."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "links"
    folder.mkdir(exist_ok=True)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture(params=["sh", "dash", "bash", "busybox"])
def shell(request: pytest.FixtureRequest) -> list[str]:
    found = shutil.which(request.param)
    if found is None:
        pytest.skip(f"no {request.param} on this host")
    return [found, "sh"] if request.param == "busybox" else [found]


def _record(text: str) -> str:
    value = urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
    return f"sha256={value},{len(text.encode())}"
