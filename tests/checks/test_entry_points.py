"""What the servers of services take, told to the release's own interpreter."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from relforge.checks import entry_points
from relforge.runtime.contract.command import Command
from relforge.runtime.contract.hook import Hook
from tests import builder
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


def test_programs_of_the_release_are_there_and_can_be_run(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    for name, mode in (("good", 0o755), ("plain", 0o644)):
        (tmp_path / "app" / name).write_text("")
        (tmp_path / "app" / name).chmod(mode)
    words = ("app/good", "app/plain", "app/gone", "/usr/bin/env", "env", "${release.app}/x")
    release = builder.release(
        tmp_path,
        tree=tmp_path,
        commands=tuple(
            Command(name=f"c{at}", exec=(word,), mode="exec") for at, word in enumerate(words)
        ),
        hooks=(Hook(name="pre_stop", exec=("app/gone", "x")), Hook(name="on_crash", call="a:b")),
    )
    assert [
        ("tool.relforge.commands.c1", "app/plain: nobody may execute this file"),
        ("tool.relforge.commands.c2", "app/gone: there is no such file in the release"),
        ("tool.relforge.hooks.pre_stop", "app/gone: there is no such file in the release"),
    ] == [(row.path, row.message) for row in entry_points.programs(release)]
