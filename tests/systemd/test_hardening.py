"""The sample under its units: what systemd makes of their hardening, while it serves."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.delivery import customer
from tests.sample import Sample
from tests.systemd.deployed import UNITS, Deployed
from tests.systemd.host import Host

pytestmark = [pytest.mark.systemd, pytest.mark.rootfs, pytest.mark.release]

ADDRESS = "http://127.0.0.1:8000"


@pytest.fixture(scope="module")
def shop(host: Host, sample: Sample) -> Iterator[Deployed]:
    """With events on sale."""
    made = Deployed.install(host, sample.artifact, "ticketd", "1.4.0")
    for word in ("migrate", "seed"):
        host.ok(made.program, word, user="ticketd")
    yield made
    made.reset()
    host.ok("sh", "-c", f"rm {UNITS}/ticketd*")


@pytest.mark.parametrize(("level", "most"), [("standard", 2.5), ("strict", 1.5)])
def test_it_serves_in_its_sandbox(host: Host, shop: Deployed, level: str, most: float) -> None:
    shop.units("--level", level)
    assert "" == host.ok("systemd-analyze", "verify", f"{UNITS}/{shop.unit}").strip()
    shop.start()
    verdict = host.ok("systemd-analyze", "security", "--no-pager", shop.unit)
    found = re.search(r"exposure level for ticketd\.service: ([\d.]+)", verdict)
    assert found, verdict
    assert float(found[1]) <= most

    assert "Night Trains" in host.inside(lambda: customer.page(ADDRESS))
    token = host.inside(lambda: customer.buy(ADDRESS))
    mails = host.path(f"{shop.root}/var/mails")
    assert "Night Trains" in customer.confirmation(mails, token), "the worker sends mail"
    assert "42\n" == host.ok(shop.program, "rpc", "6 * 7"), "root's console reaches into it"
    assert "42\n" == host.ok(shop.program, "rpc", "6 * 7", user="ticketd")
    assert "ticketd" in host.ok(shop.program, "stacks")
    shop.stop()
    assert [] == host.processes("ticketd")
    assert not [row for row in host.journal(shop.unit) if "Traceback" in str(row["MESSAGE"])]
