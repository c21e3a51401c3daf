"""The oldest versions of the servers that relforge supports keep the same contract."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.runtime.conftest import MiniRelease
from tests.runtime.service import contract
from tests.runtime.service.contract import ASGI, KINDS, web

pytestmark = pytest.mark.release
LOCK = Path(__file__).with_name("oldest.lock")
REPOSITORY = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def oldest() -> Path:
    """A directory of packages, laid out once."""
    tag = f"{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]}-{sys.version_info.minor}"
    cache = Path(os.environ.get("RELFORGE_TEST_CACHE") or REPOSITORY / ".cache")
    directory = cache / "servers" / tag
    if not directory.is_dir():
        half = directory.with_name(f"{tag}.{os.getpid()}")
        pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        words = ["--no-deps", "--require-hashes", "--only-binary=:all:", "--target", str(half)]
        subprocess.run([*pip, *words, "-r", str(LOCK)], check=True)
        try:
            half.rename(directory)
        except OSError:  # another session was first
            shutil.rmtree(half)
    return directory


@pytest.mark.parametrize("kind", KINDS)
def test_it_starts_heals_and_drains(
    mini_release: Callable[..., MiniRelease], oldest: Path, kind: str
) -> None:
    server, application, options = KINDS[kind]
    release = mini_release(
        {"shop/web.py": application}, services={"web": web(server, options=options)}
    )
    # The directory comes before the packages of the tests.
    shutil.copytree(oldest, release.root / "app", dirs_exist_ok=True)
    contract.starts_when_its_application_is_there(release)
    asked = release.run("rpc", f"__import__({server!r}).__file__")
    assert str(release.root / "app" / server) in asked.stdout, asked.stderr
    contract.has_an_agent_in_the_worker(release)
    contract.reports_its_requests(release)
    if "sync" in kind:
        contract.is_drained_without_a_lost_request(release)
    else:
        contract.answers_the_last_request_of_a_kept_connection(release)
        assert 0 == release.run("start").returncode
        contract.is_drained_without_a_lost_request(release)


@pytest.mark.parametrize("ws", ["websockets", "wsproto"])
def test_uvicorn_closes_its_websockets(
    mini_release: Callable[..., MiniRelease], oldest: Path, ws: str
) -> None:
    release = mini_release(
        {"shop/web.py": ASGI}, services={"web": web("uvicorn", options={"ws": ws})}
    )
    shutil.copytree(oldest, release.root / "app", dirs_exist_ok=True)
    contract.starts_when_its_application_is_there(release)
    contract.closes_its_websockets(release)
