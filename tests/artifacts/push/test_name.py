"""REGISTRY/REPOSITORY:TAG."""

from __future__ import annotations

import pytest

from relforge.artifacts.push import name
from relforge.support.errors import UserError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("registry.example.org/shop:1.0", ("registry.example.org", "shop", "1.0")),
        ("registry.example.org/team/shop", ("registry.example.org", "team/shop", "1.4.0-x")),
        ("localhost/shop", ("localhost", "shop", "1.4.0-x")),
        ("localhost:5000/shop:a", ("localhost:5000", "shop", "a")),
        ("[::1]:5000/shop:a", ("[::1]:5000", "shop", "a")),
    ],
)
def test_names(text: str, expected: tuple[str, str, str]) -> None:
    found = name.read(text, "1.4.0+x")
    assert expected == (found.registry, found.repository, found.tag)


@pytest.mark.parametrize(
    "text",
    [
        *("shop", "team/shop:1", "registry.example.org/", "registry.example.org/Shop"),
        *("registry.example.org/a//b", "registry.example.org/shop:-x", "r.example.org/shop:a b"),
        *("registry.example.org/shop@sha256:00", "https://registry.example.org/shop"),
    ],
)
def test_what_is_not_a_name(text: str) -> None:
    with pytest.raises(UserError) as raised:
        name.read(text, "1.0")
    assert raised.value.message.startswith(f"{text}: ")
    assert "REGISTRY/REPOSITORY:TAG" in raised.value.hint


@pytest.mark.parametrize(
    ("registry", "local"),
    [
        *(("localhost", True), ("127.0.0.1:5000", True), ("[::1]:5000", True)),
        *(("localhost.example.org", False), ("127.0.0.1.example.org", False), ("10.0.0.1", False)),
    ],
)
def test_loopback_alone_is_asked_without_a_certificate(registry: str, local: bool) -> None:
    assert local is name.read(f"{registry}/shop:1", "").is_local
