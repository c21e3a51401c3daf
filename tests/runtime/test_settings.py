"""Environments and releases laid over: one function, and its two callers agree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tomli

from relforge.project import settings as built
from relforge.runtime.config import outside
from relforge.runtime.config.schema import check
from relforge.runtime.errors import CONFIG, Refusal
from relforge.runtime.settings import Selection, lay
from relforge.support.errors import SettingsError

SEVERAL = """
default = "shop"
[config.schema]
port = { type = "int", default = 1 }
name = { default = "base" }
[env.prod.config.schema]
port = { type = "int", default = 2 }
[env.staging]
config.schema.name.default = "staging"
[releases.shop]
[releases.admin]
config.schema.name.default = "admin"
[releases.admin.env.prod.config.schema]
port = { type = "int", default = 3 }
"""
ALONE = SEVERAL.partition("[releases.shop]")[0].replace('default = "shop"\n', "")
UNNAMED = SEVERAL.replace('default = "shop"\n', "")


def values_of_build(text: str, env: str, release: str | None) -> dict[str, Any]:
    schema = built.lay(tomli.loads(text), env, release).table["config"]["schema"]
    return {key: row["default"] for key, row in schema.items()}


def values_outside(text: str, env: str, release: str | None) -> dict[str, Any]:
    Path("relforge.toml").write_text(text)
    environ = {"RELEASE_ENV": env} | ({"RELEASE_NAME": release} if release else {})
    values: dict[str, Any] = outside.find(environ)["values"]
    return values


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RELEASE_ROOT", raising=False)


@pytest.mark.parametrize(
    ("text", "env", "release", "expected"),
    [
        (ALONE, "dev", None, {"port": 1, "name": "base"}),
        (ALONE, "prod", None, {"port": 2, "name": "base"}),
        (ALONE, "staging", None, {"port": 1, "name": "staging"}),
        (SEVERAL, "dev", None, {"port": 1, "name": "base"}),
        (SEVERAL, "dev", "admin", {"port": 1, "name": "admin"}),
        (SEVERAL, "prod", "admin", {"port": 3, "name": "admin"}),
        (SEVERAL.replace('"shop"', '"admin"'), "prod", None, {"port": 3, "name": "admin"}),
        (SEVERAL.replace('"shop"', '"admin"'), "prod", "shop", {"port": 2, "name": "base"}),
        (UNNAMED, "staging", "shop", {"port": 1, "name": "staging"}),
    ],
)
def test_a_checkout_reads_what_the_build_puts_into_a_release(
    text: str, env: str, release: str | None, expected: dict[str, Any]
) -> None:
    assert expected == values_of_build(text, env, release)
    assert expected == values_outside(text, env, release)


@pytest.mark.parametrize(
    ("text", "env", "release", "words"),
    [
        (SEVERAL, "stagin", None, "stagin: no such environment"),
        (SEVERAL, "../x", None, "../x: not a valid name"),
        (SEVERAL, "dev", "amdin", "no release 'amdin'"),
        (UNNAMED, "dev", None, "the project has several releases (shop, admin), and none is"),
        (SEVERAL.replace('"shop"', '"sho"'), "dev", None, "tool.relforge.default: no release"),
        ("releases = 1\n", "dev", None, "tool.relforge.releases: expected a table"),
        ("env = 1\n", "dev", None, "tool.relforge.env: expected a table"),
    ],
)
def test_both_refuse_the_same(text: str, env: str, release: str | None, words: str) -> None:
    with pytest.raises(SettingsError) as refused:
        values_of_build(text, env, release)
    with pytest.raises(Refusal) as caught:
        values_outside(text, env, release)
    assert words in refused.value.message
    assert words in caught.value.message
    assert CONFIG == caught.value.code


@pytest.mark.parametrize(
    ("text", "environ", "hint"),
    [
        (SEVERAL, {"RELEASE_ENV": "stagin"}, "did you mean `RELEASE_ENV=staging`?"),
        (UNNAMED, {}, "choose one, as in RELEASE_NAME=shop, or set `default`"),
    ],
)
def test_a_hint_is_in_the_words_of_a_checkout(
    text: str, environ: dict[str, str], hint: str
) -> None:
    Path("relforge.toml").write_text(text)
    with pytest.raises(Refusal) as caught:
        outside.find(environ)
    assert caught.value.hint.startswith(hint)


def test_no_release_need_be_named_where_all_have_the_same_configuration() -> None:
    text = UNNAMED.replace('config.schema.name.default = "admin"\n', "")
    assert {"port": 1, "name": "base"} == values_outside(text, "dev", None)
    with pytest.raises(Refusal, match="none is chosen"):
        values_outside(text, "prod", None)


def test_a_project_with_one_release_does_not_look_at_its_name() -> None:
    assert {"port": 1, "name": "base"} == values_outside(ALONE, "dev", "whatever")


def test_a_configuration_that_is_not_a_table_is_refused() -> None:
    Path("relforge.toml").write_text("config = 1\n")
    with pytest.raises(Refusal, match=r"tool\.relforge\.config: expected a table"):
        outside.find({})


def test_what_is_laid_over_is_left_as_it_was() -> None:
    settings = tomli.loads(SEVERAL)
    for env in ("dev", "prod"):
        lay(settings, Selection(env, "admin"))
    assert tomli.loads(SEVERAL) == settings


P60 = """
[config.schema]
secret_key = { required = true, secret = true }
port = { type = "int", default = 1 }
[env.dev.config.schema]
secret_key = { default = "only for development" }
[env.prod.config.schema]
port = { required = true }
"""


def test_p60_a_default_of_an_environment_makes_a_key_not_required_there() -> None:
    assert {"secret_key": "only for development", "port": 1} == values_outside(P60, "dev", None)
    with pytest.raises(Refusal, match="secret_key"):
        values_outside(P60, "prod", None)
    for env, key in (("dev", "secret_key"), ("prod", "port")):
        schema = built.lay(tomli.loads(P60), env).table["config"]["schema"]
        assert [] == check(schema)
        assert schema[key].get("required") is (env == "prod")


def test_p60_in_one_table_both_are_refused() -> None:
    text = P60.replace("secret = true", 'default = "x"').partition("[env.dev")[0]
    with pytest.raises(Refusal, match="a required key cannot have a default"):
        values_outside(text, "prod", None)
