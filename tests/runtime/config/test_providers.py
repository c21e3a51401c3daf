"""Providers against real files and variables, through the resolution that a loader does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from relforge.runtime.config import providers
from tests.runtime.config.asking import SCHEMA, messages, run


def test_toml_gives_typed_values_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(
        'name = "n"\n[http]\nport = 81\nmax-age = "2m"\n[features.new]\nui = 1979-05-27\n'
    )

    found = run(
        tmp_path, {"use": "toml", "path": "${WHERE}/x.toml"}, environ={"WHERE": str(tmp_path)}
    )

    assert [] == found.problems
    assert {
        "name": "n",
        "http": {"port": 81, "max-age": 120.0},
        "features": {"new": {"ui": "1979-05-27"}},
    } == found.values
    assert [["toml", f"{path}:3"], ["defaults", "schema"]] == found.origins["http.port"]
    assert [["toml", f"{path}:6"]] == found.origins["features.new.ui"]


def test_a_relative_path_starts_at_the_release(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "x.json").write_text('{"db": {"pool": 3}}')

    found = run(tmp_path, {"use": "json", "path": "app/x.json"})

    assert 3 == found.values["db"]["pool"]
    assert [["json", f"{tmp_path}/app/x.json:1"]] == found.origins["db.pool"]


@pytest.mark.parametrize(
    ("use", "name", "text", "message"),
    [
        ("toml", "x.toml", "a = 1\nb = = 2\n", "x.toml:2: not valid TOML: Invalid value"),
        ("toml", "x.toml", 'a = """\n\n', "x.toml:"),
        ("toml", "x.toml", "a = 1\na = 2\n", "x.toml:2: not valid TOML: Cannot overwrite"),
        ("json", "x.json", '{"a": 1,\n "b" 2}', "x.json:2: not valid JSON"),
        ("json", "x.json", "[1]", "x.json: expected an object, got list"),
        ("json", "x.json", '{"a": 1, "a": 2}', "x.json: the key a occurs twice"),
    ],
)
def test_a_malformed_file_is_named_with_its_line(
    tmp_path: Path, use: str, name: str, text: str, message: str
) -> None:
    (tmp_path / name).write_text(text)

    (problem,) = run(tmp_path, {"use": use, "path": name}).problems

    assert message in problem["message"]
    assert use == problem["provider"]


def test_only_a_missing_file_is_optional(tmp_path: Path) -> None:
    row = {"use": "toml", "path": "${NOT_SET}/x.toml", "optional": True}
    assert [] == run(tmp_path, row).problems
    assert [] == run(tmp_path, {**row, "path": "x.toml"}).problems

    (tmp_path / "x.toml").mkdir()
    (problem,) = run(tmp_path, {**row, "path": "x.toml"}).problems
    assert f"{tmp_path}/x.toml: Is a directory" == problem["message"]

    (problem,) = run(tmp_path, row, environ={"NOT_SET": ""}).problems
    assert "the variable NOT_SET is set but empty" in problem["message"]

    (problem,) = run(tmp_path, {**row, "optional": False}).problems
    assert "${NOT_SET}/x.toml: the variable NOT_SET is not set" == problem["message"]

    (problem,) = run(tmp_path, {"use": "toml", "path": "y.toml"}).problems
    assert f"{tmp_path}/y.toml: no such file" == problem["message"]


def test_a_file_that_is_no_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_bytes(b'a = "\xff"')

    (problem,) = run(tmp_path, {"use": "toml", "path": "x.toml"}).problems

    assert "not UTF-8 at byte 5" in problem["message"]


def test_variables_are_typed_by_the_schema(tmp_path: Path) -> None:
    env = {
        "SHOP_HTTP__PORT": "90",
        "SHOP_HTTP__MAX_AGE": "1h",
        "SHOP_NAME": "",
        "SHOP_FEATURES__New__UI": "1",
        "DATABASE_URL": "sqlite:///x",
        "OTHER": "x",
        "RELFORGE_X": "y",
    }

    found = run(
        tmp_path, {"use": "env", "prefix": "SHOP_", "map": {"DATABASE_URL": "db.url"}}, environ=env
    )

    assert [] == found.problems
    assert {
        "http": {"port": 90, "max-age": 3600.0},
        "name": "",
        "features": {"new": {"ui": "1"}},
        "db": {"url": "sqlite:///x"},
    } == found.values
    assert ["db.url"] == found.secrets


def test_two_variables_for_one_key_are_decided_and_recorded(tmp_path: Path) -> None:
    row = {"use": "env", "prefix": "SHOP_", "map": {"HTTP_PORT": "http.port", "PORT": "http.port"}}
    env = {"SHOP_HTTP__PORT": "3", "PORT": "2", "HTTP_PORT": "1"}

    found = run(tmp_path, row, environ=env)

    assert 3 == found.values["http"]["port"]
    assert [
        ["env", "$SHOP_HTTP__PORT"],
        ["env", "$PORT"],
        ["env", "$HTTP_PORT"],
        ["defaults", "schema"],
    ] == found.origins["http.port"]
    del env["SHOP_HTTP__PORT"]
    assert 2 == run(tmp_path, row, environ=env).values["http"]["port"]


def test_set_and_empty_is_an_error_for_a_number_and_says_so(tmp_path: Path) -> None:
    found = run(tmp_path, {"use": "env", "map": {"PORT": "http.port"}}, environ={"PORT": ""})

    assert ["http.port|expected int, but it is set but empty|env|$PORT"] == messages(found)


def test_a_variable_that_names_no_key_is_an_error_and_no_more(tmp_path: Path) -> None:
    env = {"SHOP_": "1", "SHOP_DB__": "2", "SHOP_NAME": "n"}

    found = run(tmp_path, {"use": "env", "prefix": "SHOP_"}, environ=env)

    assert 2 == len(found.problems)
    assert (
        "$SHOP_DB__: does not name a key: expected SHOP_TABLE__KEY or SHOP_KEY"
        in messages(found)[1]
    )
    assert "n" == found.values["name"]


def test_a_variable_can_hold_a_table_which_merges(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("[features]\na = 1\nb = 1\n")
    env = {"SHOP_FEATURES": '{"b": 2, "c": {"d": true}}'}

    found = run(
        tmp_path, {"use": "toml", "path": "x.toml"}, {"use": "env", "prefix": "SHOP_"}, environ=env
    )

    assert {"a": 1, "b": 2, "c": {"d": True}} == found.values["features"]
    assert [["env", "$SHOP_FEATURES"], ["toml", f"{tmp_path}/x.toml:3"]] == found.origins[
        "features.b"
    ]

    bad = run(tmp_path, {"use": "env", "prefix": "SHOP_"}, environ={"SHOP_FEATURES": "{"})
    assert [
        'features|expected table, got "{": it is not valid JSON|env|$SHOP_FEATURES'
    ] == messages(bad)


def test_dotenv_reads_what_shells_read_and_replaces_nothing(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(
        "# comment\n\nexport SHOP_NAME='it # stays $HOME' # gone\n"
        'SHOP_FEATURES__A="two\\nlines\nand three" \nSHOP_FEATURES__B=plain # gone\r\n'
        "SHOP_FEATURES__C=\nOTHER=1\nPORT = 82\n"
    )

    found = run(
        tmp_path, {"use": "dotenv", "path": ".env", "prefix": "SHOP_", "map": {"PORT": "http.port"}}
    )

    assert [] == found.problems
    assert "it # stays $HOME" == found.values["name"]
    assert {"a": "two\nlines\nand three", "b": "plain", "c": ""} == found.values["features"]
    assert 82 == found.values["http"]["port"]
    assert ["dotenv", f"{path}:9"] == found.origins["http.port"][0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A=1\nnonsense\n", ".env:2: expected NAME=value"),
        ("A='1\n2\n", ".env:1: the quotes of A are not closed"),
        ("\nA='1' 2\n", ".env:2: A: unexpected text after the closing quote"),
    ],
)
def test_a_malformed_dotenv_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / ".env").write_text(text)

    (problem,) = run(tmp_path, {"use": "dotenv", "path": ".env", "prefix": "A"}).problems

    assert message in problem["message"]


def test_files_are_secret_texts_named_by_keys(tmp_path: Path) -> None:
    directory = tmp_path / "secrets"
    (directory / "..2024").mkdir(parents=True)
    (directory / "..2024" / "db.url").write_text("sqlite:///x\n")
    (directory / "..data").symlink_to("..2024")
    (directory / "db.url").symlink_to("..data/db.url")
    (directory / "HTTP__PORT").write_text("83\n")
    (directory / "shop_name").write_text(" two\n\n")

    found = run(
        tmp_path,
        {"use": "files", "path": "secrets", "map": {"shop_name": "name"}},
        schema={**SCHEMA, "http.port": {"type": "int", "secret": False}},
    )

    assert [] == found.problems
    assert {"db": {"url": "sqlite:///x"}, "http": {"port": 83}, "name": " two\n"} == found.values
    assert ["db.url", "name"] == found.secrets
    assert [["files", f"{directory}/HTTP__PORT"]] == found.origins["http.port"]


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    directory = tmp_path / "s"
    directory.mkdir()
    (directory / "name").write_bytes(b"\xff\xfepl4nted")
    (directory / "db.pool").symlink_to("nowhere")
    (directory / ".db").write_text("hidden")

    found = run(tmp_path, {"use": "files", "path": "s"})

    assert [
        f"|{directory}/db.pool: no such file|files|",
        f"|{directory}/name: not UTF-8 at byte 0|files|",
    ] == messages(found)
    (problem,) = run(tmp_path, {"use": "files", "path": "gone"}).problems
    assert f"{tmp_path}/gone: No such file or directory" == problem["message"]
    assert [] == run(tmp_path, {"use": "files", "path": "gone", "optional": True}).problems


def test_credentials_are_read_where_systemd_gives_them(tmp_path: Path) -> None:
    directory = tmp_path / "c"
    directory.mkdir()
    (directory / "shop.db.url").write_text("sqlite:///x")
    (directory / "other").write_text("not ours")
    row = {"use": "credentials", "prefix": "shop."}

    found = run(tmp_path, row, environ={"CREDENTIALS_DIRECTORY": str(directory)})

    assert [] == found.problems
    assert "sqlite:///x" == found.values["db"]["url"]
    assert {"http": {"port": 8000}} == run(tmp_path, row).values
    (problem,) = run(tmp_path, row, environ={"CREDENTIALS_DIRECTORY": ""}).problems
    assert "set but empty" in problem["message"]


def test_the_release_file_lies_between_the_schema_and_the_providers(tmp_path: Path) -> None:
    (tmp_path / "release").mkdir()
    (tmp_path / "release" / "config.toml").write_text("[http]\nport = 1\n[db]\npool = 1\n")

    found = run(tmp_path, {"use": "env", "prefix": "S_"}, environ={"S_DB__POOL": "2"})

    assert {"http": {"port": 1}, "db": {"pool": 2}} == found.values
    place = f"{tmp_path}/release/config.toml"
    assert [["defaults", f"{place}:2"], ["defaults", "schema"]] == found.origins["http.port"]
    assert [["env", "$S_DB__POOL"], ["defaults", f"{place}:4"]] == found.origins["db.pool"]


def test_release_config_is_laid_over_everything_and_must_be_there(tmp_path: Path) -> None:
    path = tmp_path / "over.toml"
    path.write_text("[http]\nport = 9\n")
    env = {"S_HTTP__PORT": "2", "RELEASE_CONFIG": str(path)}

    found = run(tmp_path, {"use": "env", "prefix": "S_"}, environ=env)

    assert 9 == found.values["http"]["port"]
    assert ["RELEASE_CONFIG", f"{path}:2"] == found.origins["http.port"][0]
    os.unlink(path)
    (problem,) = run(tmp_path, environ=env).problems
    assert f"{path}: no such file" == problem["message"]
    (problem,) = run(tmp_path, environ={"RELEASE_CONFIG": ""}).problems
    assert "set but empty" in problem["message"]


def script(directory: Path, body: str) -> str:
    path = directory / "secrets.sh"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.process
def test_a_program_prints_the_settings_and_they_are_secret(tmp_path: Path) -> None:
    path = script(tmp_path, 'echo noise >&2; echo "{\\"db\\": {\\"pool\\": $1}}"')

    found = run(
        tmp_path,
        {"use": "exec", "command": [path, "${POOL}"]},
        environ={"POOL": "7", "PATH": "/bin"},
    )

    assert [] == found.problems
    assert 7 == found.values["db"]["pool"]
    assert ["db.pool"] == found.secrets
    assert [["exec", path]] == found.origins["db.pool"]


@pytest.mark.process
@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "echo it is sealed: $VAULT_TOKEN >&2; exit 3",
            ": ended with 3\n      it is sealed: *****",
        ),
        ("echo nonsense", " prints:1: not valid JSON: Expecting value"),
        ("echo []", " prints: expected an object, got list"),
        ("exec sleep 30", ": did not end within 0.5 s"),
    ],
)
def test_a_program_that_fails_is_named(tmp_path: Path, body: str, message: str) -> None:
    path = script(tmp_path, body)
    row = {"use": "exec", "command": [path], "timeout": 0.5}
    env = {"PATH": "/usr/bin:/bin", "VAULT_TOKEN": "pl4nted"}

    (problem,) = run(tmp_path, row, environ=env).problems

    assert f"{path}{message}" in problem["message"]
    assert "pl4nted" not in problem["message"]


def test_a_function_gets_the_context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shop_settings.py").write_text(
        "def load(context):\n"
        "    return {'db': {'pool': context.get('http.port') + len(context.environ)}}\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))

    found = run(tmp_path, {"use": "python", "call": "shop_settings:load"}, environ={"A": "1"})

    assert [] == found.problems
    assert 8001 == found.values["db"]["pool"]
    with pytest.raises(ValueError, match="has no callable 'laod'"):
        providers.init("python", {"call": "shop_settings:laod"})
    with pytest.raises(ValueError, match="command: expected words"):
        providers.init("exec", {"command": []})
