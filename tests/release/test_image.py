"""The image on a real base: unpacked, and run as its user; through a registry and back."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.artifacts.formats import images
from tests.release import workshop
from tests.rootfs import base
from tests.rootfs.bare import Bare

pytestmark = [pytest.mark.rootfs, pytest.mark.release, images.NEEDED]

USER = 65532


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, warm: Path) -> Path:
    """The image of a small release, on the machine of glibc and busybox alone."""
    layout = images.make(base.busybox(), tmp_path_factory.mktemp("base") / "made")
    shop = workshop.make(tmp_path_factory.mktemp("image") / "shop", warm)
    shop.add(f'[tool.relforge.oci]\nbase = "{layout}"')
    return Path(shop.report("release", "--format", "oci")["artifact"])


@pytest.fixture(scope="module")
def machine(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bare]:
    root = images.unpack(archive, tmp_path_factory.mktemp("unpacked") / "it")
    with Bare(root, tmp_path_factory.mktemp("machine")) as made:
        yield made


def test_it_runs_as_its_user(archive: Path, machine: Bare) -> None:
    config = images.inspect(archive, "--config")["config"]
    env = dict(row.split("=", 1) for row in config["Env"])
    assert f"{USER}:{USER}" == config["User"]

    def run(*words: str) -> str:
        done = machine.run([*config["Entrypoint"], *words], user=USER, env=env)
        assert (0, "") == (done.returncode, done.stderr)
        return done.stdout

    assert "shop 1.0\n" == run("version")
    assert "42\n" == run("eval", "6 * 7")
    assert "hello you\n" == run("hello", "you")
    service = machine.popen([*config["Entrypoint"], *config["Cmd"]], user=USER, env=env)
    by_name = ["sh", "-c", "shop ping && shop rpc '__import__(\"os\").getuid()' && shop stop"]
    for _ in range(300):  # the supervisor answers `ping` before its service can be asked
        asked = machine.run([config["Entrypoint"][0], "status", "--json"], user=USER, env=env)
        if asked.returncode == 0 and json.loads(asked.stdout)["state"] == "running":
            break
        time.sleep(0.1)
    done = machine.run(by_name, user=USER, env=env)
    assert f"pong\n{USER}\n" == "\n".join([*done.stdout.splitlines()[:2], ""]), done.stderr
    assert 0 == service.wait(timeout=30)
    service.communicate()
    assert "log" in os.listdir(machine.path("/var/lib/shop"))


@contextlib.contextmanager
def registry(directory: Path) -> Iterator[str]:
    """A registry of this host's own, empty; its address."""
    program = shutil.which("docker-registry")
    if program is None:
        pytest.skip("docker-registry is not installed here; CI installs it")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    storage = {"filesystem": {"rootdirectory": str(directory)}}
    settings = {"version": 0.1, "storage": storage, "http": {"addr": address}}
    file = directory / "config.yml"
    file.write_text(json.dumps(settings))
    with subprocess.Popen(
        [program, "serve", file], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            for _ in range(100):
                with contextlib.suppress(OSError):
                    urllib.request.urlopen(f"http://{address}/v2/", timeout=5).close()
                    break
                time.sleep(0.1)
            yield address
        finally:
            process.kill()


def test_a_registry_takes_it_and_gives_it_back(archive: Path, tmp_path: Path) -> None:
    with registry(tmp_path) as address:
        there = f"docker://{address}/shop:1.0"
        images.tool(sys.executable, "-m", "relforge", "push", f"{address}/shop:1.0", archive)
        back = tmp_path / "back.tar"
        images.tool(
            "skopeo", "copy", "--quiet", "--src-tls-verify=false", there, f"oci-archive:{back}"
        )
    assert images.inspect(archive)["Layers"] == images.inspect(back)["Layers"]
    assert images.inspect(archive, "--config") == images.inspect(back, "--config")
