"""What `relforge init` writes for each fixture project: in memory, without building any."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.project.init import memory

PROJECTS = Path(__file__).parent / "projects"
WEB = "${http.host}:${http.port}"


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What is expected of one project; ``web`` is what the service `web` serves or runs."""

    web: str | tuple[str, ...] = ()
    server: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    app: tuple[str, ...] | None = None
    roots: tuple[str, ...] = ()
    others: tuple[str, ...] = ()  # further services
    commands: tuple[str, ...] = ()


SHAPES = {
    "django_gunicorn": Shape(
        web="bookshop.wsgi:application",
        server="gunicorn",
        options={"workers": 2},
        app=("manage.py", "bookshop", "pages"),
        commands=("manage", "release-phase"),
    ),
    "django_in_src": Shape(
        web="mysite.wsgi:application",
        server="gunicorn",
        app=("src/manage.py", "src/mysite", "src/pages"),
        roots=("src",),
        commands=("manage",),
    ),
    "django_in_subdirectory": Shape(
        web="shop.wsgi:application",
        server="gunicorn",
        app=("shop/manage.py", "shop/pages", "shop/shop"),
        roots=("shop",),
        commands=("manage",),
    ),
    "django_channels": Shape(
        web="chat.asgi:application",
        server="uvicorn",
        app=("manage.py", "chat", "pages"),
        commands=("manage",),
    ),
    "django_split_settings": Shape(
        web="mysite.wsgi:application",
        server="gunicorn",
        app=("manage.py", "mysite", "pages"),
        commands=("manage",),
    ),
    "django_environ": Shape(
        web="guarded.wsgi:application",
        server="gunicorn",
        app=("manage.py", "guarded", "pages"),
        commands=("manage",),
    ),
    "django_celery": Shape(
        web="mail.wsgi:application",
        server="gunicorn",
        app=("manage.py", "mail", "pages"),
        others=("worker", "beat"),
        commands=("manage",),
    ),
    "flask_requirements": Shape(web="app:app", server="gunicorn", app=("app.py",)),
    "flask_factory_reexport": Shape(
        web="store.factory:create_app",
        server="gunicorn",
        options={"factory": True},
        app=("store",),
    ),
    "flask_relative_files": Shape(
        web="shop:app", server="gunicorn", app=("pages/index.html", "shop.py")
    ),
    "flask_migrate": Shape(
        web="shop:app",
        server="gunicorn",
        app=("migrations", "shop"),
        commands=("flask", "before-web"),
    ),
    "flask_package_data": Shape(
        web="pages:app", server="gunicorn", app=("src/pages",), roots=("src",)
    ),
    "flask_own_variables": Shape(web="shop:app", server="gunicorn", app=("shop.py",)),
    "flask_scripts": Shape(web="clik:app", server="gunicorn", commands=("clik",)),
    "fastapi_standard": Shape(web="app.main:app", server="uvicorn", app=("app",)),
    "fastapi_backend": Shape(
        web="app.main:app", server="uvicorn", app=("backend/app",), roots=("backend",)
    ),
    "fastapi_hatch_mapping": Shape(web="shop.web:app", server="uvicorn"),
    "fastapi_alembic": Shape(web="ledger.main:app", server="uvicorn", commands=("alembic",)),
    "fastapi_settings": Shape(web="conf:app", server="uvicorn", app=("conf.py",)),
    "asgi_by_name": Shape(web="bare.asgi:application", server="uvicorn", app=("bare",)),
    "quart_procfile": Shape(web="duck.web:app", server="hypercorn", app=("duck",)),
    "poetry_lib": Shape(web="verse:app", server="uvicorn"),
    "starlette_dockerfile": Shape(
        web="web:app", server="uvicorn", app=("server/web.py",), roots=("server",)
    ),
    "own_server": Shape(web=("python", "-m", "server"), app=("server.py",)),
    "waitress_procfile": Shape(
        web=("waitress-serve", "--port=${http.port}", "shop:app"),
        app=("jobs/helper.py", "jobs/work.py", "shop.py"),
        roots=("jobs",),
        others=("background",),
    ),
    "workers_only": Shape(app=("work",), others=("scheduler", "worker")),
    "program_only": Shape(app=("report.py",), commands=("report",)),
    "dependency_only": Shape(app=()),
    "two_front_ends": Shape(web="main:app", server="uvicorn", app=("main.py",)),
    "django": Shape(
        web="mysite.asgi:application",
        server="uvicorn",
        app=("manage.py", "mysite", "pages"),
        commands=("manage",),
    ),
    "flask": Shape(
        web="shop:create_app", server="uvicorn", options={"factory": True, "interface": "wsgi"}
    ),
    "flask_poetry_lock": Shape(web="press:app", server="gunicorn", app=("press.py",)),
    "fastapi": Shape(web="shop.web:app", server="uvicorn", app=("shop",)),
    "litestar": Shape(web="main:app", server="uvicorn", app=("main.py",)),
    "celery": Shape(app=("jobs",), others=("worker",)),
    "script": Shape(app=("report",), commands=("report",)),
}


def files(name: str) -> dict[str, str]:
    """The texts of a fixture project."""
    root = PROJECTS / name
    paths = (path for path in sorted(root.rglob("*")) if path.is_file() and path.suffix != ".pyc")
    return {path.relative_to(root).as_posix(): path.read_text() for path in paths}


def test_every_fixture_has_its_expectation() -> None:
    assert {path.name for path in PROJECTS.iterdir()} == set(SHAPES)
    assert len(SHAPES) >= 25


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_the_settings_of_each_shape(name: str) -> None:
    expected = SHAPES[name]
    typed = memory.read(files(name))
    services = {row.name: row for row in typed.services}
    web = services.pop("web", None)
    assert expected.web == (web.target if web else ())
    assert expected.server == (web.server if web else "")
    assert expected.options == (web.options if web else {})
    assert (expected.app and sorted(expected.app), expected.roots) == (
        typed.app and sorted(typed.app),
        typed.app_roots,
    )
    assert (expected.others, expected.commands) == (
        tuple(services),
        tuple(row.name for row in typed.commands),
    )


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_nothing_of_a_fixture_is_in_doubt(name: str) -> None:
    if name != "dependency_only":
        assert "written as a comment" not in memory.left(files(name), "npm")
