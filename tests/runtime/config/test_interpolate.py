from __future__ import annotations

import pytest

from relforge.runtime.config.interpolate import expand
from relforge.runtime.errors import CONFIG, Refusal

VALUES = {
    "http": {"host": "::1", "port": 80, "wait": 20.0, "tls": True, "tags": ["a"], "none": None},
    "hosts": {"example.com": "x"},
    "trap": "${http.port}",
}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("[${http.host}]:${http.port}", "[::1]:80"),
        ("--wait=${http.wait} ${http.tls}", "--wait=20 true"),
        ("${hosts.example.com}", "x"),
        ("$${http.port} $HOME {}", "${http.port} $HOME {}"),
        ("${trap}", "${http.port}"),
        ("", ""),
    ],
)
def test_keys_are_replaced_once(text: str, wanted: str) -> None:
    assert wanted == expand(text, VALUES, "services.web.listen[0]")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${http.prot}", "did you mean http.port?"),
        ("${http.none}", "is not set"),
        ("${http}", "is a table"),
        ("${http.tags}", "is a list"),
        ("${http.port", "without a key and a }"),
        ("${}", "without a key and a }"),
    ],
)
def test_what_cannot_be_replaced_names_the_place(text: str, message: str) -> None:
    with pytest.raises(Refusal) as caught:
        expand(text, VALUES, "services.web.listen[0]")

    assert caught.value.message.startswith("services.web.listen[0]: ")
    assert message in caught.value.message
    assert CONFIG == caught.value.code
