"""Lines of a Procfile: single commands, several, and what only a shell can read."""

from __future__ import annotations

import pytest

from relforge.project.init import procfile, shell_lines
from tests.project.init.memory import found, left, read, service, web

FLASK = {"shop.py": "from flask import Flask\napp = Flask(__name__)\n"}
NEEDS = {"requirements.txt": "flask\ngunicorn\nflask-migrate\n"}


def words(line: str) -> tuple[str, ...]:
    (row,) = procfile.read(f"x: {line}")
    return row.words


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("python w.py", ("python", "w.py")),
        ("exec python3 w.py --name 'a b'", ("python", "w.py", "--name", "a b")),
        ("python w.py --port $PORT", ("python", "w.py", "--port", "${http.port}")),
        ("python w.py $QUEUE", ("sh", "-c", "exec python w.py $QUEUE")),
        ("uv run --frozen python w.py", ("python", "w.py")),
        ("python w.py | tee ${LOG}", ("sh", "-c", "python w.py | tee $${LOG}")),
        ("python a.py & python b.py", ("sh", "-c", "python a.py & python b.py")),
        ("python w.py > log", ("sh", "-c", "python w.py > log")),
        ("if true; then python a.py; fi", ("sh", "-c", "if true; then python a.py; fi")),
        ("python 'a", ("sh", "-c", "python 'a")),
    ],
)
def test_exec_stands_before_a_single_command_only(line: str, expected: tuple[str, ...]) -> None:
    # P14
    assert expected == words(line)


def test_a_change_of_directory_becomes_the_place_of_the_service() -> None:
    # P14
    files = {**FLASK, **NEEDS, "Procfile": "worker: cd jobs && A=1 python w.py\n", "jobs/w.py": ""}
    row = service(files, "worker")
    assert (("python", "w.py"), "app/jobs", {"A": "1"}) == (row.target, row.cwd, row.env)


def test_commands_before_the_server_become_commands_and_are_noted() -> None:
    # P14
    files = {**FLASK, **NEEDS, "Procfile": "web: flask db upgrade; gunicorn shop:app\n"}
    row = web(files)
    assert ("gunicorn", "shop:app") == (row.server, row.target)
    (command,) = (row for row in read(files).commands if row.name == "before-web")
    words = ("flask", "--app", "shop:app", "db", "upgrade")
    assert (words, "app") == (command.exec, command.cwd)
    assert "the Procfile's web line runs `flask db upgrade` first" in left(files)


def test_each_command_before_the_server_is_noted_by_its_own_name() -> None:
    line = "web: python a.py && python b.py && gunicorn shop:app\n"
    files = {**FLASK, **NEEDS, "Procfile": line, "a.py": "", "b.py": ""}
    named = {row.name for row in read(files).commands}
    said = left(files)
    for words, name in (("python a.py", "before-web"), ("python b.py", "before-web-2")):
        assert name in named
        assert f"`{words}` first: here that is the command {name}, which" in said


def test_a_port_that_the_programs_own_file_reads_is_handed_to_it() -> None:
    files = {
        **FLASK,
        "requirements.txt": "flask\nuwsgi\n",
        "Procfile": "web: uwsgi ./etc/uwsgi.ini\n",
        "etc/uwsgi.ini": "[uwsgi]\nhttp-socket = :$(PORT)\nvirtualenv = $(VIRTUAL_ENV)\n",
    }
    row = web(files)
    env = {"PORT": "${http.port}", "VIRTUAL_ENV": "${release.root}/python"}
    assert (("uwsgi", "./etc/uwsgi.ini"), env) == (row.target, row.env)
    assert {"tcp": "${http.host}:${http.port}"} == row.ready


def test_a_web_line_that_starts_another_program_is_that_program() -> None:
    # P14: no other application is served in its place
    source = "import os\nfrom shop import app\nport = int(os.environ['PORT'])\n"
    files = {**FLASK, **NEEDS, "server.py": source, "Procfile": "web: python server.py\n"}
    row = web(files)
    assert ("exec", ("python", "server.py")) == (row.kind, row.target)
    assert {"PORT": "${http.port}"} == row.env
    assert ("app", {"tcp": "${http.host}:${http.port}"}) == (row.cwd, row.ready)


def test_other_servers_run_as_programs_on_the_configured_port() -> None:
    # P14
    files = {
        **FLASK,
        "requirements.txt": "flask\nwaitress\n",
        "Procfile": "web: waitress-serve --port=$PORT shop:app\n",
    }
    row = web(files)
    assert ("waitress-serve", "--port=${http.port}", "shop:app") == row.target


def test_the_release_line_is_a_command() -> None:
    # P14
    files = {
        **FLASK,
        **NEEDS,
        "migrate.py": "print(1)\n",
        "Procfile": "release: python migrate.py --all\nweb: gunicorn shop:app\n",
    }
    (row,) = (row for row in read(files).commands if row.name == "release-phase")
    assert (("python", "-m", "migrate", "--all"), True) == (row.exec, row.once)
    assert "is the command `release-phase`" in left(files)


@pytest.mark.parametrize(
    ("line", "single"),
    [
        ("beat: celery -A shop beat", True),
        ("worker: celery -A shop worker -B", True),
        ("worker: celery -A shop worker", False),
        ("clock: python clock.py", True),
        ("jobs: rqscheduler", True),
        ("x: taskiq scheduler shop:scheduler", True),
    ],
)
def test_a_scheduler_runs_once(line: str, single: bool) -> None:
    # P51
    files = {**FLASK, "requirements.txt": "flask\ncelery\n", "Procfile": line, "clock.py": ""}
    (row,) = read(files).services[1:]
    assert single == row.singleton
    assert "started" == row.ready  # P49
    assert not row.required  # P47


def test_tools_of_a_checkout_are_no_services() -> None:
    # P14
    files = {**FLASK, **NEEDS, "Procfile": "web: make run\nscss: make watch\n", "Makefile": ""}
    (row,) = read(files).services
    assert ("shop:app", "gunicorn") == (row.target, row.server)
    said = left(files)
    assert "`make run` is a development server: web is served by gunicorn" in said
    assert "services.scss is written as a comment: `make` needs a checkout" in said


def test_environment_and_directory_of_a_line() -> None:
    line = shell_lines.parse("cd a && export B=2 && C=3 env D=4 python x.py")
    assert line.main is not None
    assert (("python", "x.py"), "a", {"B": "2", "C": "3", "D": "4"}) == (
        line.main.words,
        line.main.cwd,
        dict(line.main.env),
    )


def test_a_web_line_of_another_program_has_the_port() -> None:
    # P11, P14
    line = "web: newrelic-admin run-program gunicorn shop:app -w 3\n"
    row = web({**FLASK, "requirements.txt": "flask\ngunicorn\nnewrelic\n", "Procfile": line})
    assert {"PORT": "${http.port}"} == row.env
    assert {"tcp": "${http.host}:${http.port}"} == row.ready


def test_a_factory_with_arguments_is_called_by_gunicorn_itself() -> None:
    # P11
    source = "from flask import Flask\ndef create_app(config='dev'):\n    return Flask('x')\n"
    files = {
        "shop.py": source,
        **NEEDS,
        "Procfile": "web: gunicorn 'shop:create_app(\"x\")' -w 2\n",
    }
    assert ("gunicorn", 'shop:create_app("x")', "-w", "2") == web(files).target
    assert 'gunicorn calls `shop:create_app("x")` with arguments' in left(files)


@pytest.mark.parametrize(
    ("line", "target", "port"),
    [
        ("fastapi run app/main.py --port 80 --workers 4", "app.main:app", 80),
        ("fastapi run --host 0.0.0.0 -p 9000", "app.main:app", 9000),
        ("litestar --app app.main:app run -H 0.0.0.0 -p 81", "app.main:app", 81),
    ],
)
def test_the_command_lines_of_frameworks_are_read(line: str, target: str, port: int) -> None:
    # P11
    files = {
        "requirements.txt": "fastapi[standard]\n",
        "Dockerfile": f"FROM python:3.12\nCMD {line}\n",
        "app/__init__.py": "",
        "app/main.py": "from fastapi import FastAPI\napp = FastAPI()\n",
    }
    row = web(files)
    assert (target, "uvicorn", port) == (row.target, row.server, found(files).web.port)


SCRIPT = """\
#!/bin/sh
set -e
flask db upgrade  # first
exec gunicorn shop:app --workers 3 \\
    -b 0.0.0.0:$PORT "$@"
"""


@pytest.mark.parametrize("line", ["./start.sh", "bash start.sh", "sh ./start.sh"])
def test_a_script_of_plain_commands_is_read(line: str) -> None:
    # P14
    row = web({**FLASK, **NEEDS, "Procfile": f"web: {line}\n", "start.sh": SCRIPT})
    assert ("shop:app", {"workers": 3}) == (row.target, row.options)


def test_what_a_script_runs_first_is_a_command() -> None:
    # P14
    files = {**FLASK, **NEEDS, "Procfile": "web: ./start.sh\n", "start.sh": SCRIPT}
    assert "before-web" in {row.name for row in read(files).commands}
    assert "the Procfile's web line runs `flask db upgrade` first" in left(files)


@pytest.mark.parametrize("extra", ["if true; then", "case $1 in", "run() {", "cat <<EOF", "x &"])
def test_a_script_that_only_a_shell_understands_is_run(extra: str) -> None:
    # P14
    text = f"#!/bin/sh\n{extra}\ngunicorn shop:app\n"
    assert ("./start.sh",) == web(
        {**FLASK, **NEEDS, "Procfile": "web: ./start.sh\n", "start.sh": text}
    ).target


def test_an_entry_point_that_is_a_script_is_read() -> None:
    # P11
    docker = 'FROM python:3.12\nENTRYPOINT ["./start.sh"]\n'
    row = web({**FLASK, **NEEDS, "Dockerfile": docker, "start.sh": SCRIPT})
    assert ("shop:app", {"workers": 3}) == (row.target, row.options)


def test_a_process_manager_is_replaced_by_its_own_procfile() -> None:
    # P14
    files = {
        **FLASK,
        **NEEDS,
        "Procfile": "web: honcho start -f Procfile.real\n",
        "Procfile.real": "api: gunicorn shop:app\nworker: python w.py\n",
        "w.py": "",
    }
    assert "shop:app" == web(files).target
    assert ("python", "w.py") == service(files, "worker").target
    assert {"shop.py", "w.py"} <= set(found(files).contents.paths)


def test_what_scripts_and_configuration_files_name_goes_in() -> None:
    # P14, P16
    ini = "[uwsgi]\nmodule = shop:app\nhttp-socket = :$(PORT)\n"
    files = {**FLASK, "requirements.txt": "flask\nuwsgi\n", "uwsgi.ini": ini, "x.py": ""}
    assert ("shop.py", "uwsgi.ini") == found(
        {**files, "Procfile": "web: uwsgi uwsgi.ini\n"}
    ).contents.paths
    worker = {"Procfile": "worker: bash jobs/w.sh\n", "jobs/w.sh": "python w.py\n", "w.py": ""}
    assert "w.py" in found({**FLASK, **NEEDS, **worker}).contents.paths
