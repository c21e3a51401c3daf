"""`X_FILE` names a file that holds the value of `X`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.runtime.config import asking

SECRET = "pl4nted-value"
SCHEMA: dict[str, Any] = {
    "db.url": {"type": "str"},
    "db.pool": {"type": "int", "secret": False},
    "log.file": {"type": "path"},
    "features": {"type": "table"},
}
ROW = {"use": "env", "prefix": "SHOP_", "map": {"DATABASE_URL": "db.url"}}


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "url").write_text(f"{SECRET}\n")
    (tmp_path / "pool").write_text("7\n")
    return str(tmp_path / "url")


@pytest.mark.parametrize("variable", ["DATABASE_URL_FILE", "SHOP_DB__URL_FILE"])
def test_the_value_is_the_files_and_it_is_secret(tmp_path: Path, file: str, variable: str) -> None:
    found = asking.run(tmp_path, ROW, environ={variable: file}, schema=SCHEMA)

    assert [] == found.problems
    assert {"db": {"url": SECRET}} == found.values
    assert ["db.url"] == found.secrets
    assert [["env", f"${variable} {file}"]] == found.origins["db.url"]


def test_the_schema_says_what_is_no_secret_and_types_it(tmp_path: Path, file: str) -> None:
    found = asking.run(tmp_path, ROW, environ={"SHOP_DB__POOL_FILE": "pool"}, schema=SCHEMA)

    assert (7, []) == (found.values["db"]["pool"], found.secrets)


def test_a_key_whose_own_name_ends_so_is_a_key(tmp_path: Path, file: str) -> None:
    environ = {"SHOP_LOG__FILE": "/var/log/x", "SHOP_FEATURES__NEW_FILE": "x"}

    found = asking.run(tmp_path, ROW, environ=environ, schema=SCHEMA)

    assert {"log": {"file": "/var/log/x"}, "features": {"new_file": "x"}} == found.values


def test_a_schema_that_has_both_keys_means_both(tmp_path: Path, file: str) -> None:
    rows = {"db.url": {"type": "str"}, "db.url_file": {"type": "str"}}
    environ = {"SHOP_DB__URL": "x", "SHOP_DB__URL_FILE": "y"}

    found = asking.run(tmp_path, {"use": "env", "prefix": "SHOP_"}, environ=environ, schema=rows)

    assert ([], {"db": {"url": "x", "url_file": "y"}}) == (found.problems, found.values)


def test_without_a_schema_only_mapped_variables_have_files(tmp_path: Path, file: str) -> None:
    environ = {"DATABASE_URL_FILE": file, "SHOP_KEY_FILE": "x"}

    found = asking.run(tmp_path, ROW, environ=environ, schema={})

    assert {"db": {"url": SECRET}, "key_file": "x"} == found.values


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        (
            {"DATABASE_URL": "x", "DATABASE_URL_FILE": "url"},
            "db.url: $DATABASE_URL and $DATABASE_URL_FILE are both set: unset one of them",
        ),
        (
            {"SHOP_DB__URL": "x", "SHOP_DB__URL_FILE": "url"},
            "db.url: $SHOP_DB__URL and $SHOP_DB__URL_FILE are both set: unset one of them",
        ),
        ({"DATABASE_URL_FILE": ""}, "$DATABASE_URL_FILE is set but empty"),
        ({"DATABASE_URL_FILE": "/no"}, "$DATABASE_URL_FILE: /no: no such file"),
        ({"DATABASE_URL_FILE": "/"}, "$DATABASE_URL_FILE: /: Is a directory"),
    ],
)
def test_what_is_wrong_is_said_once(
    tmp_path: Path, file: str, environ: dict[str, str], message: str
) -> None:
    found = asking.run(tmp_path, ROW, environ=environ, schema=SCHEMA)

    assert [message] == [row["message"] for row in found.problems]


def test_a_dotenv_file_may_name_files_too(tmp_path: Path, file: str) -> None:
    (tmp_path / ".env").write_text(f"\nDATABASE_URL_FILE={file}\n")
    row = {"use": "dotenv", "path": ".env", "map": {"DATABASE_URL": "db.url"}}

    found = asking.run(tmp_path, row, schema=SCHEMA)

    assert SECRET == found.values["db"]["url"]
    assert [["dotenv", f"{tmp_path}/.env:2 {file}"]] == found.origins["db.url"]
