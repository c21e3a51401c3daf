"""``[tool.relforge.deploy.<name>]``: hosts, and how a version takes over there."""

from __future__ import annotations

from pathlib import Path

import pytest

from relforge.model.deploy import Deploy
from relforge.project import pyproject, settings
from relforge.support.errors import SettingsError

HEAD = """\
[project]
name = "shop"
[tool.relforge]
python = { version = "3.12" }
[tool.relforge.deploy.prod]
"""
HOSTS = 'hosts = ["web1", "web2"]\n'


def read(folder: Path, lines: str) -> Deploy:
    (folder / "pyproject.toml").write_text(f"{HEAD}{lines}\n")
    found = pyproject.load(folder)
    merged = settings.lay(found.settings, "prod")
    typed, _ = settings.read(found, merged, "prod", version="1.0", lock=None)
    (deploy,) = typed.deploys
    return deploy


def test_hosts_are_enough(tmp_path: Path) -> None:
    deploy = read(tmp_path, HOSTS)
    assert ("prod", ("web1", "web2"), "restart", (1,), {}) == (
        deploy.name,
        deploy.hosts,
        deploy.mode,
        deploy.serial,
        deploy.drain,
    )


@pytest.mark.parametrize(
    ("line", "key", "value"),
    [
        ("serial = 2", "serial", (2,)),
        ('serial = [1, "30%", "100%"]', "serial", (1, "30%", "100%")),
        ('drain = { readiness = "6s" }', "drain", {"readiness": 6.0}),
        ('drain = { haproxy = ["a", "b"] }', "drain", {"haproxy": ("a", "b")}),
        ('migrate = ["manage", "migrate"]', "migrate", ("manage", "migrate")),
        ('migrate = "migrate"', "migrate", ("migrate",)),
        ('migrate = "manage migrate --plan"', "migrate", ("manage", "migrate", "--plan")),
        ('credentials = { "db.url" = { env = "X" } }', "credentials", {"db.url": {"env": "X"}}),
    ],
)
def test_what_may_be_written(tmp_path: Path, line: str, key: str, value: object) -> None:
    assert value == getattr(read(tmp_path, HOSTS + line), key)


@pytest.mark.parametrize(
    ("lines", "message", "hint"),
    [
        ("", r"deploy\.prod\.hosts: expected the hosts", ""),
        ('hosts = ["a", "a"]', r"hosts\[1\]: 'a' occurs twice", ""),
        ('hosts = ["-oProxyCommand=x"]', r"hosts\[0\]: .* is not the name of a host", ""),
        (f"{HOSTS}serail = 1", r"deploy\.prod\.serail: unknown key", "did you mean `serial`?"),
        (f"{HOSTS}serial = 0", r"serial: expected a number of hosts", ""),
        (f'{HOSTS}serial = ["130%"]', r"serial: expected a number of hosts", ""),
        (f'{HOSTS}mode = "reboot"', '\'reboot\' is none of "restart", "upgrade"', ""),
        (f'{HOSTS}drain = {{ nginx = "lb" }}', "drain: expected one of haproxy, readiness", ""),
        (
            f'{HOSTS}drain = {{ haproxy = "lb", bakend = "x" }}',
            r"drain\.bakend: unknown key",
            "did you mean `backend`?",
        ),
        (f'{HOSTS}drain = {{ command = ["x"] }}', r"drain\.undrain: is required", ""),
        (
            f'{HOSTS}credentials = {{ "db.url" = "postgresql://u:p@db/x" }}',
            r'credentials\."db\.url": expected one of env, file, command',
            "such as",
        ),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, lines: str, message: str, hint: str) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        read(tmp_path, lines)
    assert hint in caught.value.hint
    assert "u:p@" not in str(caught.value)
