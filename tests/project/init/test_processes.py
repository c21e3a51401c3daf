"""Workers, schedulers and commands that sources show without a Procfile."""

from __future__ import annotations

import pytest

from tests.project.init.memory import found, left, read, service, written

CELERY = "from celery import Celery\napp = Celery('shop')\n"
MAIN = "def main():\n    print(1)\n\nif __name__ == '__main__':\n    main()\n"
DJANGO = """\
    import os, sys
    if __name__ == "__main__":
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")
        from django.core.management import execute_from_command_line
        execute_from_command_line(sys.argv)
    """


@pytest.mark.parametrize(
    ("package", "source", "words", "single"),
    [
        ("celery", CELERY, ("celery", "--app", "shop.jobs", "worker"), False),
        ("arq", "from arq import cron\nclass WorkerSettings:\n    functions = []\n",
         ("arq", "shop.jobs.WorkerSettings"), False),
        ("saq", "from saq import Queue\nsettings = {'queue': 1, 'functions': []}\n",
         ("saq", "shop.jobs.settings"), False),
        ("taskiq", "from taskiq_redis import ListQueueBroker\nbroker = ListQueueBroker('x')\n",
         ("taskiq", "worker", "shop.jobs:broker"), False),
        ("taskiq", "from taskiq import TaskiqScheduler\ns = TaskiqScheduler(1, [])\n",
         ("taskiq", "scheduler", "shop.jobs:s"), True),
        ("dramatiq", "import dramatiq\n@dramatiq.actor\ndef f():\n    pass\n",
         ("dramatiq", "shop.jobs"), False),
        ("huey", "from huey import SqliteHuey\nhuey = SqliteHuey()\n",
         ("huey_consumer", "shop.jobs.huey"), False),
        ("apscheduler", ("from apscheduler.schedulers.blocking import BlockingScheduler\n"
         "def main():\n    BlockingScheduler().start()\nif __name__ == '__main__':\n    main()\n"),
         ("python", "-m", "shop.jobs"), True),
    ],
)  # fmt: skip
def test_each_task_queue_has_its_own_program(
    package: str, source: str, words: tuple[str, ...], single: bool
) -> None:
    files = {"shop/__init__.py": "", "shop/jobs.py": source, "requirements.txt": package}
    (row,) = read(files).services
    assert (words, single, "started") == (row.target, row.singleton, row.ready)  # P49, P51
    assert row.required is True  # alone, there is nothing that could serve on


def test_celerys_schedule_has_a_scheduler_that_runs_once() -> None:
    # P51
    source = f"{CELERY}app.conf.beat_schedule = {{}}\n"
    web = "from flask import Flask\napp = Flask('x')\n"
    files = {"shop/__init__.py": "", "shop/jobs.py": source, "shop/web.py": web}
    row = service({**files, "requirements.txt": "celery\nflask\ngunicorn"}, "beat")
    assert ("celery", "--app", "shop.jobs", "beat") == row.target
    assert (True, False) == (row.singleton, row.required)
    assert row.cwd is None  # its schedule is in the state directory


def test_rq_without_a_word_of_its_redis_is_a_question() -> None:
    files = {"q.py": "from rq import Queue\nqueue = Queue()\n", "requirements.txt": "rq"}
    assert () == read(files).services
    assert '# exec = ["rq", "worker"' in written(files)
    assert "no file shows which Redis" in left(files)


def test_a_worker_of_the_procfile_is_not_written_twice() -> None:
    files = {"shop.py": CELERY, "Procfile": "tasks: celery -A shop worker", "requirements.txt": ""}
    assert ["tasks"] == [row.name for row in read(files).services]


def test_a_scheduler_inside_the_application_is_noted() -> None:
    source = (
        "from flask import Flask\n"
        "from apscheduler.schedulers.background import BackgroundScheduler\n"
        "app = Flask('x')\nBackgroundScheduler().start()\n"
    )
    assert "every instance of the service runs all its jobs" in left({"web.py": source})


def test_what_runs_at_a_time_of_day_is_noted() -> None:
    # P54
    files = {"web.py": "from flask import Flask\napp = Flask('x')\n", "deploy/crontab": "* * * * *"}
    assert "deploy/crontab: a release does not schedule jobs" in left(files)


@pytest.mark.parametrize(
    ("path", "root"), [("manage.py", None), ("src/manage.py", "src"), ("site/manage.py", "site")]
)
@pytest.mark.parametrize("form", ["guard", "main"])
def test_manage_is_a_command_whatever_its_form(path: str, root: str | None, form: str) -> None:
    # P15
    source = DJANGO if form == "guard" else f"from django import execute_from_command_line\n{MAIN}"
    if form == "main":
        source = source.replace("print(1)", "execute_from_command_line()")
    directory = path.removesuffix("manage.py")
    files = {
        path: source,
        f"{directory}mysite/__init__.py": "",
        f"{directory}mysite/settings.py": "",
    }
    typed = read(files)
    (row,) = typed.commands
    assert ("manage", ("python", "-m", "manage")) == (row.name, row.exec)
    assert ("app/site" if root == "site" else "app") == row.cwd  # P46
    assert ((root,) if root else ()) == typed.app_roots


def test_a_manage_py_that_is_no_program_is_noted() -> None:
    # P15
    assert "manage.py is not used" in left({"manage.py": "x = 1\n", "a.py": MAIN})


def test_a_site_without_manage_py_has_djangos_own_command_line() -> None:
    # P15
    files = {
        "mysite/settings.py": "ROOT_URLCONF = 'mysite.urls'\n",
        "mysite/urls.py": "",
        "mysite/wsgi.py": "from django.core.wsgi import get_wsgi_application\n"
        "application = get_wsgi_application()\n",
        "requirements.txt": "django\ngunicorn\n",
    }
    (row,) = read(files).commands
    assert ("manage", ("python", "-m", "django")) == (row.name, row.exec)
    assert {"DJANGO_SETTINGS_MODULE": "mysite.settings"} == row.env


def test_console_scripts_are_called_as_pips_wrapper_does_it() -> None:
    # P41
    project = "[project]\nname='clik'\nversion='1'\n[project.scripts]\nclik = 'clik:cli.run'\n"
    build = "[build-system]\nrequires=['hatchling']\nbuild-backend='hatchling.build'\n"
    code = {"clik.py": "import click\n@click.group()\ndef cli():\n    pass\n"}
    (row,) = read({"pyproject.toml": project + build, **code}).commands
    assert ("clik",) == row.exec
    (row,) = read({"pyproject.toml": project, **code}).commands
    assert ("clik:cli.run", True, ()) == (row.call, row.argv, row.exec)


def test_console_scripts_of_a_project_that_serves_are_commands_too() -> None:
    # P15
    project = "[project]\nname='shop'\nversion='1'\ndependencies=['flask','gunicorn']\n"
    project += "[project.scripts]\nreport = 'shop:report'\nstart = 'shop:report'\n"
    code = "from flask import Flask\napp = Flask('x')\n"
    files = {"pyproject.toml": project, "shop.py": code}
    assert "commands.report is written as a comment: shop.py does not define `report`" in left(
        files
    )
    files["shop.py"] = f"{code}def report(): ...\n"
    assert ["report"] == [row.name for row in read(files).commands]
    assert "leaving out the console script start" in left(files)


def test_a_command_that_is_added_to_flasks_own_is_reached() -> None:
    source = "from flask import Flask\napp = Flask('x')\napp.cli.add_command(print)\n"
    (row,) = read({"shop.py": source, "requirements.txt": "flask\ngunicorn\n"}).commands
    assert ("flask", ("flask", "--app", "shop:app")) == (row.name, row.exec)


def test_flask_and_alembic_have_their_command_lines() -> None:
    # P15
    files = {
        "shop.py": "from flask import Flask\napp = Flask('x')\n",
        "migrations/env.py": "",
        "requirements.txt": "flask\nflask-migrate\ngunicorn\n",
    }
    typed = read(files)
    assert ["flask"] == [row.name for row in typed.commands]
    assert (("flask", "--app", "shop:app"), "app") == (
        typed.commands[0].exec,
        typed.commands[0].cwd,
    )
    assert "migrations" in (typed.app or ())  # P16
    files = {
        "db/alembic.ini": "[alembic]\nscript_location = migrations\n",
        "db/migrations/env.py": "import shop\n",
        "shop.py": "from fastapi import FastAPI\napp = FastAPI()\n",
        "requirements.txt": "fastapi\nuvicorn\nalembic\n",
    }
    typed = read(files)
    (row,) = typed.commands
    assert (("alembic",), "app/db") == (row.exec, row.cwd)
    assert {"db/alembic.ini", "db/migrations"} <= set(typed.app or ())  # P16


def test_alembic_beside_a_wheel_lies_in_app() -> None:
    # P16
    files = {
        "pyproject.toml": "[project]\nname='shop'\nversion='1'\n"
        "dependencies=['fastapi','uvicorn','alembic']\n"
        "[build-system]\nrequires=['hatchling']\nbuild-backend='hatchling.build'\n",
        "shop/__init__.py": "from fastapi import FastAPI\napp = FastAPI()\n",
        "alembic.ini": "[alembic]\nscript_location = %(here)s/alembic\n",
        "alembic/env.py": "",
    }
    typed = read(files)
    assert typed.app is None
    assert ("alembic", "app") == (typed.commands[0].name, typed.commands[0].cwd)
    assert {("alembic.ini", "app/alembic.ini"), ("alembic", "app/alembic")} == {
        (row.source, row.to) for row in typed.overlays
    }


def test_a_program_of_the_target_is_named() -> None:
    files = {
        "shop.py": "from flask import Flask\napp = Flask('x')\n",
        "requirements.txt": "flask\ngunicorn\n",
        "Procfile": "web: gunicorn shop:app\nproxy: nginx -g x\n",
    }
    assert "services.proxy: `nginx` comes from the target's PATH" in left(files)


def test_a_project_without_code_is_asked_for_its_server() -> None:
    # P22
    project = "[project]\nname='x'\nversion='1'\ndependencies=['datasette']\n"
    files = {"pyproject.toml": project}
    assert () == read(files).app
    text = written(files)
    assert '# exec = ["datasette", "--port", "${http.port}"]' in text
    assert "no code, and no file shows" in text
    assert "worker:main" not in text
    assert () == found(files).services


@pytest.mark.parametrize(
    "line",
    [
        'gunicorn --bind=0.0.0.0:$PORT "shop:create_app()" | tee log',
        "honcho start & gunicorn 'shop:create_app()'",
        "(python -m shop.jobs; echo) > out",
    ],
)
def test_what_a_line_for_a_shell_names_goes_in(line: str) -> None:  # P14
    files = {
        "Procfile": f"web: {line}\n",
        "shop/__init__.py": "def create_app(name='x'):\n    return name\n",
        "shop/jobs.py": "",
        "requirements.txt": "gunicorn\n",
    }
    assert ("shop",) == read(files).app


def test_a_manage_py_that_runs_at_once_is_a_command() -> None:
    # P15
    source = "import sys\nfrom django.core.management import execute_from_command_line\n"
    files = {
        "manage.py": f"{source}execute_from_command_line(sys.argv)\n",
        "requirements.txt": "django\n",
    }
    (command,) = read(files).commands
    assert ("python", "-m", "manage") == command.exec


ALEMBIC = {
    "shop/__init__.py": "",
    "shop/main.py": "from fastapi import FastAPI\napp = FastAPI()\n",
}


def test_alembic_reads_its_settings_in_pyproject_too() -> None:
    # P16, P43
    pyproject = (
        "[project]\nname = 'shop'\nversion = '1'\n"
        "dependencies = ['fastapi', 'uvicorn', 'alembic']\n"
        "[tool.alembic]\nscript_location = '%(here)s/migrations'\n"
    )
    row = found(
        {**ALEMBIC, "pyproject.toml": pyproject, "migrations/env.py": "from shop import main\n"}
    )
    assert {"migrations", "pyproject.toml", "shop"} <= set(row.contents.paths)
    assert "alembic" in {command.name for command in row.commands}


def test_migrations_in_a_wheel_lie_beside_the_settings_that_name_them() -> None:
    # P16, P43
    pyproject = (
        "[project]\nname = 'shop'\nversion = '1'\n"
        "dependencies = ['fastapi', 'uvicorn', 'alembic']\n"
        "[build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n"
    )
    files = {
        **ALEMBIC,
        "pyproject.toml": pyproject,
        "alembic.ini": "[alembic]\nscript_location = shop/migrations\n",
        "shop/migrations/env.py": "",
    }
    assert ("alembic.ini", "shop/migrations") == found(files).overlays
    by_package = {**files, "alembic.ini": "[alembic]\nscript_location = shop:migrations\n"}
    assert ("alembic.ini",) == found(by_package).overlays


def test_a_worker_loads_the_tasks_of_other_modules() -> None:
    # P17
    huey = {
        "config.py": "from huey import RedisHuey\nhuey = RedisHuey()\n",
        "tasks.py": "from config import huey\n@huey.task()\ndef add(a): return a\n",
        "main.py": "from config import huey\nfrom tasks import add\n",
    }
    assert ("huey_consumer", "main.huey") == service(huey, "worker").target
    assert 'add = ["huey"]' in written(huey)
    taskiq = {
        "broker.py": "from taskiq_redis import ListQueueBroker\nbroker = ListQueueBroker('x')\n",
        "jobs.py": "from broker import broker\n@broker.task\ndef add(a): return a\n",
        "requirements.txt": "taskiq\ntaskiq-redis\n",
    }
    assert ("taskiq", "worker", "broker:broker", "jobs") == service(taskiq, "worker").target
    assert "jobs.py" in found(taskiq).contents.paths
