"""A release for aarch64, built on a host of another CPU, and run on an emulated one."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from relforge import cache, elf
from tests.rootfs import arm64

pytestmark = [
    pytest.mark.rootfs,
    pytest.mark.skipif(os.uname().machine == "aarch64", reason="aarch64 is this host's own CPU"),
]
SHOP = """\
[project]
name = "shop"
version = "1.0"
requires-python = ">=3.11"
dependencies = ["native"]

[tool.relforge]
app = ["shop.py"]

[tool.relforge.python]
version = "{version}"

[tool.relforge.python.archives.linux-aarch64]
archive = "{archive}"
sha256 = "{sha256}"

[tool.relforge.commands.hello]
call = "shop:hello"

[tool.relforge.config]
providers = [{{ use = "env", prefix = "SHOP_" }}]
"""
CODE = """\
import os
import ssl
import sys

from native import _bz2


def hello():
    print(os.uname().machine, _bz2.__file__.rpartition("/")[2], bool(ssl.OPENSSL_VERSION))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    machine: arm64.Machine
    report: dict[str, Any]
    top: str  # in the machine


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """A project with compiled code among its dependencies, built here, unpacked there."""
    try:
        machine = arm64.machine()
    except RuntimeError as error:
        pytest.skip(str(error))
    if machine.run("/bin/sh", "-c", ":").returncode:
        pytest.skip("this kernel does not let a user namespace start foreign programs")
    root = tmp_path_factory.mktemp("shop")
    tag = f"cp{machine.version.replace('.', '')}"
    wheel = _wheel(machine, root / "wheels", tag)
    sum_ = cache.sha256(machine.archive)
    settings = SHOP.format(version=machine.version, archive=machine.archive, sha256=sum_)
    (root / "pyproject.toml").write_text(settings)
    (root / "shop.py").write_text(CODE)
    (root / "pylock.toml").write_text(_lock(wheel, machine.version))
    done = subprocess.run(
        [sys.executable, "-m", "relforge", "release", "--target", "linux-aarch64", "--json"],
        cwd=root,
        env={**os.environ, "RELFORGE_CACHE_DIR": str(tmp_path_factory.mktemp("cache"))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stderr
    report = json.loads(done.stdout)
    with tempfile.TemporaryDirectory(dir=machine.root / "srv") as place:
        subprocess.run(["tar", "-xzf", report["artifact"], "-C", place], check=True)
        yield Built(machine=machine, report=report, top=f"/srv/{Path(place).name}/shop-1.0")


def run(built: Built, *words: str) -> str:
    done = built.machine.run(
        f"{built.top}/bin/shop", *words, env={"RELEASE_STATE_DIR": "/tmp/state"}
    )
    assert 0 == done.returncode, done.stderr
    return done.stdout


def test_every_elf_file_is_of_that_cpu(built: Built) -> None:
    tree = built.machine.root / built.top.lstrip("/")
    files = [path for path in cache.walk(tree) if not path.is_symlink()]
    found = {read.machine for path in files if (read := elf.read(path))}
    assert {"aarch64"} == found
    assert list(tree.glob("python/lib/python3.*/site-packages/native/_bz2.*aarch64*.so"))


def test_the_artifact_says_what_it_is_for(built: Built) -> None:
    assert built.report["target"].startswith("linux-aarch64-glibc2.")
    assert built.report["artifact"].endswith(f"{built.report['target']}.tar.gz")


def test_what_nobody_checked_is_named(built: Built) -> None:
    (note,) = (row for row in built.report["notes"] if "not checked" in row)
    assert "tool.relforge.commands.hello.call" in note
    assert "aarch64" in note


def test_it_runs_there_with_compiled_dependencies(built: Built) -> None:
    assert "shop 1.0\n" == run(built, "version")
    assert "'aarch64'\n" == run(built, "eval", "__import__('os').uname().machine")
    tag = built.machine.version.replace(".", "")
    assert f"aarch64 _bz2.cpython-{tag}-aarch64-linux-gnu.so True\n" == run(built, "hello")


def test_the_launcher_of_that_release_refuses_this_host(built: Built) -> None:
    program = built.machine.root / built.top.lstrip("/") / "bin" / "shop"
    done = subprocess.run([program, "start"], capture_output=True, text=True, check=False)
    assert (1, "") == (done.returncode, done.stdout)
    assert f"aarch64 CPUs, this host is {os.uname().machine}" in done.stderr


def _wheel(machine: arm64.Machine, directory: Path, tag: str) -> Path:
    """A wheel with compiled code: one of the interpreter's own modules."""
    suffix = f"cpython-{tag.removeprefix('cp')}-aarch64-linux-gnu.so"
    with tarfile.open(machine.archive) as tar:
        inner = f"python/lib/python{machine.version}/lib-dynload/_bz2.{suffix}"
        file = tar.extractfile(inner)
        assert file is not None
        code = file.read()
    platform = f"{tag}-{tag}-manylinux_2_17_aarch64"
    files = {
        "native/__init__.py": b"",
        f"native/_bz2.{suffix}": code,
        "native-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: native\nVersion: 1.0\n",
        "native-1.0.dist-info/WHEEL": (
            f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {platform}\n".encode()
        ),
    }
    rows = "".join(f"{name},{_digest(data)},{len(data)}\n" for name, data in files.items())
    files["native-1.0.dist-info/RECORD"] = f"{rows}native-1.0.dist-info/RECORD,,\n".encode()
    directory.mkdir()
    path = directory / f"native-1.0-{platform}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def _digest(data: bytes) -> str:
    return "sha256=" + urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")


def _lock(wheel: Path, version: str) -> str:
    """A lock with one wheel for that CPU and one for this host's, which is not there."""
    other = wheel.name.replace("aarch64", "x86_64")
    return f"""\
lock-version = "1.0"
requires-python = ">={version}"
created-by = "a test"

[[packages]]
name = "native"
version = "1.0"

[[packages.wheels]]
name = "{other}"
path = "wheels/{other}"
hashes = {{ sha256 = "{"0" * 64}" }}

[[packages.wheels]]
name = "{wheel.name}"
path = "wheels/{wheel.name}"
hashes = {{ sha256 = "{cache.sha256(wheel)}" }}
"""
