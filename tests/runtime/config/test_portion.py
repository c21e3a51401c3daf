"""S26: a service is handed the part of the configuration that it names."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from relforge.project.settings.services import read_service
from relforge.project.settings.table import Table
from relforge.runtime.config import keys, portion
from relforge.runtime.config.providers import prepare
from relforge.support.errors import SettingsError
from tests.project.settings.test_read import refusal
from tests.runtime.supervise.waiting import eventually

from ..conftest import MiniRelease

RESULT: dict[str, Any] = {
    "values": {
        "db": {"url": "postgres://u:hunter2@db", "pool": 3},
        "http": {"port": 80, "hosts": ["a"]},
        "dbx": "other",
        "debug": True,
    },
    "secrets": ["db.url", "dbx"],
    "origins": {"db.url": [["env", "$SHOP_DB__URL"]], "http.port": [["defaults", ""]]},
    "environ": {"DATABASE_URL": "postgres://u:hunter2@db", "PORT": "80"},
    "exported": {"DATABASE_URL": "db.url", "PORT": "http.port"},
    "variables": {"SHOP_DB__URL": "db.url", "SHOP_DEBUG": "debug"},
    "notes": ["$X names no key"],
}


def test_only_what_is_named_is_there() -> None:
    assert {
        "values": {"http": {"port": 80, "hosts": ["a"]}, "debug": True},
        "secrets": [],
        "origins": {"http.port": [["defaults", ""]]},
        "environ": {"PORT": "80"},
        "exported": {"PORT": "http.port"},
        "variables": {"SHOP_DEBUG": "debug"},
        "notes": [],
        "part": True,
    } == portion.of(RESULT, ["http.*", "debug"])
    assert {"SHOP_DB__URL", *portion.CREDENTIALS} == portion.hidden(RESULT, ["http.*", "debug"])


def test_everything_is_everything() -> None:
    assert {**RESULT, "notes": [], "part": True} == portion.of(RESULT, ["*"])
    assert frozenset() == portion.hidden(RESULT, ["*"])


VAULT = {"use": "vault", "state": {"auth": {"method": "token", "token": "${OPS_TOKEN}"}}}
AWS = {"use": "aws-ssm", "state": {"path": "/shop"}}


@pytest.mark.parametrize(
    ("rows", "hidden"),
    [
        ([], set()),
        ([VAULT], {"OPS_TOKEN"}),
        ([AWS], {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}),
        ([{"use": "shop:Own", "state": ["a"]}], set()),
    ],
)
def test_what_lets_the_providers_in_is_hidden(rows: list[Any], hidden: set[str]) -> None:
    found = portion.hidden(RESULT, ["http.*"], rows)
    assert {"SHOP_DB__URL", "SHOP_DEBUG", *portion.CREDENTIALS, *hidden} == found
    assert frozenset() == portion.hidden(RESULT, ["*"], rows)


def test_nothing_is_nothing() -> None:
    found = portion.of(RESULT, [])
    assert [{}, {}, []] == [found["values"], found["environ"], found["secrets"]]
    assert {"SHOP_DB__URL", "SHOP_DEBUG"} < portion.hidden(RESULT, [])


@pytest.mark.parametrize(
    ("key", "wanted", "expected"),
    [
        ("db.url", "db.*", True),
        ("db.url", "db", True),
        ("db.url", "db.url", True),
        ("db.url.x", "db.url", True),
        ("db", "db.*", False),
        ("dbx", "db.*", False),
        ("dbx", "db", False),
        ("db.url", "db.url.*", False),
        ("db.url", "url", False),
        ("db.url", "*", True),
    ],
)
def test_a_table_is_all_that_is_below_it(key: str, wanted: str, expected: bool) -> None:
    assert expected == portion.fits(key, [wanted])


def test_what_fits_nothing_is_known() -> None:
    assert ["mail.*", "debug.x"] == portion.unmatched(
        RESULT, ["db.*", "mail.*", "*", "debug", "debug.x"]
    )


names = some.sampled_from(["a", "b", "c"])
tables = some.recursive(some.integers(), lambda row: some.dictionaries(names, row), max_leaves=8)
paths = some.lists(names, min_size=1, max_size=3).map(".".join)


@given(some.dictionaries(names, tables), some.lists(paths | paths.map(lambda row: f"{row}.*")))
def test_no_other_value_gets_through(values: dict[str, Any], wanted: list[str]) -> None:
    result = {**RESULT, "values": values}
    rest = {keys.show(path): value for path, value in keys.leaves(values)}
    found = portion.of(result, wanted)["values"]
    expected = {key: value for key, value in rest.items() if portion.fits(key, wanted)}
    assert expected == {keys.show(path): value for path, value in keys.leaves(found)}


def settings(config: Any) -> Any:
    rows = {"run": "shop:main", "config": config}
    return read_service("it", Table(rows, ("tool", "relforge", "services", "it"))).config


def test_a_setting_names_keys_and_tables() -> None:
    assert ("db.url", "db.*", "*") == settings(["db.url", "db.*", "*"])
    assert () == settings([])


@pytest.mark.parametrize("text", ["", ".", "db.", ".*", "*.url", "db.*.url", "d*"])
def test_what_is_neither_is_refused(text: str) -> None:
    with pytest.raises(
        SettingsError, match=r"services\.it\.config\[0\].*neither a key nor"
    ) as said:
        settings([text])
    assert '"db.*" for all of a table' in (said.value.hint or "")


@pytest.mark.parametrize(
    ("key", "hint"),
    [("db.ulr", "did you mean `db.url`?"), ("htpt.*", "did you mean `http.*`?"), ("zzz", "")],
)
def test_a_build_refuses_a_key_that_the_schema_does_not_have(key: str, hint: str) -> None:
    text = f"""
    python = {{ version = "3.12" }}
    [config.schema]
    "db.url" = {{ type = "str" }}
    "http.port" = {{ type = "int" }}
    [services.it]
    run = "shop:main"
    config = ["db.*", "http", "*", "{key}"]
    """
    said = refusal(text)
    assert f"tool.relforge.services.it.config[3]: {key} is not in" in said.message
    assert hint == (said.hint or "")


WORKER = """
import json, os, sys, time
from relforge.runtime import config, ready
def main():
    fd = os.environ["RELFORGE_CONFIG"]
    found = {
        "values": config.as_dict(),
        "environ": {name: os.environ.get(name) for name in ("URL", "SHOP_DB__URL", "PORT", "X")},
        "begun": open("/proc/self/environ").read(),
        "memory": open(fd).read(),
        "uid": os.geteuid(),
    }
    with open(sys.argv[1], "w") as file:
        json.dump(found, file, default=str)
    ready()
    time.sleep(600)
"""
SCHEMA = {
    "db.url": {"type": "str", "secret": True},
    "http.port": {"type": "int", "default": 80, "reload": "hot"},
}


def env_provider(**options: Any) -> dict[str, Any]:
    """Its row in the manifest."""
    return {"use": "env", "options": {}, **prepare("env", {"prefix": "SHOP_", **options})}


def release(
    make: Callable[..., MiniRelease],
    directory: Path,
    *,
    providers: list[Any] | None = None,
    hooks: dict[str, Any] | None = None,
    **service: Any,
) -> tuple[MiniRelease, Path]:
    """A release whose worker writes down what it was handed."""
    found = directory / "found"
    config = {
        "providers": providers or [env_provider()],
        "schema": SCHEMA,
        "export": {"URL": "db.url", "PORT": "http.port"},
    }
    row = {"target": "shop.worker:main", "args": [str(found)], **service}
    made = make(
        files={"shop/worker.py": WORKER},
        services={"worker": row},
        config=config,
        hooks=hooks or {},
    )
    return made, found


SECRET = {"SHOP_DB__URL": "postgres://u:hunter2@db", "VAULT_TOKEN": "hunter2-token", "X": "y"}


@pytest.mark.process
def test_a_process_finds_nothing_else(
    mini_release: Callable[..., MiniRelease], tmp_path: Path
) -> None:
    shop, found = release(mini_release, tmp_path, config=["http.*"])
    done = shop.run("start", env=SECRET)
    assert 0 == done.returncode, done.stderr
    text = found.read_text()
    assert "hunter2" not in text
    row = json.loads(text)
    assert {"http": {"port": 80}} == row["values"]
    assert {"URL": None, "SHOP_DB__URL": None, "PORT": "80", "X": "y"} == row["environ"]
    refused = shop.run("rpc", "config['db.url']")
    assert "db.url is not set, or `config` of this service does not list it" in refused.stderr


@pytest.mark.process
def test_without_the_setting_it_finds_all(
    mini_release: Callable[..., MiniRelease], tmp_path: Path
) -> None:
    shop, found = release(mini_release, tmp_path)
    assert 0 == shop.run("start", env=SECRET).returncode
    row = json.loads(found.read_text())
    assert SECRET["SHOP_DB__URL"] == row["environ"]["URL"]
    assert {"db", "http"} == set(row["values"])


@pytest.mark.process
@pytest.mark.parametrize("wanted", [["http.*"], ["db.*"]], ids=["changed", "unchanged"])
def test_a_reload_hands_on_nothing_else_either(
    mini_release: Callable[..., MiniRelease], tmp_path: Path, wanted: list[str]
) -> None:
    shop, _ = release(mini_release, tmp_path, config=wanted)
    overlay = tmp_path / "more.toml"
    overlay.write_text("http.port = 81\n")
    env = {**SECRET, "RELEASE_CONFIG": str(overlay)}
    assert 0 == shop.run("start", env=env).returncode
    pid = shop.run("rpc", "__import__('os').getpid()").stdout
    overlay.write_text("http.port = 82\n")
    done = shop.run("reload")
    assert 0 == done.returncode, done.stderr
    port = "82" if wanted == ["http.*"] else "None"
    eventually(lambda: f"'{port}'\n" == shop.run("rpc", "str(config.get('http.port'))").stdout)
    assert pid == shop.run("rpc", "__import__('os').getpid()").stdout
    there = shop.run("rpc", "'db' in config").stdout
    assert f"{wanted == ['db.*']}\n" == there


@pytest.mark.process
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_another_user_is_handed_what_is_named(
    mini_release: Callable[..., MiniRelease], tmp_path: Path
) -> None:
    for directory in (tmp_path, *tmp_path.parents):
        os.chmod(directory, 0o755)
    shop, found = release(mini_release, tmp_path, config=["http.port"], user="nobody")
    os.chmod(tmp_path, 0o777)
    for directory in (shop.root, *shop.root.parents):
        os.chmod(directory, 0o755)
    done = shop.run("start", env=SECRET)
    assert 0 == done.returncode, done.stderr
    text = found.read_text()
    assert "hunter2" not in text
    assert 65534 == json.loads(text)["uid"]


@pytest.mark.process
def test_config_check_notes_what_fits_nothing_and_who_is_handed_every_secret(
    mini_release: Callable[..., MiniRelease], tmp_path: Path
) -> None:
    shop, _ = release(mini_release, tmp_path, config=["mail.*", "http.*"])
    said = shop.run("config", "check", env=SECRET)
    assert "note: services.worker.config: no key that is set fits 'mail.*'" in said.stdout
    assert "http" not in said.stdout
    shop, _ = release(mini_release, tmp_path, user="nobody")
    said = shop.run("config", "check", env=SECRET)
    assert "services.worker runs as nobody and is handed nothing of the" in said.stdout


@pytest.mark.process
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_another_user_is_handed_nothing_without_the_setting(
    mini_release: Callable[..., MiniRelease], tmp_path: Path
) -> None:
    for directory in (tmp_path, *tmp_path.parents):
        os.chmod(directory, 0o755)
    shop, found = release(mini_release, tmp_path, user="nobody")
    os.chmod(tmp_path, 0o777)
    for directory in (shop.root, *shop.root.parents):
        os.chmod(directory, 0o755)
    done = shop.run("start", env=SECRET)
    assert 0 == done.returncode, done.stderr
    row = json.loads(found.read_text())
    assert "hunter2" not in found.read_text()
    assert {} == row["values"]
    assert {"URL": None, "SHOP_DB__URL": None, "PORT": None, "X": "y"} == row["environ"]


@pytest.mark.process
@pytest.mark.parametrize("unset", [True, False])
def test_variables_of_secrets_are_not_inherited_where_that_is_asked_for(
    mini_release: Callable[..., MiniRelease], tmp_path: Path, unset: bool
) -> None:
    """O18: /proc/PID/environ of a service, and what a hook sees."""
    hook = {"exec": ["sh", "-c", f"env > {tmp_path}/hook"], "call": None}
    shop, found = release(
        mini_release,
        tmp_path,
        providers=[env_provider(unset_secrets=unset)],
        hooks={"pre_start": hook},
    )
    done = shop.run("start", env={**SECRET, "SHOP_HTTP__PORT": "81"})
    assert 0 == done.returncode, done.stderr
    row = json.loads(found.read_text())
    assert unset == ("SHOP_DB__URL" not in row["begun"])
    assert unset == ("SHOP_DB__URL" not in (tmp_path / "hook").read_text())
    assert "SHOP_HTTP__PORT=81" in row["begun"]
    assert SECRET["SHOP_DB__URL"] == row["values"]["db"]["url"].strip("'")
    assert SECRET["SHOP_DB__URL"] == row["environ"]["URL"], "what `export` names is exported"
