"""Services that run as somebody else than root, who started the release."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.delivery.deployment import Deployment, eventually
from tests.release.workshop import Workshop
from tests.runtime.service.contract import ASGI, WSGI, answer

pytestmark = [pytest.mark.release, pytest.mark.rootfs]  # it needs root
NOBODY = 65534
# As source trees: what the servers consist of, without a lock and its wheels.
TREES = ("click", "gunicorn", "h11", "packaging", "uvicorn")
SETTINGS = f"""\
[project]
name = "people"
version = "1.0"

[tool.relforge]
python = {{ version = "3.{sys.version_info.minor}" }}
app = ["shop", {", ".join(f'"{name}"' for name in TREES)}]

[tool.relforge.check]
skip = ["imports"]  # of what else the servers could use

[tool.relforge.services.web]
app = "shop.asgi:app"
listen = ["127.0.0.1:0"]
user = "nobody"
watchdog = "2s"

[tool.relforge.services.wsgi]
app = "shop.wsgi:app"
server = "gunicorn"
listen = ["127.0.0.1:0"]
user = "nobody"
watchdog = "2s"

[tool.relforge.services.shows]
run = "shop.jobs:shows"
user = "nobody"
config = ["url"]
rlimits = {{ nofile = 100, core = 0 }}

[tool.relforge.services.program]
exec = ["sh", "-c", "echo program $(id -u) $(id -g) $HOME; exec sleep 1000"]
ready = "started"
user = "nobody"
group = "daemon"

[tool.relforge.services.bomb]
run = "shop.jobs:bomb"
enabled = "${{bomb}}"
user = "games"
rlimits = {{ nproc = 40 }}

[tool.relforge.config]
providers = [{{ use = "env", prefix = "PEOPLE_" }}]
[tool.relforge.config.schema]
bomb = {{ type = "bool", default = false, doc = "start a service that forks without an end" }}
url = {{ type = "str", default = "x://y" }}
"""
JOBS = """
import os, resource, subprocess, sys, time
from relforge.runtime import ready

def shows():
    print("ids", os.getresuid(), os.getresgid(), os.getgroups(), os.environ["USER"])
    print("files", resource.getrlimit(resource.RLIMIT_NOFILE))
    code = "from relforge.runtime import config; print('child sees', config['url'], flush=True)"
    subprocess.run([sys.executable, "-c", code], check=True)
    ready()
    time.sleep(1000)

def bomb():
    ready()
    while True:
        try:
            if not os.fork():
                os.setsid()
        except OSError as error:
            print("no more:", error.strerror, flush=True)
            time.sleep(1000)
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Unpacked where everybody may read it."""
    project = tmp_path_factory.mktemp("people") / "project"
    site = Path(sysconfig.get_path("purelib"))
    (project / "shop").mkdir(parents=True)
    for name in TREES:
        shutil.copytree(site / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    files = {"__init__.py": "", "asgi.py": ASGI, "wsgi.py": WSGI, "jobs.py": JOBS}
    for file, text in files.items():
        (project / "shop" / file).write_text(text)
    (project / "pyproject.toml").write_text(SETTINGS)
    built = Workshop(root=project, cache=project.parent / "cache").run("build", "--quiet")
    assert 0 == built.returncode, built.stderr
    place = Path("/var/tmp") / f"people-{os.getpid()}"
    shutil.copytree(project / "_build" / "prod" / "people-1.0", place, symlinks=True)
    place.chmod(0o755)
    yield place / "bin" / "people"
    shutil.rmtree(place)


@pytest.fixture
def people(program: Path, state: Path) -> Deployment:
    state.chmod(0o755)
    return Deployment(program=program, state=state / "var")


def test_each_kind_of_service_is_the_user_that_its_settings_name(people: Deployment) -> None:
    with people.running():
        log = people.log()
        ids = f"({NOBODY}, {NOBODY}, {NOBODY})"
        assert f"shows.1 | ids {ids} {ids} [{NOBODY}] nobody" in log
        assert "shows.1 | files (100, 100)" in log
        assert "shows.1 | child sees x://y" in log
        eventually(lambda: f"program.1 | program {NOBODY} 1 /nonexistent" in people.log())
        for name in ("web", "wsgi"):
            pid = answer(int(people.service(name)["listen"][0].rpartition(":")[2]))
            assert NOBODY == os.stat(f"/proc/{pid}").st_uid
            code = "__import__('os').getuid(), app.__name__"
            assert f"({NOBODY}, 'app')\n" == people.ok("rpc", "--service", name, code)
    assert "no sign of life" not in people.log()
    assert [] == people.processes()


def test_none_of_them_outlives_the_supervisor(people: Deployment) -> None:
    people.ok("start")
    os.kill(people.status()["pid"], signal.SIGKILL)
    eventually(lambda: not people.processes())


def test_a_fork_bomb_is_bounded_and_ends_with_its_service(people: Deployment) -> None:
    armed = people.given(PEOPLE_BOMB="true")
    with armed.running():
        eventually(lambda: "bomb.1 | no more: Resource temporarily unavailable" in armed.log())
        assert 30 < len([row for row in armed.processes() if "boot_app.py" in row]) < 60
        assert "running" == armed.status()["state"]
        port = int(armed.service("web")["listen"][0].rpartition(":")[2])
        assert answer(port).isdecimal()
    assert [] == armed.processes()
