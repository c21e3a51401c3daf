"""What the servers of services take, told to the release's own interpreter."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from tests.runtime.conftest import MiniRelease, mini_release, mini_template  # noqa: F401 - fixtures
from tests.runtime.service.contract import ASGI, WSGI

pytestmark = pytest.mark.process

Make = Callable[..., MiniRelease]
FILES = {"shop/asgi.py": ASGI, "shop/wsgi.py": WSGI}


def failures(release: MiniRelease, target: str, interface: str) -> list[dict[str, str]]:
    row = {"setting": "x", "target": target, "kind": "entry", "interface": interface}
    question = {"imports": True, "targets": [row], "config": {}}
    done = subprocess.run(
        [
            release.root / "python/bin/python3",
            "-P",
            release.root / "runtime/relforge/runtime/boot_app.py",
            "check",
        ],
        input=json.dumps(question),
        env={"PATH": os.environ["PATH"], "RELEASE_ROOT": str(release.root)},
        capture_output=True,
        text=True,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    rows: list[dict[str, str]] = answer["failures"]
    return rows


@pytest.mark.parametrize("kind", ["asgi", "wsgi"])
def test_an_application_fits_the_workers_of_its_server(mini_release: Make, kind: str) -> None:  # noqa: F811 - the fixture
    release = mini_release(FILES)
    other = "wsgi" if kind == "asgi" else "asgi"
    assert [] == failures(release, f"shop.{kind}:app", kind)
    assert [] == failures(release, f"shop.{kind}:app", "")
    told = failures(release, f"shop.{kind}:app", other)
    assert f"shop.{kind}:app is no {other.upper()} application" in told[0]["message"]
    assert 'worker_class = "uvicorn"' in told[0]["hint"]
