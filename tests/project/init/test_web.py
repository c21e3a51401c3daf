"""Which object is served, by which server, with which options."""

from __future__ import annotations

import pytest
import tomli

from tests.project.init.memory import found, left, read, service, web, written

ASGI = """\
from django.core.asgi import get_asgi_application
application = get_asgi_application()
"""
WSGI = """\
from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()
"""
SITE = {
    "manage.py": "if __name__ == '__main__':\n    execute_from_command_line()\n",
    "bookshop/__init__.py": "",
    "bookshop/asgi.py": ASGI,
    "bookshop/wsgi.py": WSGI,
    "bookshop/settings.py": "ROOT_URLCONF = 'bookshop.urls'\n",
    "bookshop/urls.py": "",
}


def site(requirements: str, **files: str) -> dict[str, str]:
    return {**SITE, "requirements.txt": requirements, **files}


def test_gunicorn_serves_wsgi_and_keeps_the_options_of_the_procfile() -> None:
    # P11
    files = site("django\ngunicorn\n", Procfile="web: gunicorn bookshop.wsgi --workers 2\n")
    row = web(files)
    assert ("gunicorn", "bookshop.wsgi:application") == (row.server, row.target)
    assert {"workers": 2} == row.options


@pytest.mark.parametrize(
    ("requirements", "server", "target"),
    [
        ("gunicorn", "gunicorn", "bookshop.wsgi:application"),
        ("uvicorn[standard]", "uvicorn", "bookshop.asgi:application"),
        ("gunicorn\nuvicorn", "uvicorn", "bookshop.asgi:application"),
        ("hypercorn", "hypercorn", "bookshop.asgi:application"),
        ("", "uvicorn", "bookshop.asgi:application"),
    ],
)
def test_the_server_of_the_dependencies_decides_the_interface(
    requirements: str, server: str, target: str
) -> None:
    # P11
    row = web(site(f"django\n{requirements}\n"))
    assert (server, target) == (row.server, row.target)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("gunicorn -w4 -b 0.0.0.0:$PORT bookshop.wsgi:application", {"workers": 4}),
        ("gunicorn --timeout=40 -k gthread --threads 8 bookshop.wsgi",
         {"timeout": 40, "worker_class": "gthread", "threads": 8}),
        ("gunicorn -k uvicorn.workers.UvicornWorker bookshop.asgi:application",
         {"worker_class": "uvicorn"}),
        ("poetry run gunicorn bookshop.wsgi --log-level info --access-logfile -",
         {"loglevel": "info", "accesslog": "-"}),
        ("python -m gunicorn bookshop.wsgi --preload", {"preload_app": True}),
        ("gunicorn bookshop.asgi:application", {"worker_class": "uvicorn"}),
    ],
)  # fmt: skip
def test_options_of_gunicorns_line_are_kept(line: str, expected: dict[str, object]) -> None:
    # P11
    row = web(site("django\ngunicorn\nuvicorn\n", Procfile=f"web: {line}\n"))
    assert ("gunicorn", expected) == (row.server, row.options)


@pytest.mark.parametrize(
    ("server", "words"),
    [
        ("waitress", ("waitress-serve", "--listen=${http.host}:${http.port}",
                      "bookshop.wsgi:application")),
        ("daphne", ("daphne", "-b", "${http.host}", "-p", "${http.port}",
                    "bookshop.asgi:application")),
        ("granian", ("granian", "--interface", "asgi", "--host", "${http.host}", "--port",
                     "${http.port}", "bookshop.asgi:application")),
    ],
)  # fmt: skip
def test_a_server_that_takes_no_socket_is_run_as_a_program(
    server: str, words: tuple[str, ...]
) -> None:
    # P11
    row = web(site(f"django\n{server}\n"))
    assert (words, {"tcp": "${http.host}:${http.port}"}) == (row.target, row.ready)
    assert "add it" not in left(site(f"django\n{server}\n"))


def test_address_and_processes_of_the_line_become_settings() -> None:
    # P11
    typed = read(
        site(
            "django\nuvicorn\n",
            Procfile="web: uvicorn bookshop.asgi:application --host 0.0.0.0 --port ${PORT:-5000} "
            "--workers 3 --proxy-headers\n",
        )
    )
    row = typed.services[0]
    assert (3, {"proxy_headers": True}) == (row.instances, row.options)
    assert ("${http.host}:${http.port}",) == row.listen
    assert ("0.0.0.0", 5000) == (
        typed.config.schema["http.host"]["default"],
        typed.config.schema["http.port"]["default"],
    )
    row = web(
        site("django\ngunicorn\n", Procfile="web: gunicorn bookshop.wsgi -b unix:/run/x.sock")
    )
    assert ("unix:/run/x.sock",) == row.listen


def test_options_of_a_configuration_file_of_gunicorn_are_taken_over() -> None:
    # P11
    config = "workers = 3\ntimeout = 50\nbind = '0.0.0.0:9000'\ndef on_starting(s):\n    pass\n"
    files = site(
        "django\ngunicorn\n",
        **{"Procfile": "web: gunicorn -c conf/g.py bookshop.wsgi", "conf/g.py": config},
    )
    assert {"workers": 3, "timeout": 50} == web(files).options
    assert 9000 == read(files).config.schema["http.port"]["default"]
    assert "conf/g.py: `on_starting` is computed there and is not copied" in left(files)


def test_application_of_asgi_py_wins_over_what_it_wraps() -> None:
    # P12
    channels = ASGI.replace("application = ", "django_asgi_app = ") + (
        "from channels.routing import ProtocolTypeRouter\n"
        "application = ProtocolTypeRouter({'http': django_asgi_app})\n"
    )
    files = site("django\nchannels\nuvicorn\n", **{"bookshop/asgi.py": channels})
    assert "bookshop.asgi:application" == web(files).target


def test_the_settings_name_the_application() -> None:
    # P12
    routing = "from channels.routing import ProtocolTypeRouter\nboth = ProtocolTypeRouter({})\n"
    files = site(
        "django\nuvicorn\n",
        **{
            "bookshop/routing.py": routing,
            "bookshop/settings.py": SITE["bookshop/settings.py"]
            + "ASGI_APPLICATION = 'bookshop.routing.both'\n",
        },
    )
    assert "bookshop.routing:both" == web(files).target


@pytest.mark.parametrize(
    ("source", "interface"),
    [
        ("app = FastAPI()\napp = SentryAsgiMiddleware(app)\n", "asgi"),
        ("app = FastAPI()\napp = socketio.ASGIApp(sio, app)\n", "asgi"),
        ("inner = Flask('x')\napp = WsgiToAsgi(inner)\n", "asgi"),
        ("app = Flask('x')\napp.wsgi_app = ProxyFix(app.wsgi_app)\n", "wsgi"),
    ],
)
def test_an_object_that_is_wrapped_under_its_own_name_is_served(
    source: str, interface: str
) -> None:
    # P12
    imports = (
        "from fastapi import FastAPI\nfrom flask import Flask\nimport socketio\n"
        "from sentry_sdk.integrations.asgi import SentryAsgiMiddleware\n"
        "from asgiref.wsgi import WsgiToAsgi\nfrom werkzeug.middleware.proxy_fix import ProxyFix\n"
    )
    model = found({"main.py": imports + source, "requirements.txt": "uvicorn\n"})
    assert model.web.application is not None
    assert ("main:app", interface) == (
        model.web.application.target,
        model.web.application.interface,
    )


FASTAPI = "from fastapi import FastAPI\n"


@pytest.mark.parametrize(
    ("files", "target", "options"),
    [
        # what a package makes elsewhere and re-exports
        ({"shop/asgi/__init__.py": "from .handler import make\napplication = make()\n",
          "shop/asgi/handler.py": f"{FASTAPI}def make():\n    return FastAPI()\n",
          "shop/__init__.py": ""}, "shop.asgi:application", {}),
        ({"shop/__init__.py": "from .factory import create_app\n",
          "shop/factory.py": f"{FASTAPI}def create_app():\n    app = FastAPI()\n    return app\n"},
         "shop.factory:create_app", {"factory": True}),
        ({"main.py": "from shop.api import app\n",
          "shop/__init__.py": "", "shop/api.py": f"{FASTAPI}app = FastAPI()\n"}, "main:app", {}),
        ({"run.py": "import api\napp = api.app\n", "api.py": f"{FASTAPI}app = FastAPI()\n"},
         "api:app", {}),
        # a subclass, and a factory of it
        ({"web.py": f"{FASTAPI}class App(FastAPI):\n    pass\napp = App()\n"}, "web:app", {}),
        ({"base.py": f"{FASTAPI}class App(FastAPI):\n    pass\n",
          "web.py": "from base import App\nclass Own(App):\n    pass\ndef create_app(d=1):\n"
          "    app = Own()\n    return app\n"}, "web:create_app", {"factory": True}),
        # made in `if` and `try`
        ({"web.py": f"{FASTAPI}try:\n    app = FastAPI()\nexcept Exception:\n    raise\n"},
         "web:app", {}),
        # a name alone: asgi.py counts even where its object cannot be read
        ({"shop/__init__.py": "",
          "shop/asgi.py": "from framework import boot\napplication = boot()\n"},
         "shop.asgi:application", {}),
        # manually
        ({"web.py": "async def app(scope, receive, send):\n    pass\n"}, "web:app", {}),
        ({"shop/__init__.py": "class Site:\n    async def __call__(self, scope, receive, send):\n"
          "        pass\napp = Site()\n"}, "shop:app", {}),
        # others than the usual ones
        ({"web.py": "from sanic import Sanic\napp = Sanic('x')\n"}, "web:app", {}),
        ({"web.py": "from blacksheep import Application\napp = Application()\n"}, "web:app", {}),
    ],
)  # fmt: skip
def test_applications_are_found_through_imports_and_subclasses(
    files: dict[str, str], target: str, options: dict[str, object]
) -> None:
    # P17
    row = web({**files, "requirements.txt": "fastapi\nuvicorn\n"})
    assert (target, options) == (row.target, row.options)


def test_a_missing_web_service_is_always_said() -> None:
    # P17
    files = {"manage.py": SITE["manage.py"], "shop/__init__.py": "", "shop/x.py": "def f(): pass\n"}
    assert "no web application found" in left(files)
    wants = {"shop.py": "from flask import Flask\ndef create_app(config):\n    return Flask('x')\n"}
    assert "shop:create_app creates an application and wants arguments" in left(wants)


def test_a_program_that_serves_by_itself_is_a_service() -> None:
    # P17
    source = """\
        import os
        from aiohttp import web

        app = web.Application()
        if __name__ == "__main__":
            web.run_app(app, port=int(os.environ["PORT"]))
        """
    row = web({"server.py": source, "requirements.txt": "aiohttp\n"})
    assert ("exec", ("python", "-m", "server")) == (row.kind, row.target)
    assert {"tcp": "${http.host}:${http.port}"} == row.ready
    assert {"PORT": "${http.port}"} == row.env


@pytest.mark.parametrize(
    ("requirements", "added"),
    [
        ("fastapi[standard]\n", ()),  # P19: the extra brings uvicorn
        ("fastapi\n", ("uvicorn>=0.30",)),
        ("fastapi\nuvicorn-worker\n", ()),
        ("-r base.txt\n", ()),
        ("quart\n", ()),
    ],
)
def test_a_server_that_is_missing_is_added(requirements: str, added: tuple[str, ...]) -> None:
    # P19
    files = {
        "main.py": f"{FASTAPI}app = FastAPI()\n",
        "requirements.txt": requirements,
        "base.txt": "fastapi\nuvicorn\n",
    }
    assert added == read(files).dependencies.add
    said = left(files)
    assert "services.web needs" not in said
    assert "the project does not declare dependencies" not in said


@pytest.mark.parametrize(
    ("tables", "key", "names"),
    [
        ("[project.optional-dependencies]\nserve = ['gunicorn', 'gevent']\n", "extras", ["serve"]),
        ("[dependency-groups]\nprod = ['gunicorn>=20']\n", "groups", ["prod"]),
        ("[dependency-groups]\ndev = ['gunicorn>=20']\n", "add", ["gunicorn>=21"]),
    ],
)
def test_a_server_comes_from_an_extra_or_group_that_has_it(
    tables: str, key: str, names: list[str]
) -> None:
    project = "[project]\nname = 'shop'\nversion = '1'\ndependencies = ['flask']\n"
    files = {"shop.py": "from flask import Flask\napp = Flask('a')\n"}
    settings = tomli.loads(written({**files, "pyproject.toml": project + tables}))
    assert {key: names} == settings["dependencies"]


def test_a_server_that_the_lock_of_another_tool_lacks_is_added_on_top_of_it() -> None:
    project = "[project]\nname = 'shop'\nversion = '1'\ndependencies = ['flask']\n"
    files = {
        "shop.py": "from flask import Flask\napp = Flask('a')\n",
        "pyproject.toml": project,
        "uv.lock": 'version = 1\n[[package]]\nname = "flask"\nversion = "3.0"\n',
    }
    assert ("gunicorn>=21",) == read(files).dependencies.add
    assert "all dependencies come from it, except those in `add`" in written(files)
    assert "uv.lock does not have gunicorn; run: relforge lock" in left(files)


def test_what_a_lock_has_for_development_is_no_server() -> None:
    # P19
    lock = "".join(
        f'[[package]]\nname = "{name}"\nversion = "1"\ndependencies = [{needs}]\n'
        for name, needs in (("flask", '{ name = "click" }'), ("click", ""), ("uvicorn", ""))
    )
    files = {
        "pyproject.toml": "[project]\nname = 'x'\nversion = '1'\ndependencies = ['flask']\n",
        "uv.lock": f"version = 1\n{lock}",
        "web.py": "from flask import Flask\napp = Flask('x')\n",
    }
    assert "uv.lock does not have gunicorn" in left(files)
    files["pyproject.toml"] = files["pyproject.toml"].replace("['flask']", "['flask', 'uvicorn']")
    assert "uv.lock does not have" not in left(files)


@pytest.mark.parametrize(
    "files",
    [
        {"setup.py": "from setuptools import setup\nsetup(name='x', install_requires=['flask'])\n"},
        {"pyproject.toml": "[project]\nname='x'\ndynamic = ['dependencies', 'version']\n"
         "[build-system]\nrequires=['hatchling']\nbuild-backend='hatchling.build'\n"},
        {"pyproject.toml": "[tool.poetry]\nname='x'\n[tool.poetry.dependencies]\nflask = '*'\n"},
        {"Pipfile": "[packages]\nflask = '*'\n"},
        {"setup.cfg": "[metadata]\nname = x\n[options]\ninstall_requires =\n    flask\n"},
    ],
)  # fmt: skip
def test_dependencies_are_seen_wherever_they_are_written(files: dict[str, str]) -> None:
    # P19
    said = left({**files, "web.py": "from flask import Flask\napp = Flask('x')\n"})
    assert "no dependencies" not in said
    assert "write it there" not in said


def test_requirements_in_a_directory_of_the_project_are_named() -> None:
    # P19
    files = {
        "src/requirements.txt": "fastapi\nuvicorn\n",
        "src/main.py": f"{FASTAPI}app = FastAPI()",
    }
    assert ("src/requirements.txt",) == read(files).requirements
    assert "no dependencies" not in left(files)


def test_an_entry_point_before_the_server_is_passed_over() -> None:
    files = {
        "Dockerfile": 'ENTRYPOINT ["/bin/wait"]\n'
        'CMD ["gunicorn", "-c", "python:config.gunicorn", "hello.app:create_app()"]\n',
        "hello/app.py": "from flask import Flask\ndef create_app():\n    return Flask('x')\n",
        "db/env.py": "from hello.app import create_app\napp = create_app()\n",
        "config/gunicorn.py": "threads = 3\n",
        "requirements.txt": "flask\ngunicorn\n",
    }
    row = web(files)
    assert ("hello.app:create_app", {"threads": 3, "factory": True}) == (row.target, row.options)


def test_a_line_of_a_procfile_that_names_what_is_not_there_becomes_a_comment() -> None:
    files = site("django\ngunicorn\n", Procfile="web: gunicorn bookshop.nothing\n")
    assert () == read(files).services
    assert "the project has no module `bookshop.nothing`" in left(files)


def test_a_dockerfile_says_how_the_application_is_served() -> None:
    files = site(
        "django\ngunicorn\n",
        Dockerfile='FROM python:3.12\nCMD ["gunicorn", "-w", "2", "bookshop.wsgi:application"]\n',
    )
    row = web(files)
    assert ("gunicorn", {"workers": 2}) == (row.server, row.options)
    assert "3.12" == read(files).python.version


def test_workers_beside_a_website_do_not_take_it_along() -> None:
    # P47
    files = site("django\ngunicorn\n", Procfile="web: gunicorn bookshop.wsgi\nq: python q.py\n")
    files["q.py"] = "while True: pass\n"
    assert service(files, "web").awaited
    assert service(files, "q").required is False


def test_an_application_that_gets_its_routes_elsewhere_is_taken_from_there() -> None:
    files = {
        "requirements.txt": "flask\ngunicorn\n",
        "shop/__init__.py": "from flask import Flask\napp = Flask(__name__)\n",
        "shop/views.py": "from . import app\n@app.route('/')\ndef home(): ...\n",
        "shop/admin.py": "from shop import app\n@app.get('/admin')\ndef admin(): ...\n",
        "shop/webapp.py": "from . import app\nfrom . import views, admin\n",
    }
    assert "shop.webapp:app" == web(files).target
    files["shop/webapp.py"] = "from . import app, views\n"
    assert "shop:app" == web(files).target, "no module loads them all"
    files["shop/__init__.py"] += "from shop import views, admin\n"
    assert "shop:app" == web(files).target


def test_a_project_that_writes_no_dependencies_down_gets_its_framework_and_server() -> None:
    files = {"main.py": f"{FASTAPI}import requests\napp = FastAPI()\n"}
    assert ("fastapi", "uvicorn>=0.30") == read(files).dependencies.add
    said = left(files)
    assert "the project does not declare dependencies" in said
    assert "run: relforge lock" in said
    files = {"run.py": "import json\nif __name__ == '__main__':\n    print(json)\n"}
    assert () == read(files).dependencies.add


def test_a_module_wsgi_comes_first_whatever_its_object_is_called() -> None:
    made = "from shop import create_app\n"
    files = {
        "requirements.txt": "flask\ngunicorn\ncelery\n",
        "shop/__init__.py": "from flask import Flask\ndef create_app():\n    return Flask('a')\n",
        "celery_worker.py": f"{made}app = create_app()\n",
        "wsgi.py": f"{made}shop = create_app()\n",
    }
    assert "wsgi:shop" == web(files).target


def test_what_a_call_gives_first_of_several_may_be_the_application() -> None:
    source = "from fasthtml.common import *\napp, rt = fast_app(live=True)\nserve()\n"
    files = {"main.py": source, "requirements.txt": "python-fasthtml\nuvicorn\n"}
    assert ("main:app", "uvicorn") == (web(files).target, web(files).server)
    assert "main:rt" not in left(files)


def test_a_port_that_tornado_reads_from_the_command_line_is_handed_to_it() -> None:
    source = (
        "import tornado.web\nfrom tornado.options import define, options, parse_command_line\n"
        "define('port', default=8888)\n"
        "def main():\n    parse_command_line()\n    site = tornado.web.Application()\n"
        "    site.listen(options.port)\n"
        "if __name__ == '__main__':\n    main()\n"
    )
    row = web({"hello.py": source, "requirements.txt": "tornado\n"})
    assert ("python", "-m", "hello", "--port=${http.port}") == row.target
    assert {"tcp": "${http.host}:${http.port}"} == row.ready


UNSET = """
from bottle import Bottle
config: Config
app = Bottle()
@app.route("/")
def index():
    return config.text
"""
MADE = """
from bottle import Bottle
def app(**given) -> Bottle:
    made = __import__("_app", globals(), locals(), ["."], 1)
    made.config = given
    return made.app
"""


def test_an_application_whose_module_lacks_a_value_is_made_by_the_factory_that_gives_it() -> None:
    # P12
    files = {
        "shop/__init__.py": MADE,
        "shop/_app.py": UNSET,
        "requirements.txt": "bottle\ngunicorn\n",
    }
    service = web(files)
    assert ("shop:app", {"factory": True}) == (service.target, service.options)
    asked = MADE.replace("**given", "given")
    assert "shop._app:app" == web({**files, "shop/__init__.py": asked}).target
    bound = UNSET.replace("config: Config", "config: Config = Config()")
    assert "shop._app:app" == web({**files, "shop/_app.py": bound}).target
    later = f"{UNSET}def init():\n    global config\n    config = 1\n"
    assert "shop._app:app" == web({**files, "shop/_app.py": later}).target


def test_a_factory_says_by_its_annotation_what_it_makes() -> None:
    # P17
    source = "import flask\ndef create_app() -> flask.Flask:\n    return helper.build('x')\n"
    files = {"shop/web.py": source, "requirements.txt": "flask\ngunicorn\n"}
    assert ("shop.web:create_app", {"factory": True}) == (web(files).target, web(files).options)


FASTAPI = "from fastapi import FastAPI\n"


def test_the_outermost_of_several_applications_is_served() -> None:
    # P12
    mounted = {
        "requirements.txt": "starlette\nfastapi\nuvicorn\n",
        "main.py": "from starlette.applications import Starlette\nfrom api import app as api\n"
        "app = Starlette(routes=[Mount('/api', api)])\n",
        "api.py": f"{FASTAPI}app = FastAPI()\n",
    }
    assert "main:app" == web(mounted).target
    flask = "from flask import Flask\napp = Flask(__name__)\n"
    dispatched = {
        "requirements.txt": "flask\ngunicorn\n",
        "run.py": "from werkzeug.middleware.dispatcher import DispatcherMiddleware\n"
        "from front import app as front\nfrom admin import app as admin\n"
        "app = DispatcherMiddleware(front, {'/admin': admin})\n",
        "front.py": flask,
        "admin.py": flask,
    }
    assert "run:app" == web(dispatched).target


def test_the_sources_say_by_uvicorn_run_what_is_served() -> None:
    # P17
    files = {
        "requirements.txt": "fastapi\nuvicorn\n",
        "run.py": "import uvicorn\nif __name__ == '__main__':\n"
        "    uvicorn.run('shop.api:build', factory=True, port=9000)\n",
        "shop/__init__.py": "",
        "shop/api.py": f"{FASTAPI}def build():\n    return FastAPI()\n",
        "shop/other.py": f"{FASTAPI}app = FastAPI()\n",
    }
    row = web(files)
    assert ("shop.api:build", {"factory": True}) == (row.target, row.options)
    assert 9000 == found(files).web.port


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (("class Api:\n    def __init__(self):\n        self.app = FastAPI()\n"
         "api = Api()\napp = api.app\n"), "main:app"),
        (("class Server:\n    @classmethod\n    def make(cls):\n        return FastAPI()\n"
         "app = Server.make()\n"), "main:app"),
        ("app, worker = FastAPI(), 1\n", "main:app"),
        ("def bootstrap() -> FastAPI:\n    return FastAPI()\n", "main:bootstrap"),
        ("def whatever():\n    app = FastAPI()\n    return app\n", "main:whatever"),
    ],
)  # fmt: skip
def test_what_a_class_or_any_function_makes_is_found(source: str, target: str) -> None:
    # P17
    assert target == web({"requirements.txt": "uvicorn\n", "main.py": FASTAPI + source}).target


@pytest.mark.parametrize(
    ("package", "source", "target"),
    [
        ("dash", "from dash import Dash\napp = Dash(__name__)\n", "app:app.server"),
        ("dash", "import dash\napp = dash.Dash()\nserver = app.server\n", "app:server"),
        ("connexion", "from connexion import AsyncApp\napp = AsyncApp('x')\n", "app:app"),
        ("ravyn", "from ravyn import Ravyn\napp = Ravyn()\n", "app:app"),
        ("cherrypy", "import cherrypy\napp = cherrypy.Application(X())\n", "app:app"),
    ],
)
def test_more_frameworks_are_known_by_name(package: str, source: str, target: str) -> None:
    # P17
    assert target == web({"requirements.txt": f"{package}\n", "app.py": source}).target


def test_an_object_that_only_has_the_name_of_an_application_is_a_question() -> None:
    # P17
    source = "from unheard import Framework\napp = Framework()\n"
    files = {"requirements.txt": "unheard\nuvicorn\n", "main.py": source}
    assert '# app = "main:app"' in written(files)
    said = "whether `Framework()` of main.py is an ASGI application"
    assert said in left(files)
    # Without a server nothing says that something is served.
    assert "[services.web]" not in written({**files, "requirements.txt": "unheard\n"})


def test_a_console_script_that_listens_is_a_service() -> None:
    # P17
    pyproject = (
        "[project]\nname = 'shop'\nversion = '1'\ndependencies = ['grpcio']\n"
        "[project.scripts]\nserve = 'shop.server:{}'\n"
    )
    source = "import grpc\ndef main():\n    grpc.server(None)\ndef of(path):\n    pass\n"
    files = {"shop/__init__.py": "", "shop/server.py": source}
    row = web({**files, "pyproject.toml": pyproject.format("main")})
    assert ("shop.server:main", "started") == (row.target, row.ready)
    # A function that wants words is a command and no more.
    assert "[tool.relforge.services.web]" not in written(
        {**files, "pyproject.toml": pyproject.format("of")}
    )


@pytest.mark.parametrize(
    ("package", "call", "env"),
    [
        ("gradio", "demo.launch()", {"GRADIO_SERVER_NAME", "GRADIO_SERVER_PORT"}),
        ("robyn", "app.start(port=8080)", {"ROBYN_HOST", "ROBYN_PORT"}),
    ],
)
def test_a_server_that_reads_its_own_variables_gets_them(
    package: str, call: str, env: set[str]
) -> None:
    # P17
    row = web({"requirements.txt": f"{package}\n", "app.py": f"import {package}\n{call}\n"})
    assert (("python", "-m", "app"), env) == (row.target, set(row.env))


def test_dependencies_in_another_form_are_named() -> None:
    # P2, P19
    source = "from flask import Flask\napp = Flask(__name__)\n"
    said = left({"web.py": source, "environment.yml": "dependencies:\n  - flask\n"})
    assert "environment.yml is in a form that relforge does not read" in said
    assert "does not declare" not in said
