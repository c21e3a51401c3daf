"""The files of each target, in memory; `test_programs` has their own programs read them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from relforge.emit.render import MARK, word
from relforge.emit.targets import TARGETS
from relforge.support.errors import UserError
from tests.emit.project import emitted, settings

LISTEN = 'listen = ["${http.host}:${http.port}"]'


def only(target: str, directory: Path, *changes: tuple[str, str], **chosen: str) -> str:
    (file,) = emitted(target, settings(directory, *changes), **chosen).files
    return file.text


@pytest.mark.parametrize("target", TARGETS)
def test_every_file_says_who_wrote_it_and_names_no_secret(target: str, tmp_path: Path) -> None:
    made = emitted(target, settings(tmp_path))
    for file in made.files:
        assert MARK in file.text[:200], file.path
        assert "{{ d." not in file.text
        assert file.text.endswith("\n") and not file.text.endswith("\n\n")
    assert made.next


@pytest.mark.parametrize("target", ["nginx", "haproxy", "caddy"])
def test_a_proxy_needs_something_that_listens(target: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as raised:
        emitted(target, settings(tmp_path, (LISTEN, f"{LISTEN}\nenabled = false")))
    assert f"{target}: no service of shop listens" in raised.value.message
    assert "listen = " in raised.value.hint


def test_hosts_of_a_proxy(tmp_path: Path) -> None:
    found = settings(tmp_path)
    made = emitted("haproxy", found, hosts=("web1.example.org", "web2.example.org"))
    (file,) = made.files
    assert "    server web1 web1.example.org:8000\n" in file.text
    assert "    server web2 web2.example.org:8000\n" in file.text
    assert "web listens on 127.0.0.1" in made.notes[0]
    numbered = emitted("haproxy", found, hosts=("10.0.0.1", "fd00::2")).files[0].text
    assert "    server shop1 10.0.0.1:8000\n" in numbered
    assert "    server shop2 [fd00::2]:8000\n" in numbered


def test_a_unix_socket_for_each_proxy(tmp_path: Path) -> None:
    change = (LISTEN, 'listen = ["unix:/run/shop/web.sock"]')
    assert "server unix:/run/shop/web.sock;" in only("nginx", tmp_path, change)
    assert "unix@/run/shop/web.sock" in only("haproxy", tmp_path, change)
    assert "reverse_proxy unix//run/shop/web.sock {" in only("caddy", tmp_path, change)
    with pytest.raises(UserError, match="Unix socket"):
        emitted("nginx", settings(tmp_path, change), hosts=("web1",))


def test_containers_open_the_address_and_wait_for_the_drain(tmp_path: Path) -> None:
    (manifest, _) = emitted("k8s", settings(tmp_path)).files
    deployment, service = yaml.safe_load_all(manifest.text)
    pod = deployment["spec"]["template"]["spec"]
    assert 68 + 10 == pod["terminationGracePeriodSeconds"]
    (container,) = pod["containers"]
    assert [{"name": "SHOP_HTTP__HOST", "value": "0.0.0.0"}] == container["env"]
    assert "/readyz" == container["readinessProbe"]["httpGet"]["path"]
    assert 8000 == service["spec"]["ports"][0]["targetPort"]

    compose = yaml.safe_load(only("compose", tmp_path))
    web = compose["services"]["shop"]
    assert "68s" == web["stop_grace_period"]
    assert "${DATABASE_URL:?set it in .env}" == web["environment"]["DATABASE_URL"]
    assert web["environment"]["SHOP_MAIL__PASSWORD"] is None  # unset and empty are different
    assert {"migrate": {"condition": "service_completed_successfully"}} == web["depends_on"]


def test_a_container_that_nothing_reaches_is_a_note(tmp_path: Path) -> None:
    change = (LISTEN, 'listen = ["127.0.0.1:8000"]')
    for target in ("dockerfile", "compose", "k8s", "nomad", "heroku"):
        assert (
            "web listens where nothing outside"
            in emitted(target, settings(tmp_path, change)).notes[0]
        )


def test_without_a_migration_there_is_none(tmp_path: Path) -> None:
    change = ("[tool.relforge.commands.migrate]", "[tool.relforge.commands.other]")
    found = settings(tmp_path, change)
    assert ["shop.yaml"] == [row.path for row in emitted("k8s", found).files]
    for target in TARGETS:
        for file in emitted(target, found).files:
            assert "migrate" not in file.text, target
        assert not [line for line in emitted(target, found).next if "migrate" in line]


def test_a_service_without_an_address_is_a_worker(tmp_path: Path) -> None:
    found = settings(tmp_path, (LISTEN, f"{LISTEN}\nenabled = false"))
    assert "worker: ./bin/shop foreground" in emitted("procfile", found).files[0].text
    assert '"worker": "bin/shop foreground"' in emitted("heroku", found).files[0].text
    (manifest, _) = emitted("k8s", found).files
    (deployment,) = yaml.safe_load_all(manifest.text)
    assert "ports" not in deployment["spec"]["template"]["spec"]["containers"][0]


def test_a_missing_health_check_is_a_note(tmp_path: Path) -> None:
    text = 'health = { http = "http://127.0.0.1:${http.port}/readyz" }'
    found = settings(tmp_path, (text, ""))
    for target in ("haproxy", "caddy", "k8s"):
        (note,) = emitted(target, found).notes
        assert "tool.relforge.upgrade.health" in note
    assert "httpchk" not in emitted("haproxy", found).files[0].text


def test_the_port_of_heroku(tmp_path: Path) -> None:
    assert 1 == len(emitted("heroku", settings(tmp_path)).notes)  # the host alone
    found = settings(tmp_path, (', PORT = "http.port"', ""))
    assert "$PORT" in emitted("heroku", found).notes[1]


def test_the_unit_is_the_one_of_the_release(tmp_path: Path) -> None:
    text = only("systemd", tmp_path)
    assert text.startswith("# Written by `units` of shop; level standard.\n[Unit]\n")
    assert 'ExecStart="/srv/shop/current/bin/shop" foreground\n' in text
    assert "User=shop\n" in text


def test_words_are_labels() -> None:
    assert "my-shop" == word("My_Shop.")
    assert 63 == len(word("x" * 80))
