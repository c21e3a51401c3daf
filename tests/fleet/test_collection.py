"""Rolling deploys by the collection's playbooks, to hosts without Python, under load.

Each test begins and ends with 1.0.0 on every host.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fleet.clients import clients
from tests.fleet.playbooks import Playbooks, Run
from tests.fleet.testbed import Testbed

pytestmark = [pytest.mark.rootfs, pytest.mark.fleet, pytest.mark.release]

WEBS = {"web1", "web2", "web3"}
NOTHING = dict.fromkeys(WEBS, 0)


@pytest.fixture
def fleet(playbooks: Playbooks, artifacts: dict[str, Path]) -> Iterator[Playbooks]:
    """The playbooks; what a test has deployed is taken back at its end."""
    yield playbooks
    if running(playbooks.testbed) != dict.fromkeys(WEBS, "1.0.0"):
        playbooks.ok("deploy", relforge_artifact=str(artifacts["1.0.0"]), relforge_drain={})


def state(testbed: Testbed, name: str, *words: str) -> Any:
    done = testbed.hosts[name].run("/srv/shop/current/bin/shop", *words, "--json")
    return json.loads(done.stdout)


def running(testbed: Testbed) -> dict[str, str]:
    return {name: state(testbed, name, "status")["version"] for name in testbed.webs}


def journal(testbed: Testbed, name: str) -> list[dict[str, Any]]:
    text = testbed.hosts[name].ok("cat", "/srv/shop/deploy/deploys.jsonl")
    return [json.loads(line) for line in text.splitlines()]


def listing(testbed: Testbed) -> str:
    """Every file that a deploy could have changed, with its time; locks come and go."""
    places = ("/srv/shop/releases", "/srv/shop/deploy", "/etc/shop", "/etc/systemd/system")
    which = ("-not", "-type", "d", "-not", "-name", "lock", "-printf", "%p %T@ %m %u %l\\n")
    look = ("find", *places, "/srv/shop/current", *which)
    return "\n".join(sorted(testbed.hosts["web2"].ok(*look).splitlines()))


def deploy(fleet: Playbooks, artifact: Path, *words: str, **variables: Any) -> Run:
    return fleet.run("deploy", *words, relforge_artifact=str(artifact), **variables)


def test_the_first_deploy_reaches_hosts_without_python(fleet: Playbooks) -> None:
    testbed = fleet.testbed
    assert dict.fromkeys(WEBS, "1.0.0") == running(testbed)
    with clients(testbed) as seen:
        time.sleep(1)
    assert {"1.0.0 " + name + ' he said "$hi"' for name in WEBS} == set(seen.answers)
    notes = [testbed.hosts[name].run("cat", "/srv/shop/var/migrations").stdout for name in WEBS]
    assert ["", "", "1.0.0\n"] == sorted(notes), "it migrates once, on one host"
    web1 = testbed.hosts["web1"]
    assert "600 root" == web1.ok("stat", "-c", "%a %U", "/etc/shop/credentials/db.url").strip()
    assert "enabled" == web1.ok("systemctl", "is-enabled", "shop").strip()
    kept = set(web1.ok("ls", "/srv/shop/deploy").split())
    assert {"applied", "deploys.jsonl", "digests"} == kept, "the lock is gone, and what came in"
    (row,) = journal(testbed, "web1")
    assert ("deploy", "1.0.0", "", "done") == tuple(
        row[key] for key in ("op", "version", "from", "result")
    )
    written = [json.loads(line)["host"] for line in fleet.journal.read_text().splitlines()]
    assert WEBS == set(written[:3])


def test_a_second_run_changes_nothing(fleet: Playbooks, artifacts: dict[str, Path]) -> None:
    before = listing(fleet.testbed)
    done = deploy(fleet, artifacts["1.0.0"])
    assert (0, NOTHING) == (done.code, done.changed), done.output
    assert before == listing(fleet.testbed)


def test_check_mode_says_what_would_change_and_changes_nothing(
    fleet: Playbooks, artifacts: dict[str, Path]
) -> None:
    before = listing(fleet.testbed)
    done = deploy(fleet, artifacts["1.1.0"], "--check", "--diff")
    assert 0 == done.code, done.output
    assert all(done.changed.values()), done.output
    assert "+++ after: /srv/shop/deploy/applied" in done.output
    assert before == listing(fleet.testbed)
    assert dict.fromkeys(WEBS, "1.0.0") == running(fleet.testbed)


def test_a_restart_of_each_host_loses_no_request_and_neither_does_the_way_back(
    fleet: Playbooks, artifacts: dict[str, Path]
) -> None:
    with clients(fleet.testbed) as seen:
        done = deploy(fleet, artifacts["1.1.0"])
        assert 0 == done.code, done.output
        time.sleep(1)
        assert dict.fromkeys(WEBS, "1.1.0") == running(fleet.testbed)
        fleet.ok("rollback")
    assert ({}, {"1.0.0", "1.1.0"}, WEBS) == (seen.failed, seen.versions, seen.hosts)
    assert dict.fromkeys(WEBS, "1.0.0") == running(fleet.testbed)
    assert ["deploy", "rollback"] == [row["op"] for row in journal(fleet.testbed, "web3")[-2:]]


def test_a_hot_upgrade_keeps_the_process_and_loses_no_request(
    fleet: Playbooks, artifacts: dict[str, Path]
) -> None:
    before = {name: state(fleet.testbed, name, "status")["pid"] for name in WEBS}
    with clients(fleet.testbed) as seen:
        done = deploy(fleet, artifacts["1.1.0"], relforge_mode="upgrade", relforge_drain={})
        assert 0 == done.code, done.output
    assert ({}, {"1.0.0", "1.1.0"}) == (seen.failed, seen.versions)
    assert before == {name: state(fleet.testbed, name, "status")["pid"] for name in WEBS}


def test_a_release_that_crashes_stops_at_the_first_host_and_is_taken_back(
    fleet: Playbooks, artifacts: dict[str, Path]
) -> None:
    invocation = "InvocationID"
    before = {name: fleet.testbed.hosts[name].unit("shop", invocation) for name in WEBS}
    with clients(fleet.testbed) as seen:
        done = deploy(fleet, artifacts["1.2.0"])
    assert ({}, {"1.0.0"}) == (seen.failed, seen.versions)
    assert 2 == done.code
    assert "1.2.0 failed on web1: Restart: " in done.output
    assert "1.0.0 runs there again; the hosts after it are untouched." in done.output
    assert "no such table: orders" in done.output, "the end of the unit's journal"
    after = {name: fleet.testbed.hosts[name].unit("shop", invocation) for name in WEBS}
    assert {"web1"} == {name for name in WEBS if before[name] != after[name]}
    assert dict.fromkeys(WEBS, "1.0.0") == running(fleet.testbed)
    row = journal(fleet.testbed, "web1")[-1]
    assert ("1.2.0", "failed") == (row["version"], row["result"])
    for name in WEBS:
        assert 0 != fleet.testbed.hosts[name].run("test", "-e", "/srv/shop/deploy/lock").returncode


def test_the_readiness_page_takes_a_host_out_without_access_to_the_balancer(
    fleet: Playbooks, artifacts: dict[str, Path]
) -> None:
    with clients(fleet.testbed) as seen:
        done = deploy(fleet, artifacts["1.1.0"], relforge_drain={"readiness": 2})
        assert 0 == done.code, done.output
    assert ({}, {"1.0.0", "1.1.0"}) == (seen.failed, seen.versions)
    assert not any(state(fleet.testbed, name, "status")["draining"] for name in WEBS)


def test_hosts_that_just_stop_lose_requests(fleet: Playbooks) -> None:
    """What the zeros above are worth: these clients do see what is lost."""
    with clients(fleet.testbed) as seen:
        for word in ("stop", "start"):
            for name in fleet.testbed.webs:
                fleet.testbed.hosts[name].ok("systemctl", word, "shop")
        time.sleep(1)
    assert seen.failed


def test_of_two_deploys_one_is_refused_and_names_the_other(
    fleet: Playbooks, artifacts: dict[str, Path]
) -> None:
    first = fleet.start(
        "deploy", relforge_artifact=str(artifacts["1.1.0"]), relforge_by="ada@desk", relforge_bake=3
    )
    lock = fleet.testbed.hosts["web3"]
    deadline = time.monotonic() + 60
    while lock.run("test", "-e", "/srv/shop/deploy/lock").returncode:
        assert time.monotonic() < deadline and first.poll() is None
        time.sleep(0.1)
    second = deploy(fleet, artifacts["1.0.0"], relforge_by="grace@desk")
    assert 2 == second.code
    assert "locked by ada@desk since " in second.output
    assert "for the deploy of shop-1.1.0-linux" in second.output
    said, _ = first.communicate(timeout=120)
    assert 0 == first.returncode, said
    assert dict.fromkeys(WEBS, "1.1.0") == running(fleet.testbed)


def test_the_lock_of_a_deploy_that_was_killed_is_taken_over(
    fleet: Playbooks, artifacts: dict[str, Path]
) -> None:
    gone = subprocess.run(["sh", "-c", "echo $$"], capture_output=True, text=True, check=True)
    host = subprocess.run(["uname", "-n"], capture_output=True, text=True, check=True)
    holder = {"by": f"ada@{host.stdout.strip()}", "pid": int(gone.stdout), "what": "x", "at": "y"}
    elsewhere = {**holder, "by": "ada@elsewhere"}
    web2 = fleet.testbed.hosts["web2"]
    web2.write("/srv/shop/deploy/lock", json.dumps(holder))
    assert 0 == deploy(fleet, artifacts["1.0.0"]).code
    web2.write("/srv/shop/deploy/lock", json.dumps(elsewhere))
    assert "locked by ada@elsewhere since y for x" in deploy(fleet, artifacts["1.0.0"]).output
    assert 0 != fleet.run("unlock", relforge_unlock="eve@elsewhere").code
    fleet.ok("unlock", relforge_unlock="ada@elsewhere")
    assert 0 == deploy(fleet, artifacts["1.0.0"]).code


def test_an_artifact_that_was_changed_reaches_no_host(
    fleet: Playbooks, artifacts: dict[str, Path], tmp_path: Path
) -> None:
    before = listing(fleet.testbed)
    for path in artifacts["1.1.0"].parent.iterdir():
        shutil.copy(path, tmp_path)
    changed = tmp_path / artifacts["1.1.0"].name
    with changed.open("r+b") as file:
        file.seek(1000)
        file.write(b"changed")
    done = deploy(fleet, changed)
    assert 2 == done.code
    assert f"{changed.name}.sha256 says" in done.output
    signers = tmp_path / "allowed_signers"
    signers.write_text("release@example.org ssh-ed25519 AAAA\n")
    shutil.copy(artifacts["1.1.0"], tmp_path)
    done = deploy(fleet, changed, relforge_allowed_signers=str(signers))
    assert 2 == done.code
    assert "sha256.sig: no such file" in done.output
    assert before == listing(fleet.testbed)


def test_status_shows_what_runs_and_what_differs(
    fleet: Playbooks, artifacts: dict[str, Path]
) -> None:
    assert "every host runs 1.0.0" in fleet.ok("status").output
    deploy(fleet, artifacts["1.1.0"], "--limit", "web1")
    done = fleet.ok("status")
    assert "the hosts run different versions: 1.1.0, 1.0.0" in done.output
    assert NOTHING == done.changed
