"""A configuration that comes from Vault, and Vault is ill: nothing starts, what runs goes on."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from relforge.runtime.config import providers
from tests.runtime.config.vault import TOKEN, Vault, serving
from tests.runtime.conftest import MiniRelease
from tests.runtime.supervise.waiting import log, service, status

pytestmark = [pytest.mark.process, pytest.mark.network]

WORKER = """
import time
from relforge.runtime import ready
def main():
    ready()
    while True:
        time.sleep(0.1)
"""


@pytest.fixture
def vault() -> Iterator[Vault]:
    with serving(Vault(secrets={"secret/shop": [{"password": "pl4nted-password"}]})) as server:
        yield server


@pytest.fixture
def release(mini_release: Callable[..., MiniRelease]) -> MiniRelease:
    options = {"path": "shop", "timeout": "1s", "retries": 1}
    return mini_release(
        {"shop/worker.py": WORKER},
        services={"worker": {"listen": ["${where}"]}},
        config={
            "providers": [
                {"use": "env", "options": {}, **providers.prepare("env", {"prefix": "SHOP_"})},
                {"use": "vault", "options": options, **providers.prepare("vault", options)},
            ],
            "schema": {
                "password": {"type": "str", "required": True},
                "where": {"type": "str", "required": True},
            },
        },
    )


@pytest.fixture
def environ(vault: Vault) -> dict[str, str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        where = f"127.0.0.1:{free.getsockname()[1]}"
    return {"VAULT_ADDR": vault.address, "VAULT_TOKEN": TOKEN, "SHOP_WHERE": where}


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"fail": [500] * 9}, "secret/shop: Vault answers InternalServerError: Vault is sealed"),
        ({"hang": True}, "no answer within 1 s"),
        ({"drip": True}, "did not end within 1 s"),
    ],
    ids=["500", "hang", "drip"],
)
def test_a_start_is_refused_before_a_socket_is_opened(
    release: MiniRelease,
    vault: Vault,
    environ: dict[str, str],
    fault: dict[str, Any],
    words: str,
) -> None:
    for name, value in fault.items():
        setattr(vault, name, value)

    done = release.run("start", env=environ)

    assert (78, "") == (done.returncode, done.stdout)
    assert words in done.stderr
    assert "$SHOP_PASSWORD" in done.stderr
    assert 2 <= len(vault.asked)
    assert "stopped" == status(release)["state"]
    assert [] == os.listdir(release.state / "run")
    host, _, port = environ["SHOP_WHERE"].rpartition(":")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=5)


def test_what_runs_goes_on_while_vault_is_ill(
    release: MiniRelease, vault: Vault, environ: dict[str, str]
) -> None:
    assert 0 == release.run("start", env=environ).returncode
    before = service(release, "worker")["pid"]
    vault.fail = [500] * 9

    for words in (["reload"], ["config", "diff"], ["restart"]):
        done = release.run(*words, env=environ)
        assert (78, "") == (done.returncode, done.stdout), words
        assert "Vault is sealed" in done.stderr
    assert before == service(release, "worker")["pid"]

    vault.fail = []
    vault.secrets["secret/shop"].append({"password": "pl4nted-rotated"})
    assert "reloaded: worker.1\n" == release.run("reload").stdout
    assert before != service(release, "worker")["pid"]
    assert "pl4nted" not in log(release)
