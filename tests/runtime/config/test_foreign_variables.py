"""P55: variables with the application's prefix that are not keys of the configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from relforge.runtime.config import providers
from relforge.runtime.config.provider import BadOptions
from relforge.runtime.config.resolve import Resolved, resolve

SCHEMA: dict[str, Any] = {
    "db.url": {"type": "str", "required": True},
    "secret_key": {"type": "str", "default": "x"},
    "labels": {"type": "table"},
}
KUBERNETES = {
    "FEEDS_SERVICE_HOST": "10.0.0.1",
    "FEEDS_SERVICE_PORT": "80",
    "FEEDS_PORT": "tcp://10.0.0.1:80",
    "FEEDS_PORT_80_TCP": "tcp://10.0.0.1:80",
    "FEEDS_PORT_80_TCP_PROTO": "tcp",
}


def resolved(environ: dict[str, str], use: str = "env", **more: Any) -> Resolved:
    options = {"prefix": "FEEDS_", **more.pop("options", {})}
    row = {"use": use, **providers.prepare(use, options)}
    config = {"providers": [row], "schema": SCHEMA, "strict": True, **more}
    return resolve(config, root="/nowhere", environ=environ)


@pytest.mark.parametrize(
    "foreign",
    [
        {"FEEDS_SECRET": "s"},
        {"FEEDS_DB__URL__X": "y"},
        {"FEEDS_SECRET_FILE": "/nowhere"},
        {"FEEDS_" + "A__" * 80 + "B": "deep"},
    ],
)
def test_they_are_notes_and_the_rest_is_loaded(foreign: dict[str, str]) -> None:
    found = resolved({"FEEDS_DB__URL": "x", **foreign})
    assert [] == found.problems
    assert "x" == found.values["db"]["url"]
    assert len(foreign) == len(found.notes)
    for name, note in zip(sorted(foreign), sorted(found.notes), strict=True):
        assert note.startswith(f"${name} names no key")


def test_a_note_says_what_may_have_been_meant() -> None:
    found = resolved({"FEEDS_DB__URL": "x", "FEEDS_SECRT_KEY": "s"})
    note = "$FEEDS_SECRT_KEY names no key of the configuration; did you mean secret_key?"
    assert [note] == found.notes


def test_a_key_that_is_missing_names_the_variable_that_was_meant() -> None:
    (problem,) = resolved({"FEEDS_DB__URLL": "x"}).problems
    assert "db.url" == problem["key"]
    assert problem["message"].endswith("; $FEEDS_DB__URLL names no key of the configuration")


def test_a_name_of_the_map_is_meant_and_so_is_a_file() -> None:
    found = resolved({"URL": "x"}, options={"map": {"URL": "db.uri"}})
    assert ["db.uri", "db.url"] == sorted(problem["key"] for problem in found.problems)


def test_without_a_schema_and_without_strictness_they_are_keys() -> None:
    environ = {"FEEDS_DB__URL": "x", "FEEDS_SECRET": "s"}
    assert "s" == resolved(environ, strict=False).values["secret"]
    assert "s" == resolved(environ, schema={}).values["secret"]


def test_files_with_a_prefix_are_passed_over_too(tmp_path: Path) -> None:
    (tmp_path / "FEEDS_db.url").write_text("x")
    (tmp_path / "FEEDS_token").write_text("t")
    found = resolved({}, "files", options={"path": str(tmp_path)})
    assert [] == found.problems
    assert [f"{tmp_path}/FEEDS_token names no key of the configuration"] == found.notes
    (tmp_path / "dotenv").write_text("FEEDS_DB__URL=x\nFEEDS_TOKEN=t\n")
    found = resolved({}, "dotenv", options={"path": f"{tmp_path}/dotenv"})
    assert ([], 1) == (found.problems, len(found.notes))


PORT: dict[str, Any] = {**SCHEMA, "port": {"type": "int"}, "service_port": {"type": "int"}}


@pytest.mark.parametrize("schema", [PORT, {}], ids=["with the keys", "without a schema"])
def test_what_kubernetes_sets_for_a_service_is_not_looked_at(schema: dict[str, Any]) -> None:
    """O7."""
    more = {
        **KUBERNETES,
        "FEEDS_SERVICE_PORT_HTTP": "80",
        "FEEDS_PORT_80_TCP_PORT": "80",
        "FEEDS_PORT_80_TCP_ADDR": "10.0.0.1",
        "FEEDS_DB_SERVICE_HOST": "10.0.0.2",  # another Service, whose name begins alike
        "FEEDS_DB_SERVICE_PORT": "5432",
        "FEEDS_DB_PORT": "tcp://10.0.0.2:5432",
    }
    found = resolved({"FEEDS_DB__URL": "x", **more}, schema=schema)
    assert ([], []) == (found.problems, found.notes)
    assert {"url": "x"} == found.values["db"]
    assert not {"port", "service_port", "service_host"} & set(found.values)


@pytest.mark.parametrize(
    "given",
    [
        {"FEEDS_PORT": "tcp://10.0.0.1:80"},
        {"FEEDS_PORT": "tcp://10.0.0.1:80", "FEEDS_SERVICE_HOST": "10.0.0.1"},
    ],
)
def test_only_the_whole_set_is_kubernetes(given: dict[str, str]) -> None:
    (problem,) = resolved({"FEEDS_DB__URL": "x", **given}, schema=PORT).problems
    assert "port" == problem["key"]


def test_a_port_of_the_operators_own_counts_beside_a_service(tmp_path: Path) -> None:
    given = {"FEEDS_DB__URL": "x", **KUBERNETES, "FEEDS_PORT": "8080"}
    assert 8080 == resolved(given, schema=PORT).values["port"]


def test_a_variable_that_another_provider_refers_to_is_no_key(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text('[db]\nurl = "y"\n')
    rows = [
        {"use": "toml", **providers.prepare("toml", {"path": "${FEEDS_TOML}"})},
        {"use": "env", **providers.prepare("env", {"prefix": "FEEDS_"})},
    ]
    config = {"providers": rows, "schema": SCHEMA, "strict": True}
    environ = {"FEEDS_TOML": str(tmp_path / "x.toml"), "FEEDS_TOMLL": "z"}
    found = resolve(config, root="/nowhere", environ=environ)
    assert ([], "y") == (found.problems, found.values["db"]["url"])
    assert ["$FEEDS_TOMLL names no key of the configuration"] == found.notes


def test_what_is_to_be_ignored_is_not_looked_at() -> None:
    given = {"FEEDS_DB__URL": "x", "FEEDS_OLD_A": "1", "FEEDS_PORT": "no number", "FEEDS_X": "1"}
    options = {"ignore": ["FEEDS_OLD_*", "FEEDS_PORT"]}
    found = resolved(given, schema=PORT, options=options)
    assert [] == found.problems
    assert ["$FEEDS_X names no key of the configuration"] == found.notes


@pytest.mark.parametrize("row", [1, "", "FEEDS-X", "[A]"])
def test_a_name_that_no_variable_can_have_is_refused(row: Any) -> None:
    with pytest.raises(BadOptions) as caught:
        providers.prepare("env", {"prefix": "FEEDS_", "ignore": ["FEEDS_A", row]})
    assert "ignore[1]" == caught.value.rows[0][0]
