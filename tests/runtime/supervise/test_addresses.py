"""Where services listen, before anything is opened."""

from __future__ import annotations

import socket

import pytest

from relforge.runtime.errors import Refusal
from relforge.runtime.supervise import addresses
from relforge.runtime.supervise.specs import Spec
from tests.runtime.conftest import SERVICE

pytestmark = pytest.mark.network


@pytest.mark.parametrize(
    ("text", "family", "shown"),
    [
        ("127.0.0.1:80", socket.AF_INET, "127.0.0.1:80"),
        (":80", socket.AF_INET, "0.0.0.0:80"),
        ("[::1]:80", socket.AF_INET6, "[::1]:80"),
        ("unix:web.sock", socket.AF_UNIX, "unix:/run/shop/web.sock"),
        ("unix:/srv/web.sock", socket.AF_UNIX, "unix:/srv/web.sock"),
    ],
)
def test_an_address_is_shown_as_its_socket_would_be(
    text: str, family: socket.AddressFamily, shown: str
) -> None:
    address = addresses.read(text, "services.web.listen[0]", "/run/shop")
    assert (family, shown) == (address.family, str(address))


def test_a_name_that_does_not_resolve_is_78_and_named() -> None:
    with pytest.raises(
        Refusal, match=r"^services\.web\.listen\[1\]: no\.such\.invalid:80: "
    ) as error:
        addresses.read("no.such.invalid:80", "services.web.listen[1]", "/run/shop")
    assert 78 == error.value.code


def test_places_are_what_a_socket_unit_says() -> None:
    web = Spec.of({**SERVICE, "listen": ["127.0.0.1:80", "unix:web.sock"]}, name="web")
    api = Spec.of({**SERVICE, "listen": ["[::1]:81"]}, name="api")
    rows = addresses.every([web, api], "/run/shop")
    assert ["127.0.0.1:80", "/run/shop/web.sock", "[::1]:81"] == addresses.texts(rows)
