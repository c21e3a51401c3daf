"""The services of the manifest once the configuration is put in."""

from __future__ import annotations

from typing import Any

import pytest

from relforge.runtime.contract.content import filled
from relforge.runtime.errors import Refusal
from relforge.runtime.supervise import specs
from relforge.runtime.supervise.specs import Spec
from tests.runtime.conftest import MANIFEST, SERVICE


def read(services: dict[str, dict[str, Any]], **values: Any) -> list[Spec]:
    rows = {name: {**SERVICE, **row} for name, row in services.items()}
    return specs.read(filled({**MANIFEST, "services": rows}), values, "/srv/shop", "/srv/var")


@pytest.mark.parametrize(
    ("enabled", "there"),
    [(False, False), ("${on}", True), ("${off}", False), ("${word}", True), (True, True)],
)
def test_a_service_can_be_left_out_by_the_configuration(enabled: bool | str, there: bool) -> None:
    services: dict[str, Any] = {"a": {"enabled": enabled}, "b": {"depends": ["a"]}}
    found = {spec.name: spec for spec in read(services, on=True, off=False, word="Yes")}
    assert ({"a", "b"} if there else {"b"}) == set(found)
    assert (("a",) if there else ()) == found["b"].depends


def test_what_is_neither_true_nor_false_enables_nothing() -> None:
    with pytest.raises(Refusal, match=r"a\.enabled: '\${on}' is 'maybe', neither") as error:
        read({"a": {"enabled": "${on}"}}, on="maybe")
    assert 78 == error.value.code


@pytest.mark.parametrize("key", ["user", "group"])
def test_a_user_that_does_not_exist_is_refused_before_anything_starts(key: str) -> None:
    text = f"{key} = 'nobody-here': this host has none of that name"
    with pytest.raises(Refusal, match=text) as error:
        read({"a": {key: "nobody-here"}})
    assert 78 == error.value.code
