"""What an address is, for the build and for the supervisor."""

from __future__ import annotations

import pytest

from relforge.runtime.contract import address
from relforge.runtime.contract.wrong import Wrong
from relforge.runtime.errors import Refusal
from relforge.runtime.supervise import addresses

GOOD = [
    ("127.0.0.1:80", ("127.0.0.1", 80, "")),
    ("localhost:0", ("localhost", 0, "")),
    (":8000", ("0.0.0.0", 8000, "")),
    ("*:8000", ("0.0.0.0", 8000, "")),
    ("[::1]:65535", ("::1", 65535, "")),
    ("unix:web.sock", ("", 0, "web.sock")),
    ("unix:/run/a b.sock", ("", 0, "/run/a b.sock")),
]
WRONG = [
    ("no address at all", "is not an address"),
    ("127.0.0.1", "is not an address"),
    ("", "is not an address"),
    ("::1:80", "is not an address"),
    ("[]:80", "is not an address"),
    ("http://host:80", "is not an address"),
    ("unix:", "is not an address"),
    ("host :80", "is not an address"),
    ("host:80\n", "is not an address"),
    ("host:", "has no port after its last colon"),
    ("host:http", "has no port after its last colon"),
    ("host:-1", "has no port after its last colon"),
    ("host:٣", "has no port after its last colon"),
    ("host:99999", "a port is a number from 0 to 65535"),
    ("host:" + "9" * 5000, "a port is a number from 0 to 65535"),
    ("[*]:80", "is not an address"),
    ("unix:@name", "is an abstract socket"),
    ("unix:/run/", "is a directory"),
    ("unix:/run/x,user=me", "'user=me' is not an option of a Unix socket"),
    ("unix:/run/x,mode=999", "'mode=999' is not an option of a Unix socket"),
    ("unix:/run/x,mode=", "'mode=' is not an option of a Unix socket"),
    ("unix:/" + "x" * 107, "a Unix socket's path may have 107 bytes, this has 108"),
]


@pytest.mark.parametrize(("text", "expected"), GOOD)
def test_an_address_is_read(text: str, expected: tuple[str, int, str]) -> None:
    found = address.read(text)
    assert expected == (found.host, found.port, found.path)
    address.check(text)


@pytest.mark.parametrize(("text", "problem"), WRONG)
def test_what_is_not_an_address_is_refused_by_build_and_supervisor(text: str, problem: str) -> None:
    for check in (address.read, address.check):
        with pytest.raises(Wrong, match=problem.replace("(", r"\(")):
            check(text)
    with pytest.raises(Refusal, match=r"^services\.web\.listen\[0\]: ") as caught:
        addresses.read(text, "services.web.listen[0]", "/run/shop")
    assert problem in caught.value.message
    assert 78 == caught.value.code


@pytest.mark.parametrize(
    "text",
    [
        "${http.address}",
        "${http.host}:${http.port}",
        "[${http.host}]:80",
        "127.0.0.1:${http.port}",
        "127.0.0.1:80${http.instance}",
        "unix:${release.state}/web.sock",
        "${http.base}/web.sock",
    ],
)
def test_what_the_configuration_can_make_an_address_is_left_to_it(text: str) -> None:
    address.check(text)


@pytest.mark.parametrize(
    "text", ["host:${http.port}0x", "no ${address} at all", "[${http.host}:80"]
)
def test_what_no_value_makes_an_address_is_refused(text: str) -> None:
    with pytest.raises(Wrong, match="is not an address"):
        address.check(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${http.host}:80", ("${http.host}", 80)),
        ("[::1]:443", ("[::1]", 443)),
        (":0", ("", 0)),
        ("${http.host}:${http.port}", None),
        ("unix:/run/x:80", None),
        ("${address}", None),
    ],
)
def test_a_port_that_is_written_is_known_to_the_build(
    text: str, expected: tuple[str, int] | None
) -> None:
    assert expected == address.outright(text)


def test_a_dollar_that_is_not_a_reference_is_part_of_the_address() -> None:
    address.check("unix:/run/$${web}.sock")
    with pytest.raises(Wrong, match="a key and a }"):
        address.check("127.0.0.1:${http.port")


def test_a_unix_socket_may_have_a_mode_and_a_group() -> None:
    """O14: as socat has them."""
    found = address.read("unix:web.sock,mode=0660,group=www-data")
    assert ("web.sock", 0o660, "www-data") == (found.path, found.mode, found.group)
    found = address.read("unix:web.sock")
    assert (0o666, "") == (found.mode, found.group)
    address.check("unix:${socket},mode=0660")
