"""An interpreter's archive is fetched as packages are: logins, resumption, retries, plain words."""

from __future__ import annotations

from pathlib import Path

import pytest

from relforge import cache
from relforge.layers.python import download
from relforge.model.spec import PythonArchive
from relforge.support.errors import UserError
from tests.layers.deps.server import serve

pytestmark = pytest.mark.network
DATA = b"an archive" * 60_000


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RELFORGE_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "cpython.tar.gz").write_bytes(DATA)
    return tmp_path / "files"


def wanted(place: str, directory: Path) -> PythonArchive:
    digest = cache.sha256(directory / "cpython.tar.gz")
    return PythonArchive(where="tool.relforge.python", place=place, sha256=digest)


def test_what_broke_off_goes_on_where_it_ended(directory: Path) -> None:
    with serve(directory, cut=1, busy=1) as index:
        path, _ = download.fetch(wanted(index.at("cpython.tar.gz"), directory), directory)
    assert DATA == path.read_bytes()
    assert [path] == list((cache.home() / "archives").iterdir())
    assert 1 == len(index.ranges) and "bytes=0-" != index.ranges[0]


def test_a_login_of_netrc_is_used(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    netrc.chmod(0o600)
    with serve(directory, login="me:secret") as index:
        named = wanted(index.at("cpython.tar.gz"), directory)
        with pytest.raises(UserError, match="cannot be fetched: 401") as caught:
            download.fetch(named, directory)
        assert "netrc" in caught.value.hint
        monkeypatch.setenv("NETRC", str(netrc))
        assert DATA == download.fetch(named, directory)[0].read_bytes()


def test_what_is_not_there_is_said_in_one_line_and_nothing_is_kept(directory: Path) -> None:
    with serve(directory) as index:
        named = wanted(index.at("other.tar.gz"), directory)
        with pytest.raises(UserError, match=r"other\.tar\.gz cannot be fetched: 404") as caught:
            download.fetch(named, directory)
    assert "download it yourself" in caught.value.hint
    assert not list((cache.home() / "archives").iterdir())


def test_offline_a_server_is_not_asked(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELFORGE_OFFLINE", "1")
    with serve(directory) as index:
        named = wanted(index.at("cpython.tar.gz"), directory)
        with pytest.raises(UserError, match="--offline"):
            download.fetch(named, directory)
        assert not index.asked
    file = wanted((directory / "cpython.tar.gz").as_uri(), directory)
    assert DATA == download.fetch(file, directory)[0].read_bytes()
