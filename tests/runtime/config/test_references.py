"""References inside values: put in once, after merging, never inside secrets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from relforge.runtime.config import schema
from tests.runtime.config import asking

SCHEMA: dict[str, Any] = {
    "http.host": {"type": "str", "default": "localhost"},
    "http.port": {"type": "int", "default": 8000},
    "http.url": {"type": "url", "default": "http://${http.host}:${http.port}"},
    "http.backup": {"type": "int"},
    "http.hosts": {"type": "list", "items": "str"},
    "db.password": {"type": "str", "secret": True},
    "db.url": {"type": "url"},
    "a": {"type": "str"},
    "b": {"type": "str"},
    "c": {"type": "str"},
}


def load(root: Path, text: str, environ: dict[str, str] | None = None) -> Any:
    (root / "x.toml").write_text(text)
    rows = ({"use": "toml", "path": "x.toml"}, {"use": "env", "prefix": "SHOP_"})
    return asking.run(root, *rows, environ=environ, schema=SCHEMA)


def test_the_value_that_won_is_put_in(tmp_path: Path) -> None:
    found = load(tmp_path, '[http]\nhost = "shop.example"\n', {"SHOP_HTTP__PORT": "81"})

    assert [] == found.problems
    assert "http://shop.example:81" == found.values["http"]["url"]


def test_what_is_put_in_is_typed_and_is_not_looked_through_again(tmp_path: Path) -> None:
    text = 'a = "$${b} and ${c}"\nc = "$${a}"\n[http]\nbackup = "${http.port}"\n'

    found = load(tmp_path, text + 'hosts = ["${http.host}", "x"]\n')

    assert [] == found.problems
    assert "${b} and ${a}" == found.values["a"]
    assert 8000 == found.values["http"]["backup"]
    assert ["localhost", "x"] == found.values["http"]["hosts"]


def test_a_secret_is_taken_as_it_is(tmp_path: Path) -> None:
    found = load(tmp_path, '[db]\npassword = "pa${a}ss${"\n')

    assert [] == found.problems
    assert "pa${a}ss${" == found.values["db"]["password"]


def test_what_refers_to_a_secret_is_one(tmp_path: Path) -> None:
    text = 'a = "${db.url}"\n[db]\npassword = "pl4nted"\nurl = "pg://u:${db.password}@h"\n'

    found = load(tmp_path, text)

    assert "pg://u:pl4nted@h" == found.values["db"]["url"] == found.values["a"]
    assert ["a", "db.password", "db.url"] == found.secrets
    assert "pl4nted" not in str(found.rows)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('a = "${b}"\nb = "${c}"\nc = "x${a}"', "${a} leads back to itself: a -> b -> c -> a"),
        ('a = "${a}"', "${a} leads back to itself: a -> a"),
        ('a = "${http.prot}"', "${http.prot} is not set; did you mean http.port?"),
        ('a = "${http}"', "${http} is a table, not a single value"),
        ('a = "${http.hosts}"\nhttp.hosts = []', "${http.hosts} is a list, not a single value"),
        ('a = "x${b"', "it has a ${ without a key and a }; write $${ for the characters"),
        ('a = "${b}"', "${b} is not set; write $${ for the characters"),
    ],
)
def test_a_reference_that_leads_nowhere_is_reported_once(
    tmp_path: Path, text: str, message: str
) -> None:
    (problem,) = load(tmp_path, text).problems

    assert message == problem["message"]
    assert f"{tmp_path}/x.toml" in problem["place"]


def test_references_cannot_make_a_value_grow_without_end(tmp_path: Path) -> None:
    schema_ = {f"k{number}": {"type": "str"} for number in range(40)}
    ten = [f"${{k{number + 1}}}" * 10 for number in range(39)]
    rows = [f'k{number} = "{text}"' for number, text in enumerate(ten)]
    (tmp_path / "x.toml").write_text("\n".join([*rows, 'k39 = "0123456789"']))

    found = asking.run(tmp_path, {"use": "toml", "path": "x.toml"}, schema=schema_)

    assert ["longer than 1 MiB once its references are put in"] == [
        row["message"] for row in found.problems
    ]


def test_explain_shows_what_was_written(tmp_path: Path) -> None:
    rows = {row["key"]: row for row in load(tmp_path, "").rows}

    assert '"http://localhost:8000"' == rows["http.url"]["value"]
    assert rows["http.url"]["refers"]
    assert '"http://${http.host}:${http.port}"' == rows["http.url"]["origins"][0]["value"]


def test_a_default_that_refers_to_no_key_is_an_error_of_the_schema() -> None:
    rows = {"a": {"type": "url", "default": "http://${b}"}, "c": {"default": "${"}}

    assert [
        ('tool.relforge.config.schema."a".default', "${b} is not in the schema"),
        (
            'tool.relforge.config.schema."c".default',
            "'${': it has a ${ without a key and a }",
        ),
    ] == schema.check(rows)
    assert [] == schema.check(rows, strict=False)
