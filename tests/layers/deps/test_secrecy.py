"""Credentials get into no lock, artifact, log or message, whatever asks with them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from relforge.layers.deps import pex, uv
from tests.layers.deps import server
from tests.layers.deps.conftest import MakeWheel

USER, PASSWORD = "carol", "pa55-planted-w0rd"
SETTINGS = f"""
[project]
name = "shop"
version = "1.0"
dependencies = ["click"]
[tool.relforge]
python = {{ version = "3.{sys.version_info.minor}" }}
app = []
indexes = [{{ name = "own", url = "URL", default = true }}]
"""

needs_uv = pytest.mark.skipif(uv.program() is None, reason="uv is not installed")
needs_pex = pytest.mark.skipif(
    sys.version_info >= pex.VENDORED_UNTIL, reason="pex would have to fetch a pip"
)


@pytest.fixture
def index(make_wheel: MakeWheel) -> Iterator[server.Index]:
    directory = make_wheel("click", "1.0", {"click.py": "x = 1\n"}).parent
    with server.serve(directory, login=f"{USER}:{PASSWORD}", html=True) as served:
        yield served


def everything(directory: Path) -> Iterator[tuple[Path, bytes]]:
    for path in directory.rglob("*"):
        if path.is_file() and not path.is_symlink():
            yield path, path.read_bytes()


@pytest.mark.release
@pytest.mark.parametrize(
    ("resolver", "way"),
    [
        pytest.param("uv", "variables", marks=needs_uv),
        pytest.param("pex", "address", marks=needs_pex),
    ],
)
def test_nothing_that_is_written_or_said_holds_a_credential(
    index: server.Index, tmp_path: Path, cache_dir: Path, resolver: str, way: str
) -> None:
    root = tmp_path / "shop"
    root.mkdir()
    (root / "pyproject.toml").write_text(SETTINGS.replace("URL", index.url))
    env = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    env |= {"PIP_CONFIG_FILE": os.devnull, "UV_NO_CACHE": "1"}
    if way == "variables":
        env |= {"RELFORGE_INDEX_OWN_USERNAME": USER, "RELFORGE_INDEX_OWN_PASSWORD": PASSWORD}
    else:
        env["PIP_INDEX_URL"] = index.url.replace("://", f"://{USER}:{PASSWORD}@")
        text = (root / "pyproject.toml").read_text()
        (root / "pyproject.toml").write_text(text[: text.index("indexes")])

    def said(*words: str) -> bytes:
        command = [sys.executable, "-m", "relforge", *words, "-v", "--project", str(root)]
        done = subprocess.run(command, env=env, capture_output=True, timeout=200, check=False)
        assert 0 == done.returncode, done.stderr[-3000:]
        return done.stdout + done.stderr

    output = said("lock", "--resolver", resolver)
    if way == "variables":
        output += said("release", "--format", "tar.zst")
    assert b"click" in output
    assert PASSWORD.encode() not in output
    written = (*everything(root), *everything(cache_dir))
    assert [] == [path for path, data in written if PASSWORD.encode() in data]
