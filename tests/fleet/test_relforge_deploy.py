"""`relforge deploy`, `rollback` and `fleet`, as their user runs them; 1.0.0 runs everywhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fleet.clients import clients
from tests.fleet.playbooks import SECRET, Playbooks
from tests.fleet.testbed import Testbed

pytestmark = [pytest.mark.rootfs, pytest.mark.fleet, pytest.mark.release]

WEBS = ("web1", "web2", "web3")
DEPLOY = """
[tool.relforge.deploy.prod]
hosts = ["web1", "web2", "web3"]
drain = { haproxy = "lb" }
migrate = ["migrate"]
environment = { SHOP_GREETING = 'he said "$hi"' }
credentials = { "db.url" = { env = "SHOP_DB_URL" } }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A project with artifacts in dist/, on the controller."""

    testbed: Testbed
    root: Path

    def run(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        # Connections of its own: those of the playbooks do not notice a host that goes away.
        connections = {"ANSIBLE_SSH_CONTROL_PATH_DIR": f"{self.testbed.directory}/cp-shop"}
        known = {"SHOP_DB_URL": SECRET, "HOME": str(self.root), "USER": "ada", **connections, **env}
        program = (sys.executable, "-m", "relforge")
        return self.testbed.run(*program, *words, cwd=self.root, env=known, timeout=240)

    def ok(self, *words: str) -> str:
        done = self.run(*words)
        assert 0 == done.returncode, done.stdout + done.stderr
        return done.stdout

    def states(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = json.loads(
            self.run("fleet", "status", "prod", "--json").stdout
        )["hosts"]
        return found


@pytest.fixture(scope="module")
def shop(
    playbooks: Playbooks, artifacts: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Shop:
    root = tmp_path_factory.mktemp("shop")
    project = artifacts["1.1.0"].parents[1]
    shutil.copy(project / "requirements.lock", root)
    settings = (project / "pyproject.toml").read_text()
    (root / "pyproject.toml").write_text(settings + DEPLOY)
    (root / "dist").mkdir()
    for artifact in artifacts.values():
        for path in artifact.parent.iterdir():
            shutil.copy(path, root / "dist")
    return Shop(testbed=playbooks.testbed, root=root)


def test_a_rolling_deploy_and_the_way_back(shop: Shop) -> None:
    dry = shop.ok("deploy", "prod", "--dry-run")
    assert "  web3: Restart\n" in dry
    assert "nothing was done" in dry
    with clients(shop.testbed) as seen:
        done = shop.run("deploy", "prod")
        assert (0, "prod: shop 1.1.0 runs on 3 hosts\n") == (done.returncode, done.stdout)
        assert "web2         Activate  Restart: changed" in done.stderr
        again = json.loads(shop.ok("deploy", "prod", "--json", "--quiet"))
        assert (False, "1.1.0") == (again["changed"], again["version"])
        assert dict.fromkeys(WEBS, 0) == {
            host: row["changed"] for host, row in again["hosts"].items()
        }
        assert "prod: shop the version before runs on 3 hosts\n" == shop.ok("rollback", "prod")
    assert ({}, {"1.0.0", "1.1.0"}) == (seen.failed, seen.versions)
    assert dict.fromkeys(WEBS, "1.0.0") == {
        host: row["running"] for host, row in shop.states().items()
    }
    lines = (shop.root / ".local/state/relforge/shop.jsonl").read_text().splitlines()
    assert ["deploy"] * 3 + ["rollback"] * 3 == [json.loads(line)["op"] for line in lines]


def test_a_release_that_crashes_is_taken_back(shop: Shop) -> None:
    with clients(shop.testbed) as seen:
        done = shop.run("deploy", "prod", "--version", "1.2.0", "--json", "--quiet")
    assert ({}, {"1.0.0"}) == (seen.failed, seen.versions)
    assert 1 == done.returncode, done.stderr
    assert "1.2.0 failed on web1: Restart: " in done.stderr
    assert "no such table: orders" in done.stderr
    assert "relforge fleet status prod" == json.loads(done.stdout)["error"]["hint"]
    assert dict.fromkeys(WEBS, "1.0.0") == {
        host: row["running"] for host, row in shop.states().items()
    }


def test_status_logs_and_commands(shop: Shop) -> None:
    lines = shop.ok("fleet", "status", "prod").splitlines()
    assert ["HOST", "RUNS", "CURRENT", "IS", "LOCKED", "BY"] == lines[0].split()
    assert [["web1", "1.0.0", "1.0.0", "ready", "-"]] == [line.split() for line in lines[1:2]]
    logs = shop.ok("fleet", "logs", "prod", "--hosts", "web2", "--lines", "3")
    assert 3 == len(logs.splitlines())
    said = shop.ok("fleet", "run", "prod", "version")
    assert "== web1\nshop 1.0.0\n== web2\nshop 1.0.0\n== web3\nshop 1.0.0\n" == said


def test_a_lock_keeps_deploys_away_and_can_be_broken(shop: Shop) -> None:
    shop.ok("fleet", "lock", "prod")
    done = shop.run("deploy", "prod", "--quiet", USER="grace")
    assert 75 == done.returncode, done.stderr
    assert f"locked by ada@{os.uname().nodename} since " in done.stderr
    assert "for maintenance" in done.stderr
    assert 75 == shop.run("fleet", "unlock", "prod", "--of", "eve@x", "--quiet").returncode
    holder = f"ada@{os.uname().nodename}"
    broken = shop.run("fleet", "unlock", "prod", "--of", holder, "--quiet", USER="grace")
    assert 0 == broken.returncode, broken.stderr
    assert not any(row["lock"] for row in shop.states().values())


def test_a_canary_is_the_first_host_alone_and_status_shows_it(shop: Shop) -> None:
    assert "prod: shop 1.1.0 runs on 1 host\n" == shop.ok("deploy", "prod", "--canary", "--quiet")
    done = shop.run("fleet", "status", "prod")
    assert 1 == done.returncode
    assert "the hosts run different versions: 1.0.0, 1.1.0" in done.stderr
    shop.ok("rollback", "prod", "--hosts", "web1", "--quiet")
    assert dict.fromkeys(WEBS, "1.0.0") == {
        host: row["running"] for host, row in shop.states().items()
    }


def test_what_is_printed_deploys_as_well(shop: Shop, tmp_path: Path) -> None:
    directory = tmp_path / "ansible"
    assert "inventory.yml" in shop.ok("deploy", "prod", "--print", str(directory))
    assert SECRET not in (directory / "inventory.yml").read_text()
    done = shop.testbed.run(
        *(Path(sys.executable).with_name("ansible-playbook"), "-i", directory / "inventory.yml"),
        directory / "status.yml",
        env={"SHOP_DB_URL": SECRET, "HOME": str(tmp_path)},
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    assert "every host runs 1.0.0" in done.stdout


def test_a_host_that_is_away_is_named_and_nothing_changes(shop: Shop) -> None:
    shop.testbed.network.cable("web3", "down")
    try:
        done = shop.run("deploy", "prod", "--quiet", ANSIBLE_TIMEOUT="3")
    finally:
        shop.testbed.network.cable("web3", "up")
    assert 1 == done.returncode
    assert "web3" in done.stderr
    states = shop.states()
    assert dict.fromkeys(WEBS, "1.0.0") == {host: row["running"] for host, row in states.items()}
    assert not any(row["lock"] for row in states.values())
