"""``${key}`` in a service: a key of the schema, where the project has one."""

from __future__ import annotations

import pytest

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


def test_the_words_of_a_program_are_looked_at_too() -> None:
    nginx = Service(name="nginx", kind="exec", target=("nginx", "-p", "${nginx.root}"))
    with pytest.raises(SettingsError, match=r"services\.nginx\.exec\[2\]"):
        check((nginx,))


def test_the_words_of_a_hook_are_looked_at_too() -> None:
    with pytest.raises(SettingsError, match=r"hooks\.post_start\.exec\[1\]"):
        check(hooks=(Hook(name="post_start", exec=("tell", "${http.prt}")),))
