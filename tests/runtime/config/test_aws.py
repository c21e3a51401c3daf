"""The providers of AWS by boto3, against moto's server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from relforge.runtime.config import providers
from relforge.runtime.config.provider import BadOptions
from relforge.runtime.config.resolve import Resolved
from tests.runtime.config import asking

pytestmark = pytest.mark.network

SECRET = "pl4nted-password"
ACCOUNT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "pl4nted-key",
    "AWS_DEFAULT_REGION": "eu-central-1",
}
SCHEMA: dict[str, Any] = {
    "db.url": {"type": "url"},
    "db.password": {"type": "str"},
    "http.max-age": {"type": "duration"},
    "cache.hosts": {"type": "list", "items": "str"},
}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(autouse=True)
def account(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    variables = {**ACCOUNT, "AWS_ENDPOINT_URL": endpoint}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)  # boto3 reads the process's own
    return variables


@pytest.fixture(scope="module", autouse=True)
def content(endpoint: str) -> None:
    session = boto3.session.Session(
        aws_access_key_id="testing", aws_secret_access_key="x", region_name="eu-central-1"
    )
    ssm = session.client("ssm", endpoint_url=endpoint)
    for name, value, kind in (
        ("/shop/prod/db/url", f"postgres://u:{SECRET}@h/x", "SecureString"),
        ("/shop/prod/http/max_age", "5m", "String"),
        ("/shop/prod/cache/hosts", "a,b", "StringList"),
        ("/shared/password", SECRET, "SecureString"),
        *((f"/many/table/k{number}", str(number), "String") for number in range(25)),
    ):
        ssm.put_parameter(Name=name, Value=value, Type=kind)
    secrets = session.client("secretsmanager", endpoint_url=endpoint)
    fields = {"username": "shop", "password": SECRET, "engine": "postgres", "port": 5432}
    secrets.create_secret(Name="shop/db", SecretString=json.dumps(fields))
    secrets.create_secret(Name="shop/text", SecretString=SECRET)
    secrets.create_secret(Name="shop/binary", SecretBinary=b"\x00\x01")


def load(root: Path, account: dict[str, str], schema: Any = None, **row: Any) -> Resolved:
    row = {"retries": 0, "timeout": "5s", **row}
    return asking.run(root, row, environ=account, schema=SCHEMA if schema is None else schema)


def test_parameters_below_a_path_are_keys(tmp_path: Path, account: dict[str, str]) -> None:
    found = load(tmp_path, account, use="aws-ssm", path="/shop/prod")

    assert [] == found.problems
    assert {
        "db": {"url": f"postgres://u:{SECRET}@h/x"},
        "http": {"max-age": 300.0},
        "cache": {"hosts": ["a", "b"]},
    } == found.values
    assert ["db.url"] == found.secrets
    assert [["aws-ssm", "/shop/prod/db/url"]] == found.origins["db.url"]


def test_single_parameters_are_named_by_a_map(tmp_path: Path, account: dict[str, str]) -> None:
    row = {"use": "aws-ssm", "map": {"/shared/password": "db.password"}}
    assert SECRET == load(tmp_path, account, **row).values["db"]["password"]

    row["map"] = {"/shared/pasword": "db.password"}
    (problem,) = load(tmp_path, account, **row).problems
    assert "no parameter /shared/pasword" == problem["message"]
    assert [] == load(tmp_path, account, optional=True, **row).problems


def test_every_page_of_parameters_is_read(tmp_path: Path, account: dict[str, str]) -> None:
    found = load(tmp_path, account, {}, use="aws-ssm", path="/many")

    assert 25 == len(found.values["table"])


def test_a_path_without_parameters_is_missing(tmp_path: Path, account: dict[str, str]) -> None:
    (problem,) = load(tmp_path, account, use="aws-ssm", path="/nowhere").problems
    assert "no parameter below /nowhere" == problem["message"]
    assert [] == load(tmp_path, account, use="aws-ssm", path="/nowhere", optional=True).problems


def test_a_secret_gives_its_fields_or_the_whole_text(
    tmp_path: Path, account: dict[str, str]
) -> None:
    row = {"use": "aws-secrets", "name": "shop/db", "map": {"password": "db.password"}}
    found = load(tmp_path, account, **row)
    assert {"db": {"password": SECRET}} == found.values
    assert ["db.password"] == found.secrets
    assert [["aws-secrets", "shop/db#password"]] == found.origins["db.password"]

    row = {"use": "aws-secrets", "name": "shop/db", "under": "db"}
    assert 5432 == load(tmp_path, account, {}, **row).values["db"]["port"]

    row = {"use": "aws-secrets", "name": "shop/text", "key": "db.password"}
    assert SECRET == load(tmp_path, account, **row).values["db"]["password"]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"name": "nowhere"}, "no secret nowhere"),
        ({"name": "shop/binary"}, "shop/binary: the secret is binary, expected a string"),
        (
            {"name": "shop/text"},
            "shop/text: the secret is not a JSON object; set the key that gets",
        ),
        ({"name": "shop/db", "endpoint": "http://127.0.0.1:1"}, "shop/db: Could not connect to"),
    ],
)
def test_a_fault_is_reported_without_the_secret(
    tmp_path: Path, account: dict[str, str], row: dict[str, Any], words: str
) -> None:
    (problem,) = load(tmp_path, account, use="aws-secrets", **row).problems

    assert words in problem["message"]
    assert SECRET not in str(problem)


def test_optional_is_a_secret_that_is_missing_never_a_store_that_fails(
    tmp_path: Path, account: dict[str, str]
) -> None:
    row = {"use": "aws-secrets", "name": "nowhere", "optional": True}
    assert [] == load(tmp_path, account, **row).problems
    assert 1 == len(load(tmp_path, account, endpoint="http://127.0.0.1:1", **row).problems)


@pytest.mark.parametrize(
    ("use", "options", "message"),
    [
        ("aws-ssm", {}, "give a path, a map, or both"),
        ("aws-ssm", {"path": "shop"}, "path: a path of parameters starts with /"),
        ("aws-secrets", {}, "name: missing"),
        ("aws-secrets", {"name": "x", "key": "a", "under": "b"}, "key: it gets the whole secret"),
    ],
)
def test_options_are_looked_at_when_the_release_is_built(
    use: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadOptions) as caught:
        providers.init(use, options)
    assert message in str(caught.value)
