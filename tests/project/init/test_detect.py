from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from relforge.model.python_version import SUPPORTED
from relforge.model.spec import Settings
from relforge.project import pyproject, settings
from relforge.project.init import apply, plan
from tests.project.init.conftest import PROJECTS, Make
from tests.project.init.memory import found

pytestmark = pytest.mark.process  # git lists the files


def read(root: Path) -> Settings:
    """The settings of the directory, as a build for production reads them."""
    found = pyproject.load(root)
    merged = settings.lay(found.settings, "prod")
    typed, _ = settings.read(found, merged, "prod", version="1.0", lock=None)
    return typed


def written(root: Path) -> Settings:
    """What `relforge init` makes of the directory."""
    apply(plan(root))
    return read(root)


def test_a_wsgi_project_that_has_gunicorn_is_served_by_it(make: Make) -> None:
    files = dict(PROJECTS["flask"])
    files["pyproject.toml"] = files["pyproject.toml"].replace("uvicorn>=0.30", "gunicorn>=22")
    (web,) = written(make(files)).services
    assert ("gunicorn", {}) == (web.server, web.options)


@pytest.mark.parametrize("kind", sorted(PROJECTS))
def test_what_is_written_is_read_without_an_error(make: Make, kind: str) -> None:
    typed = written(make(PROJECTS[kind]))
    assert ["toml", "credentials", "env"] == [row.use for row in typed.config.providers]


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("fastapi", "shop.web:app"),
        ("flask", "shop.wsgi:application"),
        ("django", "mysite.asgi:application"),
        ("litestar", "main:app"),
    ],
)
def test_a_web_application_is_served_on_the_configured_port(
    make: Make, kind: str, target: str
) -> None:
    typed = written(make(PROJECTS[kind]))
    (web,) = typed.services
    assert ("web", "app", target) == (web.name, web.kind, web.target)
    assert ("${http.host}:${http.port}",) == web.listen
    own = {"django_settings_module", "secret_key"} if kind == "django" else set()
    assert {"http.host", "http.port"} | own == set(typed.config.schema)
    assert all(row["doc"] for row in typed.config.schema.values())
    assert "http.port" == typed.config.providers[2].options["map"]["PORT"]


def test_a_wsgi_application_says_so_to_its_server(make: Make) -> None:
    (web,) = written(make(PROJECTS["flask"])).services
    assert {"interface": "wsgi"} == web.options


def test_a_factory_that_nobody_calls_is_called_by_the_server(make: Make) -> None:
    files = {name: text for name, text in PROJECTS["flask"].items() if "wsgi" not in name}
    (web,) = written(make(files)).services
    assert "shop:create_app" == web.target
    assert {"factory": True, "interface": "wsgi"} == web.options
    needs = files["src/shop/__init__.py"].replace("create_app()", "create_app(config)")
    assert () == written(make(files | {"src/shop/__init__.py": needs})).services


@pytest.mark.parametrize(
    ("kind", "trees"),
    [
        ("fastapi", None),
        ("flask", None),
        ("script", None),
        ("django", ("manage.py", "mysite", "polls", "templates")),
        ("litestar", ("main.py",)),
    ],
)
def test_a_project_that_no_backend_builds_goes_in_as_sources(
    make: Make, kind: str, trees: tuple[str, ...] | None
) -> None:
    assert trees == written(make(PROJECTS[kind])).app


def test_a_directory_without_pyproject_gets_a_name_and_a_version(make: Make) -> None:
    root = make(PROJECTS["django"])
    typed = written(root)
    assert "my-shop" == typed.name
    assert not (root / "pyproject.toml").exists()
    assert 'version = "0.1.0"' in (root / "relforge.toml").read_text()


def test_console_scripts_of_a_program_become_commands(make: Make) -> None:
    typed = written(make(PROJECTS["script"]))
    assert () == typed.services
    # `start` is a command of every release.
    assert [("report", ("report",))] == [(row.name, row.exec) for row in typed.commands]


def test_a_celery_application_is_a_service(make: Make) -> None:
    files = PROJECTS["fastapi"] | {"shop/jobs.py": "import celery\n\nqueue = celery.Celery('x')\n"}
    typed = written(make(files))
    worker = next(row for row in typed.services if row.name == "worker")
    assert ("celery", "--app", "shop.jobs", "worker") == worker.target


@pytest.mark.parametrize(
    ("files", "run", "outputs"),
    [
        (
            {"package.json": '{"scripts": {"build": "vite build"}}'},
            (("npm", "install"), ("npm", "run", "build")),
            (("dist", "app/static"),),
        ),
        (
            {
                "assets/package.json": '{"scripts": {"build": "esbuild a.js --outdir=../out/js"}}',
                "assets/package-lock.json": "{}",
            },
            (("npm", "ci"), ("npm", "run", "build")),
            (("out/js", "app/static"),),
        ),
        (
            {
                "web/package.json": '{"scripts": {"build": "vite build"}}',
                "web/vite.config.js": "export default { build: { outDir: 'public' } }",
                "web/pnpm-lock.yaml": "",
            },
            (("pnpm", "install", "--frozen-lockfile"), ("pnpm", "run", "build")),
            (("web/public", "app/static"),),
        ),
    ],
)
def test_a_build_script_of_node_makes_the_assets(
    make: Make, files: dict[str, str], run: Any, outputs: Any
) -> None:
    typed = written(make(PROJECTS["fastapi"] | files))
    assert run == typed.assets.run
    assert outputs == typed.assets.outputs


def test_vite_names_its_files_itself(make: Make) -> None:
    build = {"package.json": '{"scripts": {"build": "vite build"}}'}
    assert not written(make(PROJECTS["fastapi"] | build)).assets.digest
    other = {"package.json": '{"scripts": {"build": "esbuild a.js --outdir=dist"}}'}
    assert written(make(PROJECTS["flask"] | other)).assets.digest


COLLECT = ("{python}", "manage.py", "collectstatic", "--noinput")


def test_django_collects_what_vite_has_built(make: Make) -> None:
    files = {
        "mysite/settings.py": """\
            from pathlib import Path
            BASE_DIR = Path(__file__).parent.parent
            STATIC_ROOT = BASE_DIR / "static"
            STATICFILES_DIRS = [BASE_DIR / "web" / "dist", BASE_DIR / "art"]
            """,
        "web/package.json": '{"scripts": {"build": "vite build"}}',
        "web/package-lock.json": "{}",
        "web/vite.config.js": "export default { build: { manifest: true } }",
        "art/logo.svg": "",
    }
    assets = written(make(PROJECTS["django"] | files)).assets
    npm = ("npm", "--prefix", "web")
    assert ((*npm, "ci"), (*npm, "run", "build"), COLLECT) == assets.run
    assert {"web/**", "art/**"} <= set(assets.inputs)
    assert "web/dist/**" not in assets.inputs
    expected = {"web/dist/.vite": "app/web/dist/.vite", "static": "app/static"}
    assert expected == dict(assets.outputs)


MAIN = "def main(words=()):\n    print(words)\n\nif __name__ == '__main__':\n    main()\n"


@pytest.mark.parametrize(
    ("files", "commands"),
    [
        ({"send_mail.py": MAIN}, [("send-mail", ("python", "-m", "send_mail"))]),
        ({"shop/__init__.py": "", "shop/__main__.py": MAIN}, [("shop", ("python", "-m", "shop"))]),
        ({"a.py": "if __name__ == '__main__':\n    print(1)\n"}, [("a", ("python", "-m", "a"))]),
        ({"a.py": "def main():\n    pass\n"}, []),
        ({"setup.py": MAIN, "test_a.py": MAIN, "deep/in/a.py": MAIN}, []),
        ({"start.py": MAIN}, []),
    ],
)
def test_a_program_without_an_entry_point_becomes_a_command(
    make: Make, files: dict[str, str], commands: list[tuple[str, tuple[str, ...]]]
) -> None:
    typed = written(make({"pyproject.toml": "[project]\nname = 'x'\nversion = '1'\n", **files}))
    assert commands == [(row.name, row.exec) for row in typed.commands]


def test_a_package_json_without_a_build_is_no_asset(make: Make) -> None:
    typed = written(make(PROJECTS["fastapi"] | {"package.json": '{"scripts": {}}'}))
    assert () == typed.assets.run


@pytest.mark.parametrize(
    ("required", "pin", "version"),
    [(">=3.13", "", tuple(SUPPORTED)[-1]), ("<3.12", "", "3.11"), (">=3.11", "3.12.4\n", "3.12")],
)
def test_the_python_fits_the_project(make: Make, required: str, pin: str, version: str) -> None:
    files = PROJECTS["fastapi"] | {".python-version": pin} if pin else dict(PROJECTS["fastapi"])
    files["pyproject.toml"] = files["pyproject.toml"].replace(">=3.11", required)
    assert version == written(make(files)).python.version


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("import fastapi as f\nserver = f.FastAPI()\n", "a.b:server"),
        ("from starlette.applications import Starlette as S\nx: S = S()\n", "a.b:x"),
        (
            "def make_app():\n    from quart import Quart\n    return Quart('x')\nq = make_app()\n",
            "a.b:q",
        ),
        ("from fastapi import FastAPI\ndef f():\n    app = FastAPI()\n", None),
        ("from other import FastAPI\napp = FastAPI()\n", None),
        ("this is no python", None),
    ],
)
def test_an_application_is_found_by_what_makes_it(source: str, target: str | None) -> None:
    model = found({"a/b.py": source})
    assert target == (model.web.application.target if model.web.application else None)


def test_a_fresh_project_of_django_gets_what_it_depends_on(make: Make) -> None:
    files = {
        "mysite/asgi.py": (
            "from django.core.asgi import get_asgi_application\n"
            "application = get_asgi_application()\n"
        ),
        "manage.py": "def main(): pass\n",
    }
    (note,) = (
        row for row in plan(make(files)).notes if "the project does not declare dependencies" in row
    )
    assert "`dependencies.add` has django and uvicorn" in note


def test_the_notes_say_what_is_left_to_do(make: Make) -> None:
    made = plan(make(PROJECTS["django"]))
    assert "dependencies.add: uvicorn>=0.30 (the services need uvicorn)" in made.found
    assert any("SECRET_KEY" in note for note in made.notes)
    assert any("run: relforge lock" in note for note in made.notes)
    assert not any("mysite.wsgi" in note for note in made.notes)


def test_there_is_nothing_to_note_where_nothing_is_left_to_do(make: Make) -> None:
    assert () == plan(make(PROJECTS["litestar"])).notes


def test_a_procfile_names_which_processes_there_are(make: Make) -> None:
    lines = """\
        # what Heroku runs
        release: python -m shop.migrate
        web: gunicorn shop.wsgi:application --workers 3
        worker: python -m shop.queue --name=one
        Clock: TZ=UTC python clock.py | tee ${LOG}
        """
    files = {**PROJECTS["flask"], "Procfile": lines, "src/shop/queue.py": "", "clock.py": ""}
    typed = written(make(files))
    web, worker, clock = typed.services
    assert ("web", "gunicorn", "shop.wsgi:application") == (web.name, web.server, web.target)
    assert ("worker", "exec", "started") == (worker.name, worker.kind, worker.ready)
    assert ("python", "-m", "shop.queue", "--name=one") == worker.target
    assert ("clock", ("sh", "-c", "TZ=UTC python clock.py | tee $${LOG}")) == (
        clock.name,
        clock.target,
    )
    assert any("release line, `python -m shop.migrate`" in row for row in plan(make(files)).notes)


def test_an_application_that_only_the_procfile_names_is_served(make: Make) -> None:
    files = {
        "pyproject.toml": PROJECTS["script"]["pyproject.toml"],
        "Procfile": "web: uvicorn --factory made.elsewhere:build --port $PORT",
    }
    (web,) = written(make(files)).services
    assert ("uvicorn", "made.elsewhere:build", {"factory": True}) == (
        web.server,
        web.target,
        web.options,
    )
