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
from relforge.runtime.contract.service import Service
from tests import builder
from tests.runtime.conftest import MiniRelease, mini_release, mini_template  # noqa: F401 - fixtures
from tests.runtime.service.contract import ASGI, WSGI

pytestmark = pytest.mark.process

Make = Callable[..., MiniRelease]
FILES = {"shop/asgi.py": ASGI, "shop/wsgi.py": WSGI}


def answers(release: MiniRelease, *targets: dict[str, Any]) -> list[dict[str, Any]]:
    question = {"imports": True, "targets": targets, "config": {}}
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
    return [json.loads(line) for line in done.stdout.splitlines()]


def failures(release: MiniRelease, target: str, interface: str) -> list[dict[str, Any]]:
    row = {"setting": "x", "target": target, "kind": "entry", "interface": interface}
    return [row for row in answers(release, row) if "message" in row]


@pytest.mark.parametrize("kind", ["asgi", "wsgi"])
def test_an_application_fits_the_workers_of_its_server(mini_release: Make, kind: str) -> None:  # noqa: F811 - the fixture
    release = mini_release(FILES)
    other = "wsgi" if kind == "asgi" else "asgi"
    assert [] == failures(release, f"shop.{kind}:app", kind)
    assert [] == failures(release, f"shop.{kind}:app", "")
    told = failures(release, f"shop.{kind}:app", other)
    assert f"shop.{kind}:app is no {other.upper()} application" in told[0]["message"]
    assert 'worker_class = "uvicorn"' in told[0]["hint"]


def test_it_says_which_modules_it_imported(mini_release: Make) -> None:  # noqa: F811 - the fixture
    release = mini_release({"shop/__init__.py": "", "shop/a.py": "import shop.b", "shop/b.py": ""})
    *_, last = answers(release, {"setting": "x", "target": "shop.a:__name__", "kind": "entry"})
    assert {"shop", "shop.a", "shop.b"} <= set(last["modules"])


def test_two_targets_that_fail_for_one_reason_have_one_cause(mini_release: Make) -> None:  # noqa: F811 - the fixture
    """P33."""
    files = {
        "shop/settings.py": "raise KeyError('EX_KEY')\n",
        "shop/web.py": "from shop import settings\n",
        "shop/worker.py": "import shop.settings\n",
        "shop/other.py": "raise KeyError('EX_KEY')\n",
    }
    names = ("web", "worker", "web", "other")
    rows = answers(
        mini_release(files),
        *({"setting": n, "target": f"shop.{n}:x", "kind": "entry"} for n in names),
    )
    causes = [row["cause"] for row in rows[:-1]]
    assert causes[0] == causes[1] == causes[2] != causes[3]


@pytest.mark.parametrize(
    ("server", "options", "expected"),
    [
        ("gunicorn", {"wrokers": 2}, "web.options.wrokers: gunicorn has no such option"),
        ("gunicorn", {"workers": "many"}, "web.options.workers: "),
        ("gunicorn", {"bind": "x"}, "the supervisor sees to that"),
        ("uvicorn", {"lgo_level": "x"}, "web.options.lgo_level: uvicorn has no such option"),
        ("uvicorn", {"log_level": "loud"}, "web.options.log_level: 'loud' is none of critical"),
        ("hypercorn", {"keep_alive": 2}, "web.options.keep_alive: hypercorn has no such option"),
        ("hypercorn", {"worker_class": "trio"}, "'trio' is none of"),
        ("gunicorn", {"workers": 2, "timeout": 30}, ""),
        ("uvicorn", {"log_level": "info", "http": "h11"}, ""),
        ("hypercorn", {"keep_alive_timeout": 2}, ""),
    ],
)
def test_options_of_a_server_are_judged(
    mini_release: Make,  # noqa: F811 - the fixture
    server: str,
    options: dict[str, Any],
    expected: str,
) -> None:
    """P32: by what the service would say on the target."""
    service = {"name": "web", "options": options}
    row = {"setting": "s", "target": server, "kind": "server", "service": service}
    first, *_ = answers(mini_release(FILES), row)
    assert expected in first.get("message", "")
    assert bool(expected) == ("message" in first)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("sync", "wsgi"),
        ("gthread", "wsgi"),
        ("uvicorn", "asgi"),
        ("uvicorn_worker.UvicornH11Worker", "asgi"),
        ("aiohttp.GunicornWebWorker", ""),
    ],
)
def test_a_worker_class_that_relforge_does_not_know_is_not_judged(kind: str, expected: str) -> None:
    """P34."""
    service = Service(
        name="web",
        kind="app",
        target="shop:init",
        server="gunicorn",
        options={"worker_class": kind},
    )
    release = builder.release(Path("/nowhere"), services=(service,))
    rows = [row for row in entry_points.targets(release) if row["kind"] == "entry"]
    assert [expected] == [row["interface"] for row in rows]


@pytest.mark.parametrize("server", ["gunicorn", "hypercorn", "uvicorn"])
def test_a_factory_is_no_option_of_the_server(server: str) -> None:
    service = Service(
        name="web",
        kind="app",
        target="shop:create_app",
        server=server,
        options={"factory": True, "workers": 2},
    )
    release = builder.release(Path("/nowhere"), services=(service,))
    (row,) = (row for row in entry_points.targets(release) if row["kind"] == "server")
    assert {"workers": 2} == row["service"]["options"]
