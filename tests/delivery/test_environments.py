"""One artifact, three environments; and where secrets are not."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from pathlib import Path

import pytest

from tests.delivery import customer
from tests.delivery.deployment import Deployment
from tests.sample import Sample

pytestmark = pytest.mark.release

SECRET = "correct-horse-battery-staple"
PASSWORD = "mail.smtp.password"


def test_same_bytes_three_behaviours(
    shop: Deployment, sample: Sample, state: Path, database: Path
) -> None:
    digest = hashlib.sha256(sample.artifact.read_bytes()).hexdigest()
    assert sample.report["sha256"] == digest
    toml = state / "staging.toml"
    toml.write_text('[shop]\nname = "Staging, by TOML"\ncurrency = "CHF"\n')
    credentials = state / "credentials"
    credentials.mkdir()
    (credentials / "shop.name").write_text("Production, by credentials\n")
    (credentials / PASSWORD).write_text(SECRET)
    environments = {
        "Staging, by TOML": shop.given(RELEASE_CONFIG=str(toml)),
        "Development, by variable": shop.given(TICKETD_SHOP__NAME="Development, by variable"),
        "Production, by credentials": shop.given(CREDENTIALS_DIRECTORY=str(credentials)),
    }
    origins = {}
    for number, (name, environment) in enumerate(environments.items()):
        directory = state / f"var{number}"
        directory.mkdir()
        (directory / "ticketd.db").write_bytes(database.read_bytes())
        deployed = environment.given(RELEASE_STATE_DIR=str(directory))
        with deployed.running() as address:
            assert name in customer.page(address)
            assert "True\n" == deployed.ok("rpc", f"config['shop.name'] == {name!r}")
        rows = json.loads(deployed.ok("config", "explain", "shop.name", "--json"))["keys"]
        shown = "**********" if rows[0]["secret"] else f'"{name}"'
        assert shown == rows[0]["value"], "credentials are secret, whatever they are"
        origins[name] = deployed.ok("config", "explain", "shop.name").splitlines()[1].strip()
    assert {
        "Staging, by TOML": f"from RELEASE_CONFIG: {toml}:2",
        "Development, by variable": "from env: $TICKETD_SHOP__NAME",
        "Production, by credentials": f"from credentials: {credentials}/shop.name",
    } == origins
    assert sample.report["sha256"] == hashlib.sha256(sample.artifact.read_bytes()).hexdigest()


def test_later_providers_win_and_explain_says_over_what(fresh: Deployment, state: Path) -> None:
    toml = state / "config.toml"
    toml.write_text('shop.name = "from the file"\n')
    deployed = fresh.given(TICKETD_SHOP__NAME="from a variable", RELEASE_CONFIG=str(toml))
    lines = deployed.ok("config", "explain", "shop.name").splitlines()
    assert 'shop.name = "from the file"' == lines[0]
    assert "over env: $TICKETD_SHOP__NAME" in lines[2]
    assert '"ticketd"' in lines[3], "the schema's default, beaten too"


def test_fresh_processes_have_the_configuration_of_start(fresh: Deployment) -> None:
    deployed = fresh.given(TICKETD_SHOP__NAME="everywhere")
    assert "'everywhere'\n" == deployed.ok("eval", "config['shop.name']")
    url = f"sqlite:///{fresh.state}/elsewhere.db"
    deployed = deployed.given(DATABASE_URL=url)
    assert f"{url!r}\n" == deployed.ok("eval", "import os; os.environ['DATABASE_URL']")
    deployed.ok("migrate")
    assert (fresh.state / "elsewhere.db").exists()


def test_secrets_are_nowhere_but_where_they_are_used(shop: Deployment, state: Path) -> None:
    url = f"sqlite:///{shop.state}/ticketd.db?timeout=15&name={SECRET}-in-a-url"
    credentials = state / "credentials"
    credentials.mkdir()
    (credentials / PASSWORD).write_text(f"{SECRET}\n")
    (credentials / "db.url").write_text(url)
    deployed = shop.given(CREDENTIALS_DIRECTORY=str(credentials), RELEASE_DEBUG="1")
    seen = []
    with deployed.running() as address:
        customer.buy(address)
        for words in (
            ["config", "explain"],
            ["config", "explain", "--json"],
            ["config", "explain", PASSWORD],
            ["config", "check", "--json"],
            ["status", "--json"],
            ["describe", "--json"],
            ["eval", "config"],
            ["eval", f"config[{PASSWORD!r}]"],
            ["eval", f"raise ValueError(config[{PASSWORD!r}])"],
            ["rpc", "config"],
            ["rpc", "config['db.url']"],
            ["rpc", f"print(config.as_dict()); raise ValueError(config[{PASSWORD!r}])"],
            ["rpc", f"config[{PASSWORD!r}] == {SECRET[:7]!r} + {SECRET[7:]!r}"],
            ["stacks"],
            ["tasks"],
            ["logs", "-n", "1000"],
        ):
            done = deployed.run(*words)
            seen += [(words, done.stdout + done.stderr)]
        assert (seen[-4][0][0], seen[-4][1]) == ("rpc", "True\n"), "the application has the value"
        pids = [int(deployed.ok("pid")), *(row["pid"] for row in deployed.status()["services"])]
        for pid in pids:
            seen += [([str(pid)], Path(f"/proc/{pid}/environ").read_bytes().decode())]
            seen += [([str(pid)], Path(f"/proc/{pid}/cmdline").read_bytes().decode())]
    broken = deployed.given(PORT="eighty", TICKETD_MAIL__TRANSPORT="pigeon")
    for words in (["start"], ["config", "check"]):
        done = broken.run(*words)
        assert 78 == done.returncode
        seen += [(words, done.stdout + done.stderr)]
    for words, text in seen:
        assert SECRET not in text, words
    for directory in (shop.state, Path("/tmp"), Path("/dev/shm")):
        for path in directory.rglob("*") if directory == shop.state else directory.glob("*"):
            if path.is_file() and os.path.getsize(path) < 1 << 20:
                assert SECRET.encode() not in path.read_bytes(), path
    assert sqlite3.connect(shop.state / "ticketd.db").execute("select 1 from orders").fetchall()


def test_a_wrong_secret_is_not_shown_by_the_error(fresh: Deployment, state: Path) -> None:
    credentials = state / "credentials"
    credentials.mkdir()
    (credentials / "db.url").write_text(f"no url at all, {SECRET}")
    done = fresh.given(CREDENTIALS_DIRECTORY=str(credentials)).run("start")
    assert 78 == done.returncode
    assert "db.url" in done.stderr
    assert f"{credentials}/db.url" in done.stderr
    assert SECRET not in done.stderr
