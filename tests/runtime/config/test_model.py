"""A pydantic model of the application instead of a schema."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relforge.runtime.config import build, model, resolve
from tests.runtime.config import asking

SECRET = "pl4nted-password"
MODEL = """
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Literal

from pydantic import AnyUrl, BaseModel, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings


class Color(Enum):
    RED = "red"


class Db(BaseModel):
    url: AnyUrl = Field(description="the database")
    password: SecretStr
    pool: int = Field(5, ge=1, le=50)

    @field_validator("password")
    @classmethod
    def long_enough(cls, value):
        if len(value.get_secret_value()) < 4:
            raise ValueError(f"{value.get_secret_value()!r} is too short")
        return value


class Node(BaseModel):
    name: str
    children: list["Node"] = []


class Settings(BaseModel):
    db: Db
    replica: Db | None = None
    level: Literal["debug", "info"] = Field("info", json_schema_extra={"reload": "hot"})
    hosts: list[str] = Field(default_factory=lambda: ["localhost"])
    limits: dict[str, int] = {}
    poll: timedelta = timedelta(seconds=90)
    home: Path = Path("/srv")
    color: Color = Color.RED
    debug: bool = False
    node: Node = Node(name="root")
    either: int | str = 3
    keys: list[SecretStr] = []
    max_age: int = Field(60, alias="max-age")

    @model_validator(mode="after")
    def consistent(self):
        if self.debug and self.level == "info":
            raise ValueError("debug needs the level debug")
        return self


class Reads(BaseSettings):
    path: str


nothing = 1
"""
URL = "url (such as https://example.com)"
GOOD = {"DB__URL": "pg://h/x", "DB__PASSWORD": SECRET}


@pytest.fixture(autouse=True)
def application(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "shop_model.py").write_text(MODEL)
    (tmp_path / "shop_broken.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("shop_model", None)


def load(root: Path, environ: dict[str, str], **more: Any) -> resolve.Resolved:
    rows = model.rows(model.find("shop_model:Settings"))
    given = {f"S_{name}": value for name, value in environ.items()}
    row = {"use": "env", "prefix": "S_"}
    return asking.run(root, row, environ=given, schema=rows, model="shop_model:Settings", **more)


def messages(found: resolve.Resolved) -> list[tuple[str, str, str]]:
    return [(row["key"], row["message"], row["place"]) for row in found.problems]


def test_the_model_types_the_values_and_has_the_defaults(tmp_path: Path) -> None:
    environ = {
        "HOSTS": "a, b",
        "LIMITS": '{"x": 1}',
        "LIMITS__Y": "2",
        "DEBUG": "off",
        "POLL": "2m",
        "DB__POOL": "7",
        "MAX_AGE": "1",
        "KEYS": '["one-secret"]',
    }

    found = load(tmp_path, {**GOOD, **environ})

    assert [] == found.problems
    assert {
        "db": {"url": "pg://h/x", "password": SECRET, "pool": 7},
        "replica": None,
        "level": "info",
        "hosts": ["a", "b"],
        "limits": {"x": 1, "y": 2},
        "poll": 120.0,
        "home": "/srv",
        "color": "red",
        "debug": False,
        "node": {"name": "root", "children": []},
        "either": 3,
        "keys": ["one-secret"],
        "max-age": 1,
    } == found.values
    assert ["db.password", "keys"] == found.secrets
    assert SECRET not in str(found.rows)
    assert "one-secret" not in str(found.rows)


def test_who_set_what_is_known_and_defaults_are_the_first_layer(tmp_path: Path) -> None:
    found = load(tmp_path, {**GOOD, "LEVEL": "debug"})

    assert [["env", "$S_LEVEL"], ["defaults", "schema"]] == found.origins["level"]
    assert [["defaults", "model"]] == found.origins["hosts"]
    rows = {row["key"]: row for row in found.rows}
    assert '["localhost"]' == rows["hosts"]["value"]
    assert "the database" == rows["db.url"]["doc"]


def test_every_error_at_once_with_its_key_and_its_place(tmp_path: Path) -> None:
    environ = {"DB__POOL": "99", "LEVEL": "loud", "LIMITS__X": "much", "HOSTZ": "a"}

    found = load(tmp_path, environ)

    assert {
        ("db.pool", 'input should be less than or equal to 50, got "99"', "$S_DB__POOL"),
        ("level", "input should be 'debug' or 'info', got \"loud\"", "$S_LEVEL"),
        (
            "limits.x",
            'input should be a valid integer, unable to parse string as an integer, got "much"',
            "$S_LIMITS__X",
        ),
        (
            "db.url",
            f"required and not set (the database): expected {URL}; set $S_DB__URL",
            "",
        ),
        ("db.password", "required and not set: expected str; set $S_DB__PASSWORD", ""),
    } == set(messages(found))


def test_a_whole_table_that_is_missing_is_reported_by_its_keys(tmp_path: Path) -> None:
    assert ["db.url", "db.password"] == [key for key, _, _ in messages(load(tmp_path, {}))]
    # What is optional as a whole is required once it is there.
    found = load(tmp_path, {**GOOD, "REPLICA__URL": "pg://h"})
    assert [("replica.password", "required and not set")] == [
        (key, message.partition(":")[0]) for key, message, _ in messages(found)
    ]


def test_what_the_applications_own_checks_say_is_shown_without_secrets(tmp_path: Path) -> None:
    found = load(tmp_path, {**GOOD, "DB__PASSWORD": "pw!"})
    assert [("db.password", "value error, '**********' is too short", "$S_DB__PASSWORD")] == (
        messages(found)
    )

    found = load(tmp_path, {**GOOD, "DEBUG": "on"})
    assert [("", "value error, debug needs the level debug", "")] == messages(found)
    assert "shop_model:Settings" == found.problems[0]["provider"]


def test_a_model_in_itself_is_a_table(tmp_path: Path) -> None:
    rows = model.rows(model.find("shop_model:Settings"))

    assert {"type": "list", "default": []} == rows["node.children"]
    assert {"type": "enum", "choices": ["debug", "info"], "default": "info", "reload": "hot"} == (
        rows["level"]
    )
    assert "required" not in rows["replica.url"]
    assert {"type": "duration", "default": 90.0} == rows["poll"]


def ask(target: str, **more: Any) -> dict[str, Any]:
    return build.check({"providers": [], "model": target, **more})


def test_the_build_gets_the_rows(tmp_path: Path) -> None:
    answer = ask("shop_model:Settings", export={"POOL": "db.pool", "X": "db.pol"})

    assert answer["schema"]["db.url"]["required"]
    assert ["the schema has no key 'db.pol'; did you mean db.pool?"] == [
        row["message"] for row in answer["errors"]
    ]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("shop_model:Setings", "has no Setings; did you mean Settings?"),
        ("shop_model:nothing", "expected a class of pydantic's BaseModel"),
        ("shop_model:Reads", "a BaseSettings reads variables itself: make it a BaseModel"),
        ("shop_broken:Settings", "cannot be imported:\nTraceback"),
        ("shop_nowhere:Settings", "No module named 'shop_nowhere'"),
    ],
)
def test_a_model_that_cannot_be_used_is_an_error_of_the_build(target: str, message: str) -> None:
    (error,) = ask(target)["errors"]

    assert "tool.relforge.config.model" == error["path"]
    assert message in error["message"]


def test_a_model_that_breaks_at_boot_is_named(tmp_path: Path) -> None:
    found = asking.run(tmp_path, schema={}, model="shop_broken:Settings")

    assert ["raised ZeroDivisionError: division by zero"] == [m for _, m, _ in messages(found)]


def test_a_build_has_the_defaults_of_the_model_and_misses_nothing(tmp_path: Path) -> None:
    outcome = resolve.trial(
        {"model": "shop_model:Settings"}, root=str(tmp_path), values={"db.pool": 3}
    )

    assert 3 == outcome.values["db"]["pool"]
    assert 90.0 == outcome.values["poll"]
