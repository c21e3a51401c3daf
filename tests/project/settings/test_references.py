"""``${key}`` in what is run: a key of the schema, where the project has one."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import tomli

from relforge.project import settings
from relforge.project.settings.references import check_references
from relforge.runtime.contract.hook import Hook
from relforge.runtime.contract.service import Service
from relforge.support.errors import SettingsError
from tests import builder

SCHEMA = {"http.port": {"type": "int"}, "http.host": {"type": "str"}}


def web(listen: str = "127.0.0.1:0", **env: str) -> Service:
    return Service(name="web", kind="app", target="shop.web:app", listen=(listen,), env=env)


def check(services: tuple[Service, ...] = (), hooks: tuple[Hook, ...] = ()) -> None:
    check_references(builder.settings(services=services, hooks=hooks), SCHEMA)


def test_keys_of_the_schema_are_accepted() -> None:
    check((web("${http.host}:${http.port}", A="$${literal} $HOME"),))


def test_a_misspelt_key_is_refused_with_a_suggestion() -> None:
    with pytest.raises(SettingsError) as caught:
        check((web("${http.host}:${http.prot}"),))
    assert "tool.relforge.services.web.listen[0]: ${http.prot} is not in" in caught.value.message
    assert "did you mean `${http.port}`?" == caught.value.hint


def test_the_words_of_a_program_are_looked_at_too() -> None:  # P43
    nginx = Service(name="nginx", kind="exec", target=("nginx", "-p", "${nginx.root}"))
    with pytest.raises(SettingsError, match=r"services\.nginx\.exec\[2\]"):
        check((nginx,))


def test_the_words_of_a_hook_are_looked_at_too() -> None:
    with pytest.raises(SettingsError, match=r"hooks\.post_start\.exec\[1\]"):
        check(hooks=(Hook(name="post_start", exec=("tell", "${http.prt}")),))


BASE = """
[python]
version = "3.12"
[config.schema]
"http.port" = { type = "int", default = 80 }
[services.worker]
run = "a:b"
[services.nginx]
exec = ["nginx"]
ready = "started"
[commands.go]
exec = ["go"]
[hooks]
pre_stop = { exec = ["tell"] }
"""


def read(**changes: Any) -> None:
    """The base with one value more: ``read(services={"worker": {"cwd": "x"}})``."""
    table: dict[str, Any] = tomli.loads(dedent(BASE))
    for name, rows in changes.items():
        if name == "strict":
            table["config"]["strict"] = rows
            continue
        for row, values in rows.items():
            table.setdefault(name, {}).setdefault(row, {}).update(values)
    merged = settings.lay(table, "prod")
    settings.read(builder.project(Path("/project")), merged, "prod", version="1", lock=None)


PLACES: list[tuple[str, Any]] = [
    ("services.worker.args[0]", {"services": {"worker": {"args": ["{}"]}}}),
    ("services.worker.cwd", {"services": {"worker": {"cwd": "{}"}}}),
    ("services.worker.env.A", {"services": {"worker": {"env": {"A": "{}"}}}}),
    ("services.worker.listen[0]", {"services": {"worker": {"listen": ["h:{}"]}}}),
    ("services.worker.enabled", {"services": {"worker": {"enabled": "{}"}}}),
    ("services.nginx.exec[1]", {"services": {"nginx": {"exec": ["nginx", "{}"]}}}),
    ("services.nginx.ready.tcp", {"services": {"nginx": {"ready": {"tcp": "h:{}"}}}}),
    ("services.nginx.ready.exec[1]", {"services": {"nginx": {"ready": {"exec": ["a", "{}"]}}}}),
    ("commands.go.exec[0]", {"commands": {"go": {"exec": ["{}"]}}}),
    ("commands.go.env.A", {"commands": {"go": {"env": {"A": "{}"}}}}),
    ("commands.go.cwd", {"commands": {"go": {"cwd": "{}"}}}),
    ("hooks.pre_stop.exec[1]", {"hooks": {"pre_stop": {"exec": ["tell", "{}"]}}}),
    ("hooks.pre_stop.env.A", {"hooks": {"pre_stop": {"env": {"A": "{}"}}}}),
    ("hooks.pre_stop.cwd", {"hooks": {"pre_stop": {"cwd": "{}"}}}),
    ("upgrade.health.tcp", {"upgrade": {"health": {"tcp": "h:{}"}}}),
]


def put(value: Any, text: str) -> Any:
    if isinstance(value, dict):
        return {name: put(row, text) for name, row in value.items()}
    if isinstance(value, list):
        return [put(row, text) for row in value]
    return value.replace("{}", text)


@pytest.mark.parametrize(("place", "changes"), PLACES)
def test_one_rule_holds_wherever_a_key_can_be(place: str, changes: dict[str, Any]) -> None:
    refused = {
        "${http.prot}": ("${http.prot} is not in tool.relforge.config.schema", "`${http.port}`"),
        "${release.rot}": ("${release.rot} is not a directory of a release", "`${release.root}`"),
        "${http.port": ("a ${ without a key and a }", "write $${"),
    }
    for text, (said, hint) in refused.items():
        with pytest.raises(SettingsError) as caught:
            read(**put(changes, text))
        assert caught.value.message.startswith(f"tool.relforge.{place}: ")
        assert said in caught.value.message
        assert hint in caught.value.hint
    read(**put(changes, "${http.port}"))
    read(**put(changes, "${http.prot}"), strict=False)


def test_the_directories_of_a_release_need_no_schema() -> None:
    read(
        services={"worker": {"cwd": "${release.app}/x", "listen": ["unix:${release.state}/s"]}},
        commands={"go": {"env": {"ROOT": "${release.root}"}}},
    )


def test_a_key_of_the_schema_may_be_called_as_a_directory_is() -> None:
    read(
        config={"schema": {"release.channel": {"type": "str", "default": "beta"}}},
        services={"worker": {"args": ["${release.channel}", "${release.root}"]}},
    )
