"""Whose login an address gets: its own index's, and nobody else's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from relforge.layers.deps import credentials
from relforge.layers.deps.package_sources import PackageSources, places
from relforge.model.spec import PackageSettings


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PackageSources:
    """Two indexes of one host with a login each."""
    for name in list(os.environ):
        if name.startswith(("PIP_", "UV_", "RELFORGE_INDEX")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("PIP_INDEX_URL", "https://alice:one@corp.example/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "https://bob:t%40o@corp.example/simple/extra")
    return places(PackageSettings(), tmp_path)


@pytest.mark.parametrize(
    ("url", "login"),
    [
        ("https://corp.example/simple/click/", ("alice", "one")),
        ("https://corp.example/simple/extra/click/", ("bob", "t@o")),
        ("https://other.example/simple/click/", None),
        ("https://corp.example.evil/simple/click/", None),
        ("https://corp.example:8443/simple/click/", None),
        ("http://corp.example/simple/click/", None),
    ],
)
def test_a_login_is_for_its_scheme_host_and_port(
    known: PackageSources, url: str, login: tuple[str, str] | None
) -> None:
    assert login == credentials.at_hand(url, known)
