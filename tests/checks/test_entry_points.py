"""What the servers of services take, asked of the release's own interpreter."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from relforge.checks import targets
from relforge.runtime.contract.command import Argument, Command
from relforge.runtime.contract.hook import Hook
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


def failures(
    release: MiniRelease, target: str, interface: str, **more: Any
) -> list[dict[str, Any]]:
    row = {"setting": "x", "target": target, "kind": "entry", "interface": interface, **more}
    return [row for row in answers(release, row) if "message" in row]


@pytest.mark.parametrize("kind", ["asgi", "wsgi"])
def test_an_application_fits_the_workers_of_its_server(mini_release: Make, kind: str) -> None:  # noqa: F811 - the fixture
    release = mini_release(FILES)
    other = "wsgi" if kind == "asgi" else "asgi"
    assert [] == failures(release, f"shop.{kind}:app", kind)
    assert [] == failures(release, f"shop.{kind}:app", "")
    reported = failures(release, f"shop.{kind}:app", other)
    assert f"shop.{kind}:app does not implement {other.upper()}" in reported[0]["message"]
    assert 'worker_class = "uvicorn"' in reported[0]["hint"]


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
        ("gunicorn", {"bind": "x"}, "the supervisor sets this"),
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
    ("name", "expected"), [("workers", ""), ("wrokers", "gunicorn has no such option")]
)
def test_an_option_of_the_configuration_is_judged_by_its_name(
    mini_release: Make,  # noqa: F811 - the fixture
    name: str,
    expected: str,
) -> None:
    """P32, P50: its value is not known before the service starts."""
    web = Service(
        name="web", kind="app", target="shop.wsgi:app", server="gunicorn", options={name: "${n}"}
    )
    rows = targets.targets(builder.release(Path("/nowhere"), services=(web,)))
    first, *_ = answers(mini_release(FILES), rows[0])
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
    rows = [row for row in targets.targets(release) if row["kind"] == "entry"]
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
    (row,) = (row for row in targets.targets(release) if row["kind"] == "server")
    assert {"workers": 2} == row["service"]["options"]


def test_a_function_that_needs_more_than_it_gets_is_refused(mini_release: Make) -> None:  # noqa: F811 - the fixture
    """P41: by the signature, as it is going to be called."""
    release = mini_release(
        {"shop/ops.py": "def one(days): ...\ndef rest(days, more=1): ...\nX = 1"}
    )
    assert [] == failures(release, "shop.ops:one", "", call={"by_words": True})
    assert [] == failures(release, "shop.ops:rest", "", call={"by_name": ["days", "more"]})
    assert [] == failures(release, "shop.ops:rest", "")
    (row,) = failures(release, "shop.ops:rest", "", call={"by_words": True}, hint="declare it")
    assert "shop.ops:rest: it is called without arguments: missing a required" in row["message"]
    assert "declare it" == row["hint"]
    (row,) = failures(release, "shop.ops:X", "", call={"by_words": True})
    assert "shop.ops:X: int objects cannot be called" == row["message"]


def test_what_a_module_has_is_named_where_a_name_is_wrong(mini_release: Make) -> None:  # noqa: F811 - the fixture
    """P61."""
    source = "from os import getcwd\nclass Cli: \n    def __call__(self): ...\nweb = Cli()\n"
    release = mini_release({"feeds.py": f"{source}def make_app(): ...\n"})
    (row,) = failures(release, "feeds:application", "")
    assert "did you mean feeds:web or feeds:make_app?" == row["hint"]


def test_a_worker_that_never_says_that_it_is_ready_is_warned_of(mini_release: Make) -> None:  # noqa: F811 - the fixture
    """P49."""
    loop = "import time\ndef loop():\n    while True: time.sleep(1)\n"
    release = mini_release(
        {
            "feeds.py": loop,
            "good.py": f"from relforge.runtime import ready\n{loop}    ready()\n",
            "deep/__init__.py": "from .inner import loop\n",
            "deep/inner.py": loop,
            "deep/says.py": "def say(): sock.send(b'READY=1')\n",
        }
    )
    (row,) = failures(release, "feeds:loop", "", says_ready=True)
    assert "warning" == row["severity"]
    assert "reports that it is ready, which `start` waits for" in row["message"]
    assert 'relforge.runtime.ready() when it is, or set ready = "started"' in row["hint"]
    assert [] == failures(release, "feeds:loop", "")
    assert [] == failures(release, "good:loop", "", says_ready=True)
    assert [] == failures(release, "deep.inner:loop", "", says_ready=True)


def test_how_a_callable_is_called_is_asked_of_each(tmp_path: Path) -> None:
    """P41."""
    release = builder.release(
        tmp_path,
        services=(Service(name="w", kind="run", target="a:w"),),
        hooks=(Hook(name="pre_start", call="a:h"),),
        commands=(
            Command(name="one", call="a:b"),
            Command(name="script", call="a:c", argv=True),
            Command(name="named", call="a:d", args=(Argument(name="--dry-run", type="flag"),)),
            Command(name="live", call="a:e", mode="rpc"),
        ),
    )
    assert {
        "services.w.run": {},
        "hooks.pre_start": {"by_facts": True},
        "commands.one.call": {"by_words": True},
        "commands.script.call": {"by_words": False},
        "commands.named.call": {"by_name": ["dry_run"]},
        "commands.live.call": None,
    } == {
        row["setting"].removeprefix("tool.relforge."): row["call"]
        for row in targets.targets(release)
    }
