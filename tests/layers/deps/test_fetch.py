"""Files from servers: found, fetched, resumed and verified; and what is said where that fails."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.version import Version

from relforge import cache
from relforge.layers.deps import download, wheel_store
from relforge.layers.deps.fetch import fetch
from relforge.layers.deps.package_sources import PackageSources, places
from relforge.layers.deps.pins import LockedFile, Pin
from relforge.layers.deps.platform import Platform
from relforge.model.spec import Index as Named
from relforge.model.spec import PackageSettings
from relforge.support.errors import SettingsError, UserError
from tests.layers.deps import server

MakeWheel = Callable[..., Path]
LOGIN = "alice:s3cret-of-alice"


@pytest.fixture(autouse=True)
def plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody configured anything, and nobody waits."""
    for name in list(os.environ):
        if name.startswith(("PIP_", "UV_", "RELFORGE_INDEX")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(download, "PAUSE", 0.01)


@pytest.fixture
def wheel(make_wheel: MakeWheel) -> Path:
    return make_wheel("click", "1.0", {"click.py": "x = 1\n" * 1000})


@pytest.fixture
def index(wheel: Path) -> Iterator[server.Index]:
    with server.serve(wheel.parent) as served:
        yield served


def configured(**settings: object) -> PackageSources:
    return places(PackageSettings(**settings), Path("/"))  # type: ignore[arg-type]  # any of its fields


def asking(index: server.Index) -> PackageSources:
    return configured(indexes=(Named(name="own", url=index.url, default=True),))


def pin(*digests: str, files: tuple[LockedFile, ...] = ()) -> Pin:
    return Pin(
        name="click",
        version=Version("1.0"),
        where="requirements.lock:7",
        sha256=digests or tuple(file.sha256 for file in files),
        files=files,
    )


def named(wheel: Path, url: str, sha256: str = "") -> Pin:
    digest = sha256 or cache.sha256(wheel)
    return pin(files=(LockedFile(name=wheel.name, sha256=digest, url=url, where="pylock.toml:12"),))


def fetched(locked: Pin, here: Platform, where: PackageSources) -> Path:
    ((_, file),) = fetch([locked], here, where)
    return wheel_store.place(file)


@pytest.mark.network
@pytest.mark.parametrize("how", [{}, {"html": True}, {"html": True, "digests": False}])
def test_a_digest_alone_finds_its_file_at_an_index(
    wheel: Path, here: Platform, how: dict[str, bool]
) -> None:
    with server.serve(wheel.parent, **how) as index:
        path = fetched(pin("a" * 64, cache.sha256(wheel)), here, asking(index))
    assert wheel.read_bytes() == path.read_bytes()


@pytest.mark.process
@pytest.mark.network
@pytest.mark.parametrize("tag", ["py3-none-any", "cp39-cp39-win_amd64"])
def test_a_lock_that_leaves_out_the_wheel_for_this_python_is_named(
    wheel: Path, index: server.Index, here: Platform, caplog: pytest.LogCaptureFixture, tag: str
) -> None:
    archive = wheel.with_name("click-1.0.tar.gz")
    archive.write_bytes(b"sources")
    wheel.rename(wheel.with_name(f"click-1.0-{tag}.whl"))
    asked = pin(cache.sha256(archive))
    assert [archive.name] == [file.name for _, file in fetch([asked], here, asking(index))]
    said = "requirements.lock:7: click 1.0 is built from source: the lock has no hash of its wheel"
    assert (said in caplog.text.replace("==", " ")) == (tag == "py3-none-any")


@pytest.mark.network
def test_what_broke_off_goes_on_where_it_ended(
    wheel: Path, index: server.Index, here: Platform
) -> None:
    index.cut = 1
    path = fetched(named(wheel, index.at(wheel.name)), here, configured())
    assert wheel.read_bytes() == path.read_bytes()
    assert [f"bytes={wheel.stat().st_size // 2}-"] == index.ranges
    assert not list((wheel_store.home() / "partial").iterdir())


@pytest.mark.network
def test_what_an_earlier_fetch_left_is_used_and_not_trusted(
    wheel: Path, index: server.Index, here: Platform
) -> None:
    partial = wheel_store.partial(cache.sha256(wheel))
    partial.parent.mkdir(parents=True)
    partial.write_bytes(b"damage")
    path = fetched(named(wheel, index.at(wheel.name)), here, configured())
    assert wheel.read_bytes() == path.read_bytes()
    assert ["bytes=6-"] == index.ranges
    assert 2 == len(index.asked)


@pytest.mark.network
def test_a_server_that_is_busy_is_asked_again(
    wheel: Path, index: server.Index, here: Platform
) -> None:
    index.busy = 2
    assert fetched(named(wheel, index.at(wheel.name)), here, configured()).is_file()


def refused(locked: Pin, here: Platform, where: PackageSources) -> UserError:
    with pytest.raises(UserError) as caught:
        list(fetch([locked], here, where))
    assert not list(wheel_store.home().rglob("*.whl"))
    return caught.value


@pytest.mark.network
def test_a_wrong_hash_names_the_locks_line_and_both_digests(
    wheel: Path, index: server.Index, here: Platform
) -> None:
    locked = named(wheel, index.at(wheel.name), "b" * 64)
    message = refused(locked, here, asking(index)).message
    for part in ("click==1.0", "pylock.toml:12", wheel.name, "b" * 64, cache.sha256(wheel)):
        assert part in message
    message = refused(pin("b" * 64), here, asking(index)).message
    for part in ("click==1.0", "requirements.lock:7", "b" * 64, cache.sha256(wheel)):
        assert part in message


@pytest.mark.network
def test_a_file_that_ends_early_again_and_again_is_reported(
    wheel: Path, index: server.Index, here: Platform
) -> None:
    index.cut = 100
    error = refused(named(wheel, index.at(wheel.name)), here, configured())
    assert "ended early, after" in error.message
    assert "continues where this one ended" in error.hint


@pytest.mark.network
def test_a_file_that_is_gone_is_taken_from_an_index_that_has_it(
    wheel: Path, index: server.Index, here: Platform
) -> None:
    gone = named(wheel, f"http://127.0.0.1:{index.port}/gone.whl")
    assert "/gone.whl: 404" in refused(gone, here, configured(**NO_INDEX)).message
    assert fetched(gone, here, asking(index)).is_file()


NO_INDEX = {"indexes": (Named(name="none", url="file:///nowhere", default=True),)}


@pytest.mark.network
def test_who_cannot_be_reached_is_named(
    wheel: Path, here: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]
        monkeypatch.setenv("PIP_DEFAULT_TIMEOUT", "1")
        monkeypatch.setattr(download, "TRIES", 1)
        silent = named(wheel, f"http://127.0.0.1:{port}/x.whl")
        assert "no answer within 1 s" in refused(silent, here, configured(**NO_INDEX)).message
    assert "Connection refused" in refused(silent, here, configured(**NO_INDEX)).message


@pytest.mark.network
def test_a_proxy_is_used_and_named_when_it_refuses(
    wheel: Path, index: server.Index, here: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_PROXY", f"http://127.0.0.1:{index.port}")
    beyond = named(wheel, "https://elsewhere.invalid/x.whl", "c" * 64)
    assert "the proxy refused: 501" in refused(beyond, here, configured(**NO_INDEX)).message
    assert fetched(named(wheel, f"http://elsewhere.invalid/files/{wheel.name}"), here, configured())


@pytest.mark.process
@pytest.mark.network
def test_a_certificate_that_nobody_vouches_for_is_refused_and_named(
    wheel: Path, here: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tmp_path / "whole.pem"
    subject = ["-subj", "/CN=index", "-addext", "subjectAltName=IP:127.0.0.1"]
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    made = subprocess.run([*words, "-keyout", "-"], check=True, capture_output=True)
    whole.write_bytes(made.stdout)
    with server.serve(wheel.parent, certificate=whole) as index:
        locked = named(wheel, index.at(wheel.name))
        error = refused(locked, here, configured(**NO_INDEX))
        assert "its certificate is not trusted: self-signed certificate" in error.message
        assert "PIP_CERT" in error.hint
        with monkeypatch.context() as trusting:
            trusting.setenv("PIP_TRUSTED_HOST", f"other.invalid 127.0.0.1:{index.port}")
            assert fetched(locked, here, configured()).is_file()
        shutil.rmtree(wheel_store.home())
        monkeypatch.setenv("PIP_CERT", str(whole))
        assert fetched(locked, here, asking(index)).is_file()


@pytest.mark.network
def test_the_login_of_a_proxy_is_sent_to_the_proxy(
    wheel: Path, index: server.Index, here: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_PROXY", f"http://bob:p%40ss@127.0.0.1:{index.port}")
    assert fetched(named(wheel, f"http://elsewhere.invalid/files/{wheel.name}"), here, configured())
    assert [(None, server.basic("bob:p@ss"))] == index.logins


@pytest.mark.network
def test_a_proxy_is_passed_by_for_hosts_that_need_none(
    wheel: Path, index: server.Index, here: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert fetched(named(wheel, index.at(wheel.name)), here, configured()).is_file()


@pytest.mark.process
@pytest.mark.network
@pytest.mark.parametrize("way", ["variables", "address", "netrc", "keyring", "uv"])
def test_credentials_come_from_where_they_are_kept(
    wheel: Path, here: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    user, password = LOGIN.split(":")
    with server.serve(wheel.parent, login=LOGIN) as index:
        where = asking(index)
        assert "401" in refused(pin(cache.sha256(wheel)), here, where).message
        if way in ("variables", "uv"):
            tool = "UV" if way == "uv" else "RELFORGE"
            monkeypatch.setenv(f"{tool}_INDEX_OWN_USERNAME", user)
            monkeypatch.setenv(f"{tool}_INDEX_OWN_PASSWORD", password)
        elif way == "netrc":
            (tmp_path / ".netrc").write_text(f"machine 127.0.0.1 login {user} password {password}")
        elif way == "keyring":
            program = tmp_path / "bin" / "keyring"
            program.parent.mkdir()
            program.write_text(f"#!/bin/sh\necho {user}\necho {password}\n")
            program.chmod(0o755)
            monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
        where = asking(index)
        if way == "address":
            monkeypatch.setenv("PIP_INDEX_URL", index.url.replace("://", f"://{LOGIN}@"))
            where = configured()
            assert "alice" not in str(where.indexes)
        assert fetched(pin(cache.sha256(wheel)), here, where).is_file()


@pytest.mark.network
def test_a_login_follows_no_redirect_to_another_host(
    wheel: Path, index: server.Index, here: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, password = LOGIN.split(":")
    monkeypatch.setenv("RELFORGE_INDEX_OWN_USERNAME", user)
    monkeypatch.setenv("RELFORGE_INDEX_OWN_PASSWORD", password)
    elsewhere = f"http://localhost:{index.port}"
    with server.serve(wheel.parent, login=LOGIN, redirect=elsewhere) as own:
        assert fetched(pin(cache.sha256(wheel)), here, asking(own)).is_file()
        assert {(server.basic(LOGIN), None)} == set(own.logins)
    assert index.asked
    assert {(None, None)} == set(index.logins)


@pytest.mark.network
def test_a_login_follows_a_redirect_within_its_host(
    wheel: Path, here: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, password = LOGIN.split(":")
    monkeypatch.setenv("RELFORGE_INDEX_OWN_USERNAME", user)
    monkeypatch.setenv("RELFORGE_INDEX_OWN_PASSWORD", password)
    with server.serve(wheel.parent, login=LOGIN, moved=True) as own:
        assert fetched(pin(cache.sha256(wheel)), here, asking(own)).is_file()
        assert {(server.basic(LOGIN), None)} == set(own.logins)
        assert any(path.startswith("/moved/") for path in own.asked)


@pytest.mark.network
def test_a_login_that_is_refused_is_reported_without_it(
    wheel: Path, here: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELFORGE_INDEX_OWN_PASSWORD", "wr0ng-password")
    with server.serve(wheel.parent, login=LOGIN) as index:
        error = refused(pin(cache.sha256(wheel)), here, asking(index))
        assert "401" in error.message
        assert "RELFORGE_INDEX_OWN_USERNAME" in error.hint
        text = named(wheel, index.at(wheel.name).replace("://", "://bob:hunter22@"))
        assert "hunter22" not in refused(text, here, asking(index)).message


@pytest.mark.network
def test_offline_nothing_is_asked_and_what_is_missing_is_named(
    wheel: Path, index: server.Index, here: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELFORGE_OFFLINE", "1")
    error = refused(named(wheel, index.at(wheel.name)), here, asking(index))
    assert f"pylock.toml:12: click==1.0: {wheel.name} is not on this host" in error.message
    assert "pip download" in error.hint
    assert "click==1.0" in error.hint
    refused(pin(cache.sha256(wheel)), here, asking(index))
    assert [] == index.asked
    housed = configured(wheelhouse=str(wheel.parent))
    assert fetched(named(wheel, index.at(wheel.name)), here, housed).is_file()
    assert [] == index.asked


def test_offline_all_that_is_missing_is_named_at_once(
    wheel: Path, here: Platform, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RELFORGE_OFFLINE", "1")
    click = pin("0" * 64)
    pins = [replace(click, name="zope", where="pylock.toml:9"), click]
    (tmp_path / "my wheels").mkdir()
    asked = places(PackageSettings(wheelhouse="my wheels"), tmp_path)
    with pytest.raises(UserError) as caught:
        list(fetch(pins, here, asked))
    first, *rows = caught.value.message.splitlines()
    assert first.startswith("2 packages are not on this host")
    assert ["click==1.0", "zope==1.0"] == [row.split(": ")[1] for row in rows]
    assert caught.value.hint.endswith("pip download --no-deps -d 'my wheels' click==1.0 zope==1.0")


def test_a_wheelhouse_that_is_not_there_is_reported_as_it_was_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError) as caught:
        places(PackageSettings(wheelhouse="vendor"), tmp_path)
    assert caught.value.message.startswith("tool.relforge.wheelhouse: no such directory: '")
    assert caught.value.hint.endswith("-d vendor")
    monkeypatch.setenv("RELFORGE_WHEELHOUSE", "/nowhere")
    with pytest.raises(SettingsError) as caught:
        places(PackageSettings(wheelhouse="vendor"), tmp_path)
    assert "--wheelhouse: no such directory: '/nowhere'" == caught.value.message


@pytest.mark.network
def test_two_at_once_fetch_a_file_once(wheel: Path, index: server.Index, here: Platform) -> None:
    locked = named(wheel, index.at(wheel.name))
    threads = [
        threading.Thread(target=fetched, args=(locked, here, configured())) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert 1 == len(index.asked)
