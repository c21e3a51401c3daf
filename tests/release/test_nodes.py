"""A release finds the nodes of its fleet, and asks them: here every host is this machine."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.release import workshop

pytestmark = pytest.mark.release

SETTINGS = """
[tool.relforge.nodes]
strategy = "static"
hosts = ["${nodes.hosts}", "away"]
connect = ["sh", "-c", 'test "$0" != away || { echo "no route to $0" >&2; exit 255; }; \
eval "$1"', "{host}"]

[tool.relforge.config]
providers = [{ use = "env", prefix = "SHOP_" }]

[tool.relforge.config.schema]
"nodes.hosts" = { type = "list", items = "str", default = [] }
"""


class Shop:
    """The program of a running release."""

    def __init__(self, program: Path) -> None:
        self.program = program

    def run(self, *words: str, read: str = "", **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.program, *words],
            input=read,
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "SHOP_NODES__HOSTS": '["web1", "web2"]', **env},
            check=False,
        )


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, warm: Path) -> Iterator[Shop]:
    made = workshop.make(tmp_path_factory.mktemp("nodes") / "shop", warm)
    made.add(SETTINGS)
    made.report("build")
    running = Shop(made.tree / "bin" / "shop")
    done = running.run("start")
    assert 0 == done.returncode, done.stderr
    yield running
    running.run("stop")


def test_hosts_come_from_the_configuration(shop: Shop) -> None:
    assert ["NODE", "web1", "web2", "away"] == shop.run("nodes").stdout.split()
    found = json.loads(shop.run("nodes", "--json", RELEASE_NODE="blue").stdout)
    assert "blue" == found["node"]
    assert {"host": "web2", "self": False} == found["nodes"][1]


def test_the_status_of_each(shop: Shop) -> None:
    done = shop.run("nodes", "--status")
    assert 1 == done.returncode  # one of them does not answer
    assert [
        ["NODE", "VERSION", "STATE"],
        *(["web1", "1.0", "running"], ["web2", "1.0", "running"]),
        ["away", "-", "no", "route", "to", "away"],
    ] == [line.split() for line in done.stdout.splitlines()]


def test_one_node_is_asked(shop: Shop) -> None:
    assert "42\n" == shop.run("rpc", "--node", "web2", "6 * 7").stdout
    assert "42\n" == shop.run("rpc", "--node=shop@web2", "--service", "worker", "6 * 7").stdout
    assert "'a b'\n" == shop.run("rpc", "--node", "web1", "-", read="'a ' + 'b'").stdout
    failed = shop.run("rpc", "--node", "web1", "1 / 0")
    assert 1 == failed.returncode
    assert "ZeroDivisionError" in failed.stderr
    assert 255 == shop.run("rpc", "--node", "away", "1").returncode


def test_a_file_of_this_host_is_sent_along(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "it is here.py"
    file.write_text("x = 40\nx + 2\n")
    assert "42\n" == shop.run("rpc", "--node", "web1", "--file", str(file)).stdout
    missing = shop.run("rpc", "--node", "web1", "--file", f"{file}.not")
    assert 2 == missing.returncode
    assert "No such file" in missing.stderr


def test_all_nodes_are_asked(shop: Shop) -> None:
    done = shop.run("rpc", "--all-nodes", "6 * 7")
    assert 255 == done.returncode
    assert [
        ["NODE", "STATUS", "ANSWER"],
        *(["web1", "0", "42"], ["web2", "0", "42"]),
        ["away", "255", "no", "route", "to", "away"],
    ] == [line.split() for line in done.stdout.splitlines()]
    rows = json.loads(shop.run("rpc", "--all-nodes", "--json", "6 * 7").stdout)
    assert {"node": "web1", "status": 0, "output": "42", "error": ""} == rows[0]


def test_what_is_refused(shop: Shop) -> None:
    unknown = shop.run("rpc", "--node", "web7", "1")
    assert 2 == unknown.returncode
    assert "--node web7: no such node" in unknown.stderr
    assert "web1, web2, away" in unknown.stderr
    both = shop.run("rpc", "--node", "web1", "--all-nodes", "1")
    assert 2 == both.returncode


def test_who_a_process_is(shop: Shop) -> None:
    name = f"shop@{os.uname().nodename}"
    assert name == json.loads(shop.run("status", "--json").stdout)["node"]
    assert f"'{name}'\n" == shop.run("rpc", "__import__('os').environ['RELEASE_NODE']").stdout
