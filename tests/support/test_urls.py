"""Addresses that somebody wrote, and that urllib.parse does not take apart."""

from __future__ import annotations

import pytest

from relforge.layers.deps import index_pages
from relforge.support.errors import UserError
from relforge.support.urls import split_url


@pytest.mark.parametrize(
    "text",
    ["https://[example.org/x", "https://example.org]/x", "https://e.org:80a/", "http://[x]/"],
)
def test_what_is_not_an_address(text: str) -> None:
    with pytest.raises(UserError) as raised:
        split_url(text, "requirements.txt:3")
    assert raised.value.message.startswith(f"requirements.txt:3: {text}: ")
    with pytest.raises(UserError) as raised:
        split_url(text)
    assert raised.value.message.startswith(f"{text}: ")


def test_parts() -> None:
    found = split_url("https://[::1]:8080/a/b?c=d#e")
    assert ("::1", 8080, "/a/b") == (found.hostname, found.port, found.path)


def test_a_page_of_an_index_with_a_broken_link_keeps_the_others() -> None:
    page = b'<a href="https://[x/a-1.0.tar.gz">no</a><a href="b-1.0.tar.gz">yes</a>'
    assert ["b-1.0.tar.gz"] == [
        row.name for row in index_pages._of_html(page, "https://example.org/simple/b/")
    ]
