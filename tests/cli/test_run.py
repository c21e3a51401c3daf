"""`relforge run`: services, commands and programs from the sources, as a release runs them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = [pytest.mark.process, pytest.mark.network]

PATIENCE = 30  # seconds
SETTINGS = """\
[project]
name = "shop"
version = "1.2"
requires-python = ">=3.11"

[tool.relforge]
app = ["manage.py", "shop"]
python = { version = "3.12" }

[tool.relforge.config]
providers = [{ use = "env", prefix = "SHOP_" }]
export = { GREETING = "greeting" }
schema.greeting = { required = true }
schema.port = { type = "int", default = 1 }

[tool.relforge.env.dev.config.schema]
greeting = { default = "hello" }

[tool.relforge.services.web]
app = "shop.web:app"
listen = ["127.0.0.1:${port}"]

[tool.relforge.services.flask]
app = "shop.web:make"
server = "gunicorn"
options = { factory = true, preload_app = true }
listen = ["127.0.0.1:${port}"]

[tool.relforge.services.hyper]
app = "shop.web:app"
server = "hypercorn"
listen = ["127.0.0.1:${port}"]

[tool.relforge.services.wsgi]
app = "shop.web:make"
options = { factory = true }
listen = ["127.0.0.1:${port}"]

[tool.relforge.services.worker]
run = "shop.ops:work"
args = ["--name", "${greeting}"]
listen = ["unix:work.sock"]

[tool.relforge.services.tool]
exec = ["sh", "-c", "echo $WORD $LISTEN_FDS; pwd"]
ready = "started"
listen = ["127.0.0.1:${port}"]
env = { WORD = "${greeting}", PLACE = "${release.app}" }

[tool.relforge.services.off]
run = "shop.ops:work"
enabled = false

[tool.relforge.commands.add]
call = "shop.ops:add"
args = [{ name = "a", type = "int" }, { name = "--to", type = "int", default = 1 }]
confirm = "sure?"

[tool.relforge.commands.tell]
call = "shop.ops:tell"

[tool.relforge.commands.script]
call = "shop.ops:script"
argv = true
once = true

[tool.relforge.commands.live]
call = "shop.ops:live"
mode = "rpc"

[tool.relforge.commands.manage]
exec = ["python", "${release.app}/manage.py"]
cwd = "app"
"""
FILES = {
    "pyproject.toml": SETTINGS,
    "shop/__init__.py": "",
    "shop/page.py": "TEXT = 'one'\n",
    "shop/web.py": """\
import os
from shop.page import TEXT
WHAT = f"{TEXT} {os.environ['GREETING']}".encode()

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": WHAT})

def make():
    def wsgi(environ, start_response):
        start_response("200 OK", [("Content-Length", str(len(WHAT)))])
        return [WHAT]
    return wsgi
""",
    "shop/ops.py": """\
import os, sys
from relforge.runtime import config, ready

def work():
    ready()
    print(sys.argv, config["greeting"], os.environ["LISTEN_FDS"], os.getcwd())
    return 3

def tell(first, second):
    print(first, second)

def script():
    print(sys.argv)
    return "it went wrong"

def live(word, more="none"):
    print(word, more)

def add(a, to):
    print(a + to, config["greeting"], os.environ["RELEASE_COMMAND"])
""",
    "manage.py": "import os, sys; print(os.getcwd(), sys.argv[1:], os.environ['GREETING'])\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a virtual environment that has the servers, and not relforge."""
    root = tmp_path / "shop"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    command = [sys.executable, "-m", "venv", "--without-pip", root / ".venv"]
    subprocess.run([str(word) for word in command], check=True)
    (site,) = (root / ".venv/lib").glob("python3*/site-packages")
    own = next(path for path in sys.path if path.endswith("site-packages"))
    (site / "others.pth").write_text(f"{own}\n")
    return root


def words(project: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "relforge", "run", "--project", str(project), *more]


def environ(**more: str) -> dict[str, str]:
    left_out = ("VIRTUAL_ENV", "RELEASE_", "PYTHONPATH")
    base = {name: text for name, text in os.environ.items() if not name.startswith(left_out)}
    return {**base, **more}


def run(project: Path, *more: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words(project, *more),
        cwd="/",
        env=environ(**env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@contextmanager
def serving(project: Path, name: str) -> Iterator[str]:
    """The address of a service that runs; it is ended as Ctrl-C does."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = project.parent / "log"
    with log.open("w") as out:
        process = subprocess.Popen(
            words(project, name),
            cwd="/",
            env=environ(SHOP_PORT=str(port)),
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        yield f"http://127.0.0.1:{port}/"
    except AssertionError as error:
        raise AssertionError(f"{error}\n{log.read_text()}") from None
    finally:
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def until(url: str, text: str) -> None:
    """Wait for that page."""
    end = time.monotonic() + PATIENCE
    found = ""
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                found = answer.read().decode()
        except OSError as error:
            found = str(error)
        if found == text:
            return
        time.sleep(0.1)
    raise AssertionError(f"{url}: {found!r}, expected {text!r}")


@pytest.mark.parametrize("name", ["web", "flask", "hyper", "wsgi"])
def test_a_service_is_served_from_the_sources_and_again_when_they_change(
    project: Path, name: str
) -> None:
    with serving(project, name) as url:
        until(url, "one hello")
        time.sleep(1.1)  # so that the file has another time
        (project / "shop/page.py").write_text("TEXT = 'two'\n")
        until(url, "two hello")


@pytest.mark.parametrize("lock", ["", "uv.lock"])
def test_a_server_that_is_not_installed_is_named_with_the_command(project: Path, lock: str) -> None:
    (site,) = (project / ".venv/lib").glob("python3*/site-packages")
    (site / "others.pth").unlink()
    with (project / "pyproject.toml").open("a") as file:
        file.write('[tool.relforge.dependencies]\nadd = ["uvicorn"]\n')
    wanted = "uvicorn"
    if lock:
        (project / lock).write_text("version = 1\n")
        added = project / "pylock.relforge.toml"
        added.write_text("packages = []\n")
        wanted = f"-r {added}"
    done = run(project, "web")
    venv = project / ".venv"
    assert f"services.web.server: uvicorn is not installed in {venv}" in done.stderr
    assert f"run: uv pip install --python {venv} {wanted}\n" in done.stderr
    assert 1 == done.returncode


def test_p57_any_program_has_the_variables_of_a_release(project: Path) -> None:
    code = (
        "import json, os; print(json.dumps({k: v for k, v in os.environ.items() "
        "if k.startswith('RELEASE_') or k in ('GREETING', 'VIRTUAL_ENV')}))"
    )
    done = run(project, "--", "python", "-c", code)
    assert 0 == done.returncode, done.stderr
    state = project / ".relforge/dev/var"
    assert {
        "GREETING": "hello",
        "VIRTUAL_ENV": str(project / ".venv"),
        "RELEASE_ROOT": str(project),
        "RELEASE_NAME": "shop",
        "RELEASE_VERSION": "1.2",
        "RELEASE_ENV": "dev",
        "RELEASE_COMMAND": "run",
        "RELEASE_NODE": f"shop@{os.uname().nodename}",
        "RELEASE_STATE_DIR": str(state),
        "RELEASE_RUN_DIR": str(state / "run"),
        "RELEASE_LOG_DIR": str(state / "log"),
    } == json.loads(done.stdout)
    assert state.is_dir()
    assert "*\n" == (project / ".relforge/.gitignore").read_text()


def test_p57_what_a_program_starts_reads_the_same_configuration(project: Path) -> None:
    inner = "from relforge.runtime import config; print(config['greeting'], config['port'])"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}], check=True)"
    done = run(
        project, "--env", "prod", "--", "python", "-c", code, SHOP_GREETING="a", SHOP_PORT="7"
    )
    assert "a 7\n" == done.stdout, done.stderr


def test_the_words_after_the_first_are_the_programs(project: Path) -> None:
    code = "import sys; print(sys.argv[1:])"
    done = run(project, "--", "python", "-c", code, "--env", "x", "--", "-h")
    assert "['--env', 'x', '--', '-h']\n" == done.stdout, done.stderr
    gone = run(project, "--", "no-such-program")
    assert (127, "no-such-program: No such file or directory\n") == (gone.returncode, gone.stderr)


def test_services_of_functions_and_programs_have_their_words_and_sockets(project: Path) -> None:
    state = project / ".relforge/dev/var"
    done = run(project, "worker")
    assert (3, f"['worker', '--name', 'hello'] hello 1 {state}\n") == (done.returncode, done.stdout)
    assert "" == done.stderr
    tool = run(project, "tool", SHOP_PORT="0")
    assert f"hello 1\n{state}\n" == tool.stdout, tool.stderr


def test_commands_take_their_arguments_and_run_where_they_say(project: Path) -> None:
    assert "3 hello add\n" == run(project, "add", "2", "--yes").stdout
    assert "usage: shop add A [--to TO] [--yes]" in run(project, "add", "--help").stdout
    wrong = run(project, "add", "x", "--yes")
    assert (2, "shop: a: 'x' is not a valid int\n") == (wrong.returncode, wrong.stderr)
    manage = run(project, "manage", "migrate", "--noinput")
    assert f"{project} ['migrate', '--noinput'] hello\n" == manage.stdout, manage.stderr


def test_p41_a_command_is_called_as_the_release_calls_it(project: Path) -> None:
    assert "a --b\n" == run(project, "tell", "--", "a", "--b").stdout
    few = run(project, "tell", "a")
    assert (2, "") == (few.returncode, few.stdout)
    assert "second is missing" in few.stderr
    assert "usage: shop tell FIRST SECOND" in run(project, "tell", "--help").stdout
    script = run(project, "script", "--again", "--", "--again")
    assert (1, "['shop script', '--again']\n") == (script.returncode, script.stdout)
    assert "it went wrong\n" == script.stderr
    assert "['shop script', '--help']\n" == run(project, "script", "--help").stdout
    assert "a b\n" == run(project, "live", "a", "b").stdout
    none = run(project, "live")
    assert (2, True) == (none.returncode, "missing a required argument" in none.stderr)


def test_what_cannot_run_is_said_in_a_paragraph(project: Path, tmp_path: Path) -> None:
    unknown = run(project, "wep")
    assert 78 == unknown.returncode
    assert "wep: the project has no service or command of this name" in unknown.stderr
    assert "relforge run -- wep" in unknown.stderr
    assert 2 == run(project, "web", "x").returncode
    assert 2 == run(project, "--").returncode
    off = run(project, "off")
    assert (78, True) == (off.returncode, "[tool.relforge.env.dev.services.off]" in off.stderr)
    lacks = run(project, "--env", "prod", "manage")
    assert 78 == lacks.returncode
    assert "SHOP_GREETING" in lacks.stderr
    (project / ".venv").rename(tmp_path / "venv")
    none = run(project, "manage")
    assert (1, "") == (none.returncode, none.stdout)
    assert "has no virtual environment" in none.stderr
    for python in (tmp_path / "venv", tmp_path / "venv/bin/python"):
        given = run(project, "--python", str(python), "manage")
        assert 0 == given.returncode, given.stderr
    active = run(project, "manage", VIRTUAL_ENV=str(tmp_path / "venv"))
    assert 0 == active.returncode, active.stderr
