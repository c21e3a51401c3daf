"""All errors at once, with key, expectation, provider and place; and no secret in any of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from relforge.runtime.config.problems import Invalid
from relforge.runtime.config.resolve import Resolved, resolve

SCHEMA: dict[str, Any] = {
    "http.port": {"type": "int", "min": 1, "max": 65535},
    "db.url": {"type": "url", "required": True, "secret": True, "doc": "the database"},
    "db.pool": {"type": "int", "secret": True},
    "mail.from": {"type": "str"},
    "cache.url": {"type": "url"},
}
ENV = {
    "use": "env",
    "state": {"prefix": "SHOP_", "map": [["DATABASE_URL", "db.url"], ["PORT", "http.port"]]},
}


def run(root: Path, *rows: dict[str, Any], environ: dict[str, str], **config: Any) -> Resolved:
    settings = {"providers": list(rows), "schema": SCHEMA, **config}
    return resolve(settings, root=str(root), environ=environ)


def toml(root: Path, text: str) -> dict[str, Any]:
    (root / "x.toml").write_text(text)
    return {"use": "toml", "state": {"path": f"{root}/x.toml", "optional": False}}


def test_all_errors_are_reported_at_once(tmp_path: Path) -> None:
    rows = toml(tmp_path, '[http]\nport = "80"\n[mail]\nform = "x"\n[cache.url]\nx = 1\n')
    found = run(tmp_path, rows, ENV, environ={"SHOP_DB": "x", "SHOP_DB__POOL": "pl4nted"})

    text = str(Invalid(found.problems, name="shop"))

    assert "the configuration has 6 errors" in text
    missing = (
        "db.url: required and not set (the database): expected url (such as https://example.com)"
    )
    at = f"(toml: {tmp_path}/x.toml"
    for line in (
        f'http.port: expected int from 1 to 65535, got str "80" {at}:2)',
        f"mail.form: unknown key; did you mean mail.from? {at}:4)",
        f"cache.url: expected url (such as https://example.com), got table {at}:6)",
        "db.pool: expected int, got a value that is secret (env: $SHOP_DB__POOL)",
        "db: expected a table (of url, pool), got str (env: $SHOP_DB)",
        f"{missing}; set db.url in {tmp_path}/x.toml or $SHOP_DB__URL or $DATABASE_URL",
    ):
        assert f"  - {line}" in text.splitlines(), f"{line}\n--\n{text}"
    assert "pl4nted" not in text


def test_a_value_where_a_table_belongs_says_what_is_in_the_table(tmp_path: Path) -> None:
    found = run(tmp_path, ENV, environ={"SHOP_MAIL": "x", "DATABASE_URL": "sqlite://"})

    assert [("mail", "expected a table (of from), got str")] == [
        (row["key"], row["message"]) for row in found.problems
    ]


def test_a_key_quoted_as_in_the_schema_is_that_key(tmp_path: Path) -> None:
    rows = toml(tmp_path, '"http.port" = 81\n"db.url" = "sqlite://"\n')

    found = run(tmp_path, rows, environ={})

    assert [] == found.problems
    assert {"http": {"port": 81}, "db": {"url": "sqlite://"}} == found.values
    assert [["toml", f"{tmp_path}/x.toml:1"]] == found.origins["http.port"]


def test_a_failed_provider_does_not_hide_the_errors_of_others(tmp_path: Path) -> None:
    rows = {"use": "toml", "state": {"path": "/nowhere/x.toml", "optional": False}}

    found = run(tmp_path, rows, ENV, environ={"PORT": "x"})

    assert ["", "http.port", "db.url"] == [row["key"] for row in found.problems]


def test_unknown_keys_are_kept_where_the_project_allows_them(tmp_path: Path) -> None:
    environ = {"DATABASE_URL": "sqlite://", "SHOP_HTTP__PROT": "1"}

    found = run(tmp_path, ENV, environ=environ, strict=False)

    assert [] == found.problems
    assert {"prot": "1"} == found.values["http"]


def test_without_a_schema_everything_is_as_the_provider_gave_it(tmp_path: Path) -> None:
    rows = toml(tmp_path, "a = 1\nb.c = [1, { d = 1979-05-27T07:32:00Z }]\n")

    found = run(tmp_path, rows, ENV, environ={"SHOP_A": "2"}, schema={})

    assert [] == found.problems
    assert {"a": "2", "b": {"c": [1, {"d": "1979-05-27T07:32:00+00:00"}]}} == {
        key: found.values[key] for key in "ab"
    }


def test_exports_are_the_texts_of_what_is_set(tmp_path: Path) -> None:
    export = {"DATABASE_URL": "db.url", "PORT": "http.port", "MAIL": "mail.from"}

    found = run(tmp_path, ENV, environ={"DATABASE_URL": "sqlite://", "PORT": "08"}, export=export)

    assert {"DATABASE_URL": "sqlite://", "PORT": "8"} == found.environ


def test_relforge_s_own_variables_reach_no_provider(tmp_path: Path) -> None:
    rows = {"use": "toml", "state": {"path": "${RELFORGE_X}/x", "optional": True}}

    assert [] == [
        row
        for row in run(tmp_path, rows, environ={"RELFORGE_X": "/nowhere"}).problems
        if row["provider"] == "toml"
    ]


def test_the_explanation_shows_who_beat_whom_and_no_secret(tmp_path: Path) -> None:
    rows = toml(
        tmp_path,
        '[db]\nurl = "postgres://u:pl4nted@h/x"\npool = 4711\n'
        '[cache]\nurl = "redis://u:pl4nted@h"\n[http]\nport = 80\n',
    )
    found = run(tmp_path, rows, ENV, environ={"DATABASE_URL": "pg://u:pl4nted@h", "PORT": "81"})

    assert "pl4nted" not in json.dumps(found.rows)
    assert "4711" not in json.dumps(found.rows)
    by_key = {row["key"]: row for row in found.rows}
    assert "81" == by_key["http.port"]["value"]
    assert ["$PORT", f"{tmp_path}/x.toml:7"] == [
        row["place"] for row in by_key["http.port"]["origins"]
    ]
    assert '"redis://u:**********@h"' == by_key["cache.url"]["value"]
    assert by_key["db.url"]["secret"]
    assert not by_key["mail.from"]["set"]
    assert [f"mail.from in {tmp_path}/x.toml", "$SHOP_MAIL__FROM"] == by_key["mail.from"]["ways"]
