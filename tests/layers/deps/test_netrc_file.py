"""S13: a resolver, and the backends that it asks, get the logins of its indexes alone."""

from __future__ import annotations

import netrc
import os
from pathlib import Path

import pytest

from relforge.layers.deps import netrc_file
from relforge.layers.deps.package_sources import PackageSources
from relforge.model.spec import Index

OWN = """\
machine pkgs.corp.example login me password index
machine files.corp.example login me password files
machine example login me password top
machine github.com login me password github
machine mail.example login me password "a b"
"""
PLACES = PackageSources(
    indexes=(Index(name="", url="https://pkgs.corp.example/simple"),),
    logins={"https://other.example/simple": ("a", "b")},
)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "own"
    path.write_text(OWN)
    monkeypatch.setenv("NETRC", str(path))
    return path


def written(directory: Path, places: PackageSources, requirements: str = "") -> dict[str, str]:
    """The password of each host."""
    path = directory / "netrc"
    assert {"NETRC": str(path)} == netrc_file.write(path, places, requirements)
    assert 0o600 == path.stat().st_mode & 0o777
    return {host: row[2] for host, row in netrc.netrc(path).hosts.items()}


def test_logins_of_other_hosts_stay_with_the_user(own: Path, tmp_path: Path) -> None:
    assert {"pkgs.corp.example": "index", "files.corp.example": "files"} == written(
        tmp_path, PLACES
    )
    assert OWN == own.read_text()


def test_an_address_that_is_asked_for_is_meant(own: Path, tmp_path: Path) -> None:
    asked = "x @ https://github.com/x/y.zip\ny @ git+https://mail.example/y.git\n"
    found = written(tmp_path, PLACES, asked)
    assert ("github", "a b") == (found["github.com"], found["mail.example"])


def test_the_login_of_an_index_counts_before_the_users_own(own: Path, tmp_path: Path) -> None:
    places = PackageSources(
        indexes=PLACES.indexes, logins={PLACES.indexes[0].url: ("bot", "p%40ss")}
    )
    assert "p@ss" == written(tmp_path, places)["pkgs.corp.example"]


def test_without_any_login_there_is_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NETRC", str(tmp_path / "missing"))
    assert {} == netrc_file.write(tmp_path / "netrc", PLACES, "")
    assert [] == os.listdir(tmp_path)


def test_a_password_is_one_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETRC", str(tmp_path / "missing"))
    odd = 'a "b" \\ #c'
    places = PackageSources(
        indexes=PLACES.indexes, logins={PLACES.indexes[0].url: ("u", odd.replace(" ", "%20"))}
    )
    assert {"pkgs.corp.example": odd} == written(tmp_path, places)
