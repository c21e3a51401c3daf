"""``${key}`` in a service: a key of the schema, where the project has one."""

from __future__ import annotations

import pytest

from relforge.errors import SettingsError
from relforge.release import Service
from relforge.settings.services import check_references

SCHEMA = {"http.port": {"type": "int"}, "http.host": {"type": "str"}}


def web(listen: str = "127.0.0.1:0", **env: str) -> Service:
    return Service(name="web", kind="app", target="shop.web:app", listen=(listen,), env=env)


def test_keys_of_the_schema_are_accepted() -> None:
    check_references((web("${http.host}:${http.port}", A="$${literal} $HOME"),), SCHEMA)


def test_a_misspelt_key_is_refused_with_a_suggestion() -> None:
    with pytest.raises(SettingsError) as caught:
        check_references((web("${http.host}:${http.prot}"),), SCHEMA)
    assert "tool.relforge.services.web.listen[0]: ${http.prot} is not in" in caught.value.message
    assert "did you mean `${http.port}`?" == caught.value.hint


def test_the_words_of_a_program_are_looked_at_too() -> None:
    nginx = Service(name="nginx", kind="exec", target=("nginx", "-p", "${nginx.root}"))
    with pytest.raises(SettingsError, match=r"services\.nginx\.exec\[2\]"):
        check_references((nginx,), SCHEMA)
