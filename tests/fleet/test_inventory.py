"""From the settings to an inventory and an artifact, and what is refused on the way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from relforge.fleet import deployment, playbook, printed
from relforge.fleet.inventory import inventory
from relforge.support.errors import Exit, UserError

SETTINGS = """\
[project]
name = "shop"
version = "1.4.0"

[tool.relforge]
python = { version = "3.12" }

[tool.relforge.deploy.prod]
hosts = ["web1", "web2"]
user = "deploy"
drain = { haproxy = "lb1", backend = "shop" }
migrate = ["migrate"]
config = "prod.toml"
credentials = { "db.url" = { env = "SHOP_DB_URL" }, "key" = { file = "key" } }
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    for name in ("prod.toml", "key"):
        (tmp_path / name).write_text("secret of the file\n")
    monkeypatch.setenv("SHOP_DB_URL", "postgresql://shop:hunter2@db/shop")
    return tmp_path


def test_hosts_balancers_and_variables(project: Path) -> None:
    groups = inventory(deployment.load(project, "prod"))
    assert {"web1": {}, "web2": {}} == groups["relforge"]["hosts"]
    balancers = groups["relforge_balancers"]
    assert ({"lb1": {}}, "deploy") == (balancers["hosts"], balancers["vars"]["ansible_user"])
    known = groups["relforge"]["vars"]
    assert ("deploy", "shop", "/srv/shop", "restart", ["migrate"]) == tuple(
        known[name]
        for name in (
            *("ansible_user", "relforge_name", "relforge_root", "relforge_mode"),
            "relforge_migrate",
        )
    )
    assert str(project / "prod.toml") == known["relforge_config"]


def test_no_secret_is_in_it(project: Path) -> None:
    text = json.dumps(inventory(deployment.load(project, "prod")))
    assert "hunter2" not in text
    assert "secret of the file" not in text
    assert "{{ lookup('ansible.builtin.env', 'SHOP_DB_URL') }}" in text


@pytest.mark.parametrize(
    ("name", "hosts", "message", "hint"),
    [
        ("prd", None, "prd: no such deployment: the settings have prod", "deploy.prd]"),
        ("prod", "web1,web9", "'web9' is not a host of prod", "its hosts: web1, web2"),
    ],
)
def test_what_the_settings_do_not_have(
    project: Path, name: str, hosts: str | None, message: str, hint: str
) -> None:
    with pytest.raises(UserError, match=message) as caught:
        deployment.load(project, name, hosts)
    assert hint in caught.value.hint
    assert Exit.USAGE == caught.value.code


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("prod.toml", r"deploy\.prod\.config: prod\.toml: no such file"),
        ("key", r'deploy\.prod\.credentials\."key": key: no such file'),
        ("SHOP_DB_URL", "the environment variable SHOP_DB_URL is not set"),
    ],
)
def test_what_is_missing_on_the_controller_is_named_first(
    project: Path, monkeypatch: pytest.MonkeyPatch, missing: str, message: str
) -> None:
    if missing.isupper():
        monkeypatch.delenv(missing)
    else:
        (project / missing).unlink()
    with pytest.raises(UserError, match=message):
        inventory(deployment.load(project, "prod"))


def test_the_artifact_is_the_one_of_the_version(project: Path) -> None:
    found = deployment.load(project, "prod")
    with pytest.raises(UserError, match=r"dist/shop-1\.4\.0-\*\.tar\.gz: no such file") as caught:
        deployment.artifact(found, None)
    assert "relforge release" == caught.value.hint
    (project / "dist").mkdir()
    made = project / "dist/shop-1.4.0-linux-x86_64-glibc2.36.tar.gz"
    made.touch()
    made.with_name("shop-1.3.0-linux-x86_64-glibc2.36.tar.gz").touch()
    assert made == deployment.artifact(found, None)
    assert "shop-1.3.0" in deployment.artifact(found, "1.3.0").name
    made.with_name("shop-1.4.0-linux-aarch64-glibc2.36.tar.gz").touch()
    with pytest.raises(UserError, match=r"several artifacts of shop 1\.4\.0"):
        deployment.artifact(found, None)


def test_what_is_printed_can_be_moved(project: Path, tmp_path: Path) -> None:
    directory = project / "ansible"
    written = printed.write(deployment.load(project, "prod"), directory)
    text = (directory / "inventory.yml").read_text()
    assert "relforge_config: '{{ inventory_dir }}/../prod.toml'" in text
    assert "inventory_dir ~ ''/../key''" in text
    assert str(tmp_path) not in text
    assert "relforge.deploy.deploy" in (directory / "deploy.yml").read_text()
    assert (directory / printed.COLLECTION / "galaxy.yml").is_file()
    assert directory / printed.COLLECTION in written
    with pytest.raises(UserError, match="it exists already"):
        printed.write(deployment.load(project, "prod"), directory)


def test_without_ansible_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(playbook, "find_spec", lambda _name: None)
    with pytest.raises(UserError, match="deploys need Ansible") as caught:
        playbook.check()
    assert "pip install 'relforge[deploy]'" == caught.value.hint
