"""Credentials are masked in whatever form a text holds them."""

from __future__ import annotations

import pytest

from relforge.support import masking


@pytest.fixture(autouse=True)
def _forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "_known", set())


def test_what_is_remembered_is_masked_as_it_is_and_quoted_for_a_url() -> None:
    masking.remember("p@ss/word")
    assert "**** and ****" == masking.mask("p@ss/word and p%40ss%2Fword")


def test_a_password_that_would_be_found_in_every_other_word_is_not() -> None:
    masking.remember("abc")
    assert "abcdef" == masking.mask("abcdef")


def test_a_login_in_an_address_is_masked_though_nobody_knows_it() -> None:
    text = "git+ssh://git@host/a, https://bob:s3cret@host/a"
    assert "git+ssh://git@host/a, https://****@host/a" == masking.mask(text)
    assert "https://host/a" == masking.bare("https://bob:s3cret@host/a")
