"""The shop on PostgreSQL: two instances of the release on one database sell no ticket twice."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.delivery import customer
from tests.delivery.deployment import Deployment, eventually

pytestmark = [pytest.mark.postgres, pytest.mark.release]

EVENT = "small-talk"
TICKETS, BUYERS = 20, 50
PASSWORD = "elephants-never-forget"
FEW = f"""
from ticketd.db import engine
with engine().begin() as connection:
    connection.exec_driver_sql(
        "update events set capacity = {TICKETS}, available = {TICKETS} where slug = '{EVENT}'"
    )
"""


def programs() -> Path | None:
    """The directory of PostgreSQL's programs, the newest where there are several."""
    if found := shutil.which("initdb"):
        return Path(found).parent
    directories = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name
    )
    return directories[-1] if directories else None


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server of our own, that asks for a password."""
    directory = programs()
    if directory is None:
        pytest.skip("PostgreSQL is not installed here; CI installs it")
    with tempfile.TemporaryDirectory(prefix="pg.") as name, socket.create_server(("", 0)) as free:
        place = Path(name)
        port = free.getsockname()[1]
        free.close()
        (place / "password").write_text(PASSWORD)
        as_user: list[str] = []
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            as_user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
            for path in (place, place / "password"):
                os.chown(path, 65534, 65534)

        def run(*words: str) -> None:
            done = subprocess.run(
                [*as_user, directory / words[0], *words[1:]],
                cwd=place,
                env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert 0 == done.returncode, done.stdout + done.stderr

        data = str(place / "data")
        run(
            "initdb",
            "--encoding=UTF8",
            "--auth=scram-sha-256",
            "-U",
            "shop",
            f"--pwfile={place}/password",
            "-N",
            data,
        )
        options = f"-F -p {port} -c listen_addresses=127.0.0.1 -k {place}"
        run("pg_ctl", "-D", data, "-l", f"{place}/log", "-w", "-o", options, "start")
        try:
            yield f"postgresql://shop:{PASSWORD}@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


def test_two_instances_do_not_oversell(fresh: Deployment, url: str) -> None:
    shop = fresh.given(DATABASE_URL=url)
    migrated = shop.ok("migrate")
    assert "postgresql" in migrated
    assert PASSWORD not in migrated
    shop.ok("seed")
    shop.ok("eval", FEW)
    instances = [shop.given(RELEASE_INSTANCE=name) for name in ("blue", "green")]
    for instance in instances:
        instance.ok("start")
    try:
        addresses = [instance.address() for instance in instances]
        assert 2 == len(set(addresses))
        with ThreadPoolExecutor(BUYERS) as pool:
            answers = list(pool.map(buy, addresses * (BUYERS // 2)))
        assert Counter({201: TICKETS, 409: BUYERS - TICKETS}) == Counter(answers)
        assert [0, 0] == [customer.available(address, EVENT) for address in addresses]
        token = customer.buy(addresses[0])
        mails = fresh.state / "instances"
        eventually(lambda: list(mails.glob(f"*/mails/*{token}*")))
        for instance in instances:
            instance.ok("stop")
            assert 3 == instance.run("status").returncode
    finally:
        for instance in instances:
            instance.run("stop", "--timeout", "2s")
    assert [] == shop.processes()
    for log in fresh.state.rglob("*.log"):
        assert PASSWORD not in log.read_text()


def buy(address: str) -> int:
    order = {"event": EVENT, "email": "ada@example.org", "quantity": 1}
    return httpx.post(f"{address}/api/orders", json=order, timeout=30).status_code


def test_a_database_that_is_not_there_is_not_the_end(fresh: Deployment) -> None:
    url = f"postgresql://shop:{PASSWORD}@127.0.0.1:1/postgres"
    shop = fresh.given(DATABASE_URL=url)
    failed = shop.run("migrate")
    assert 1 == failed.returncode
    assert "Connection refused" in failed.stderr or "refused" in failed.stderr
    assert PASSWORD not in failed.stderr
    with shop.running() as address:
        assert 200 == httpx.get(f"{address}/livez").status_code
        assert 503 == httpx.get(f"{address}/readyz", timeout=30).status_code
    assert PASSWORD not in shop.log()
