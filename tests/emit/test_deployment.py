"""What the settings say about running the release, before anything is built."""

from __future__ import annotations

from pathlib import Path

import pytest

from relforge.support.errors import UserError
from tests.emit.project import described, settings

LISTEN = 'listen = ["${http.host}:${http.port}"]'


def test_the_applications_address_comes_first_with_the_defaults(tmp_path: Path) -> None:
    found = described(settings(tmp_path))
    (web,) = found.endpoints
    assert ("web", "127.0.0.1", 8000) == (web.service, web.host, web.port)
    assert web.is_private
    assert {"SHOP_HTTP__HOST": "0.0.0.0"} == found.opening
    assert "PORT" == web.port_variable
    assert () == found.unreachable


def test_times_are_those_of_the_slowest_service(tmp_path: Path) -> None:
    found = described(settings(tmp_path))
    assert 60 + 3 + 5 == found.grace  # the worker's drain from the configuration, kill_after
    assert 60 == found.ready


def test_variables_that_somebody_has_to_set(tmp_path: Path) -> None:
    first, second = described(settings(tmp_path)).variables
    assert ("DATABASE_URL", "db.url: the database", True) == (
        first.name,
        first.about,
        first.required,
    )
    assert ("SHOP_MAIL__PASSWORD", "mail.password", False) == (
        second.name,
        second.about,
        second.required,
    )


def test_health_is_the_path_of_the_page(tmp_path: Path) -> None:
    assert "/readyz" == described(settings(tmp_path)).health


@pytest.mark.parametrize(
    ("probe", "path"),
    [
        ('{ http = "http://127.0.0.1:8000" }', ""),
        ('{ http = "http://127.0.0.1:8000/a/b?c=1" }', "/a/b"),
        ('{ tcp = "127.0.0.1:8000" }', ""),
        ('{ exec = ["true"] }', ""),
    ],
)
def test_other_probes(tmp_path: Path, probe: str, path: str) -> None:
    change = ('{ http = "http://127.0.0.1:${http.port}/readyz" }', probe)
    assert path == described(settings(tmp_path, change)).health


def test_a_value_of_the_command_line_wins(tmp_path: Path) -> None:
    found = described(settings(tmp_path), values={"http.port": "9000", "http.host": "10.0.0.1"})
    assert ("10.0.0.1", 9000) == (found.endpoints[0].host, found.endpoints[0].port)
    assert {} == found.opening


def test_an_unknown_key_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UserError) as raised:
        described(settings(tmp_path), values={"http.prot": "1"})
    assert "--set http.prot" in raised.value.message
    assert "http.port" in raised.value.hint


def test_a_key_without_a_default(tmp_path: Path) -> None:
    found = settings(tmp_path, ('{ type = "int", default = 8000 }', '{ type = "int" }'))
    with pytest.raises(UserError) as raised:
        described(found)
    assert "services.web.listen[0]" in raised.value.message
    assert "http.port" in raised.value.message
    assert "--set http.port=VALUE" in raised.value.hint


@pytest.mark.parametrize("value", ["0", "80000", "none"])
def test_a_port_that_is_not_one(tmp_path: Path, value: str) -> None:
    with pytest.raises(UserError, match=r"services.web.listen\[0\]"):
        described(settings(tmp_path), values={"http.port": value})


def test_an_address_without_a_variable_cannot_be_opened(tmp_path: Path) -> None:
    found = described(settings(tmp_path, (LISTEN, 'listen = ["127.0.0.1:8000"]')))
    assert ("web",) == found.unreachable
    assert {} == found.opening
    everywhere = described(settings(tmp_path, (LISTEN, 'listen = ["*:8000"]')))
    assert () == everywhere.unreachable


def test_a_unix_socket_is_below_the_run_directory(tmp_path: Path) -> None:
    found = described(settings(tmp_path, (LISTEN, 'listen = ["unix:web.sock"]')))
    assert "/run/shop/web.sock" == found.endpoints[0].path
    assert ("web",) == found.unreachable


def test_a_service_that_is_switched_off_listens_nowhere(tmp_path: Path) -> None:
    found = described(settings(tmp_path, (LISTEN, f"{LISTEN}\nenabled = false")))
    assert () == found.endpoints


def test_the_command_that_migrates(tmp_path: Path) -> None:
    found = settings(tmp_path)
    assert "migrate" == described(found).migrate
    assert "init-db" == described(found, migrate="init-db").migrate
    with pytest.raises(UserError) as raised:
        described(found, migrate="migrat")
    assert "migrate, init-db" in raised.value.hint


def test_what_a_deployment_of_that_name_says(tmp_path: Path) -> None:
    rows = (
        '[tool.relforge.deploy.prod]\nhosts = ["web1", "web2"]\nroot = "/opt/shop"\nrun_as = "www"'
    )
    change = ("[tool.relforge.upgrade]", f'{rows}\nmigrate = ["init-db"]\n[tool.relforge.upgrade]')
    found = settings(tmp_path, change)
    made = described(found)
    assert (("web1", "web2"), "/opt/shop", "www") == (made.hosts, made.root, made.user)
    assert "init-db" == made.migrate
    assert ("web9",) == described(found, hosts=("web9",)).hosts


def test_the_user_is_a_name_that_useradd_takes(tmp_path: Path) -> None:
    found = settings(tmp_path, ("[tool.relforge]\n", '[tool.relforge]\nname = "My_Shop"\n'))
    assert "my_shop" == described(found).user
    assert "my_shop:1.4.0" == described(found).image
