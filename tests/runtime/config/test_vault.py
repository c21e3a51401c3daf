"""The provider `vault` by hvac, against a server that speaks Vault's API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relforge.runtime.config import providers
from relforge.runtime.config.provider import BadOptions
from relforge.runtime.config.resolve import Resolved
from tests.runtime.config import asking
from tests.runtime.config.vault import JWT, SECRET_ID, TOKEN, Vault, serving

SECRET = "pl4nted-password"
SCHEMA: dict[str, Any] = {
    "db.user": {"type": "str"},
    "db.password": {"type": "str"},
    "db.pool-size": {"type": "int", "secret": False},
}


@pytest.fixture
def vault() -> Iterator[Vault]:
    old = {"user": "old", "password": "old"}
    new = {"user": "shop", "password": SECRET, "pool_size": "7"}
    with serving(Vault(secrets={"secret/shop/db": [old, new], "kv/gone": [None]})) as server:
        yield server


@pytest.fixture
def load(vault: Vault, tmp_path: Path) -> Any:
    def ask(environ: dict[str, str] | None = None, **options: Any) -> Resolved:
        row = {"use": "vault", "path": "shop/db", "under": "db", "retries": 0, **options}
        known = {"VAULT_ADDR": vault.address, "VAULT_TOKEN": TOKEN}
        return asking.run(
            tmp_path, row, environ=known if environ is None else environ, schema=SCHEMA
        )

    return ask


@pytest.mark.network
def test_the_fields_of_a_secret_are_settings_below_a_table(load: Any) -> None:
    found = load()

    assert [] == found.problems
    assert {"db": {"user": "shop", "password": SECRET, "pool-size": 7}} == found.values
    assert ["db.password", "db.user"] == found.secrets
    assert [["vault", "secret/shop/db#password"]] == found.origins["db.password"]


@pytest.mark.network
def test_a_map_takes_only_what_it_names(load: Any) -> None:
    found = load(under="", map={"password": "db.password"})

    assert {"db": {"password": SECRET}} == found.values
    (problem,) = load(under="", map={"pasword": "db.password"}).problems
    assert (
        "secret/shop/db: no field 'pasword'; it has password, pool_size, user" == problem["message"]
    )


@pytest.mark.network
def test_an_old_version_a_mount_and_a_namespace(load: Any, vault: Vault) -> None:
    assert "old" == load(version=1).values["db"]["password"]
    found = load(mount="kv", path="gone", namespace="team")
    assert ("kv/data/gone", "team") == vault.asked[-1]
    assert "no secret kv/gone" in found.problems[0]["message"]


@pytest.mark.network
@pytest.mark.parametrize("method", ["token", "approle", "kubernetes"])
def test_each_method_of_logging_in(method: str, load: Any, vault: Vault, tmp_path: Path) -> None:
    files = {"token": TOKEN, "secret-id": SECRET_ID, "jwt": JWT}
    for name, text in files.items():
        (tmp_path / name).write_text(f"{text}\n")
    auth = {
        "token": {"token_file": "token"},
        "approle": {"method": "approle", "role_id": "${ROLE}", "secret_id_file": "secret-id"},
        "kubernetes": {"method": "kubernetes", "role": "shop", "jwt_file": "jwt"},
    }[method]

    found = load({"VAULT_ADDR": vault.address, "ROLE": "shop"}, auth=auth)

    assert [] == found.problems
    assert SECRET == found.values["db"]["password"]


@pytest.mark.network
def test_optional_is_what_is_missing_never_what_fails(load: Any, vault: Vault) -> None:
    env = {"VAULT_ADDR": vault.address, "VAULT_TOKEN": TOKEN}

    assert [] == load(optional=True, path="nowhere").problems
    assert [] == load({}, optional=True).problems  # no address: no Vault here
    for faulty in ({**env, "VAULT_TOKEN": "other"}, {**env, "VAULT_ADDR": "http://127.0.0.1:1"}):
        assert 1 == len(load(faulty, optional=True).problems)
    vault.fail = [500]
    assert 1 == len(load(optional=True).problems)


@pytest.mark.network
@pytest.mark.parametrize(
    ("fault", "environ", "words"),
    [
        ({"fail": [500]}, {}, "secret/shop/db: Vault answers InternalServerError: Vault is sealed"),
        ({"fail": [503]}, {}, "secret/shop/db: Vault answers VaultDown: Vault is sealed"),
        ({"hang": True}, {}, "no answer within 1 s"),
        ({"page": "<h1>Welcome</h1>"}, {}, "secret/shop/db: the server is not Vault"),
        ({}, {"VAULT_TOKEN": "x"}, "Vault does not allow it (403): permission denied"),
        ({}, {"VAULT_ADDR": "http://127.0.0.1:1"}, "http://127.0.0.1:1: Connection refused"),
        ({}, {"VAULT_ADDR": ""}, "the variable VAULT_ADDR is set but empty"),
    ],
)
def test_a_fault_is_reported_in_a_sentence(
    load: Any, vault: Vault, fault: dict[str, Any], environ: dict[str, str], words: str
) -> None:
    for name, value in fault.items():
        setattr(vault, name, value)
    env = {"VAULT_ADDR": vault.address, "VAULT_TOKEN": TOKEN, **environ}

    (problem,) = load(env, timeout="1s").problems

    assert words in problem["message"]
    assert "vault" == problem["provider"]


@pytest.mark.network
def test_a_server_that_comes_back_is_asked_again(load: Any, vault: Vault) -> None:
    vault.fail = [503]

    found = load(retries=1)

    assert [] == found.problems
    assert 2 == len(vault.asked)


@pytest.mark.network
def test_what_is_refused_is_not_asked_again(load: Any, vault: Vault) -> None:
    load({"VAULT_ADDR": vault.address, "VAULT_TOKEN": "other"}, retries=3)

    assert 1 == len(vault.asked)


@pytest.mark.network
def test_nothing_is_kept_between_two_boots(load: Any, vault: Vault) -> None:
    load()
    vault.secrets["secret/shop/db"].append({"password": "rotated"})

    assert "rotated" == load().values["db"]["password"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "path: missing"),
        ({"path": "x", "adress": "y"}, "adress: unknown option; did you mean address?"),
        ({"path": "x", "auth": {"method": "ldap"}}, "auth.method: 'ldap' is none of token,"),
        (
            {"path": "x", "auth": {"token": "hvs.abc"}},
            "auth.token: a secret would be in the artifact",
        ),
        ({"path": "x", "auth": {"method": "approle"}}, "auth.role_id: missing"),
        ({"path": "x", "map": {"a": "b"}, "under": "c"}, "under: a map names whole keys"),
    ],
)
def test_options_are_looked_at_when_the_release_is_built(
    options: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadOptions) as caught:
        providers.init("vault", options)
    assert message in str(caught.value)
