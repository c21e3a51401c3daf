"""The packages on a bare Debian: installed, upgraded, rolled back, removed, purged."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.release import workshop
from tests.release.workshop import Workshop
from tests.rootfs import base
from tests.rootfs.bare import Bare

pytestmark = [pytest.mark.rootfs, pytest.mark.release]

SETTINGS = """
[tool.relforge.deb]
user = "shopper"
conffiles = { "shop.toml" = "/etc/shop/config.toml" }
"""
HERE = "/packages"
# Stands in for systemd: prints what it was asked for.
SYSTEMCTL = '#!/bin/sh\necho "$@" >>/tmp/asked\n'


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory, warm: Path) -> Path:
    """The packages of two versions, in one directory."""
    shop = workshop.make(tmp_path_factory.mktemp("debian") / "shop", warm)
    shop.add(SETTINGS)
    shop.put("shop.toml", "[http]\nport = 8000\n")
    shop.report("release", "--format", "deb")
    newer(shop)
    return shop.root / "dist"


def newer(shop: Workshop) -> None:
    shop.replace('version = "1.0"', 'version = "1.10rc1"')
    report = shop.report("release", "--format", "deb")
    kinds = {row["format"] for row in report["artifacts"]}
    assert ({"deb"}, 2) == (kinds, len(report["artifacts"]))


@pytest.fixture(scope="module")
def machine(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bare]:
    with Bare(base.debian(), tmp_path_factory.mktemp("machine")) as made:
        made.bind(packages, HERE)
        made.path("/usr/bin/systemctl").write_text(SYSTEMCTL)
        made.path("/usr/bin/systemctl").chmod(0o755)
        made.directory("/run/systemd/system")
        yield made


def ok(machine: Bare, *words: str, user: int = 0) -> str:
    done = machine.run(words, user=user, timeout=120)
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout


def asked(machine: Bare) -> list[str]:
    """What systemctl was asked for since the last time."""
    file = machine.path("/tmp/asked")
    lines = file.read_text().splitlines()
    file.write_text("")
    return lines


def state(machine: Bare, package: str) -> str:
    done = machine.run(["dpkg-query", "-W", "-f", "${db:Status-Abbrev}", package])
    return done.stdout.strip()


def test_a_life_of_a_package(machine: Bare) -> None:
    first = [f"{HERE}/{name}" for name in ("shop-1.0_1.0_amd64.deb", "shop_1.0_amd64.deb")]
    ok(machine, "dpkg", "-i", *first)
    assert ["daemon-reload"] == asked(machine), "nothing is started, nothing enabled"
    assert "shop 1.0\n" == ok(machine, "shop", "version")
    assert "hello you\n" == ok(machine, "shop", "hello", "you")
    unit = machine.path("/usr/lib/systemd/system/shop.service").read_text()
    for row in (
        'ExecStart="/opt/shop/current/bin/shop" foreground',
        'Environment="RELEASE_STATE_DIR=/var/lib/shop"',
        "User=shopper",
        'ReadWritePaths="/var/lib/shop"',
    ):
        assert row in unit.splitlines()
    uid = int(ok(machine, "id", "-u", "shopper"))
    directory = machine.path("/var/lib/shop").stat()
    assert (uid, 0o750) == (directory.st_uid, stat.S_IMODE(directory.st_mode))
    assert "" == ok(machine, "dpkg", "--verify", "shop-1.0", "shop")

    # The operator's configuration and a running release, before the next version comes.
    machine.path("/etc/shop/config.toml").write_text("[http]\nport = 9\n")
    ok(machine, "shop", "start", user=uid)
    second = ["shop-1.10rc1_1.10~rc1_amd64.deb", "shop_1.10~rc1_amd64.deb"]
    ok(machine, "dpkg", "-i", *(f"{HERE}/{name}" for name in second))
    assert {"daemon-reload", "try-restart shop.service"} == set(asked(machine))
    assert "releases/1.10rc1" == os.readlink(machine.path("/opt/shop/current"))
    assert "shop 1.10rc1\n" == ok(machine, "shop", "version")
    assert "shop 1.0 is running" in ok(machine, "shop", "status"), "it was not systemd's"
    assert "port = 9" in machine.path("/etc/shop/config.toml").read_text()
    assert {"ii"} == {state(machine, name) for name in ("shop", "shop-1.0", "shop-1.10rc1")}

    # What is in use cannot go; what still runs from an old version is stopped with it.
    assert 1 == machine.run(["dpkg", "--remove", "shop-1.10rc1"]).returncode
    ok(machine, "dpkg", "--purge", "shop-1.0")
    assert "stopped" in machine.run(["shop", "status"]).stdout
    assert not machine.path("/opt/shop/releases/1.0").exists()

    # Back to the old version.
    ok(machine, "dpkg", "-i", *first)
    assert "shop 1.0\n" == ok(machine, "shop", "version")
    ok(machine, "shop", "start", user=uid)
    before = machine.run(["shop", "status"]).stdout
    ok(machine, "dpkg", "--remove", "shop-1.10rc1")
    assert before.split(",")[0] == machine.run(["shop", "status"]).stdout.split(",")[0]

    # Removed, and purged.
    asked(machine)
    ok(machine, "dpkg", "--remove", "shop")
    assert ["--quiet disable --now shop.service", "daemon-reload"] == asked(machine)
    for _ in range(50):
        if not machine.processes():
            break
        time.sleep(0.1)
    assert [] == machine.processes()
    assert not machine.path("/usr/bin/shop").is_symlink()
    assert machine.path("/var/lib/shop").exists()
    assert machine.path("/etc/shop/config.toml").exists()
    ok(machine, "dpkg", "--purge", "shop", "shop-1.0")
    for path in ("/var/lib/shop", "/etc/shop", "/opt/shop", "/usr/share/shop"):
        assert not machine.path(path).exists(), path
    assert "" == machine.run(["dpkg", "--audit"]).stdout
