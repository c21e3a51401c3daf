from __future__ import annotations

import copy
import pickle

import pytest

from relforge.runtime.config.secret import MASK, Scrubber, Secret, display, mask


def test_a_secret_is_its_text_and_shows_nothing() -> None:
    secret = Secret("hunter2")

    assert "hunter2" not in repr({"a": [secret]})
    assert "x-hunter2" == f"x-{secret}"
    assert isinstance(secret, str)
    assert str is type(secret.reveal())
    for twin in (copy.deepcopy(secret), pickle.loads(pickle.dumps(secret))):
        assert "hunter2" == twin
        assert "hunter2" not in repr(twin)


@pytest.mark.parametrize(
    "text",
    [
        "postgres://user:pl4nted@host/db",
        "postgres://user:p@s/pl4nted@host:5432/db",
        "redis://:pl4nted@host",
        "http://host/?a=1&password=pl4nted&b=2",
        "http://host/?api_key=pl4nted",
        "host=db password=pl4nted user=x",
        "x postgres://u:pl4nted@h/a and amqp://v:pl4nted@h",
    ],
)
def test_passwords_in_addresses_are_masked(text: str) -> None:
    assert "pl4nted" not in mask(text)
    assert MASK in mask(text)


@pytest.mark.parametrize(
    "text", ["http://host:80/a@b", "https://example.com/x", "a:b@c", "user@example.com", ""]
)
def test_other_texts_stay(text: str) -> None:
    assert text == mask(text)


def test_a_secret_is_found_in_every_way_of_writing_it() -> None:
    value = 'it\'s "pl4nted"\nand-a-second-line'
    scrubber = Scrubber({"VAULT_TOKEN": "tok3n", "PWD": "/srv", "SECRET_FILE": "/etc/s"})
    scrubber.add({"a": [value], "b": 1234567, "c": True})

    for text in (value, repr(value), f"{value!r}", display(value), "only and-a-second-line"):
        assert "pl4nted" not in scrubber.clean(text)
        assert "second" not in scrubber.clean(text)
    assert f"{MASK} 9 {MASK}" == scrubber.clean("tok3n 9 1234567")
    assert "/srv /etc/s true True" == scrubber.clean("/srv /etc/s true True")


def test_a_secret_is_found_where_an_address_has_it_quoted() -> None:
    scrubber = Scrubber({"DB_PASSWORD": "p@ss/w rd\n"})

    assert f"user={MASK}" == scrubber.clean("user=p%40ss%2Fw%20rd")


def test_a_short_secret_is_masked_as_a_word_only() -> None:
    scrubber = Scrubber({"X_TOKEN": "7"})

    assert f"port 70, pin {MASK}" == scrubber.clean("port 70, pin 7")
