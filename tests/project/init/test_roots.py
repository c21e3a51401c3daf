"""Import roots, what a wheel will hold, and what goes into the release."""

from __future__ import annotations

import pytest

from relforge.project.init import reading, wheel_layout
from tests.project.init.memory import found, left, read, web

APP = "from fastapi import FastAPI\napp = FastAPI()\n"
NEEDS = "[project]\nname='shop'\nversion='1'\ndependencies=['fastapi','uvicorn']\n"


def project(backend: str, more: str = "") -> str:
    requires = {"setuptools": "setuptools.build_meta", "hatchling": "hatchling.build"}
    requires |= {"poetry-core": "poetry.core.masonry.api", "pdm-backend": "pdm.backend"}
    requires |= {"flit_core": "flit_core.buildapi", "uv_build": "uv_build"}
    build = f"[build-system]\nrequires=['{backend}']\nbuild-backend='{requires[backend]}'\n"
    return f"{NEEDS}{build}{more}"


@pytest.mark.parametrize(
    ("backend", "tables", "place"),
    [
        ("hatchling", "", "shop/__init__.py"),
        ("hatchling", "", "src/shop/__init__.py"),
        ("hatchling", ("[tool.hatch.build.targets.wheel]\npackages=['src/py/shop']\n"
         "[tool.hatch.build]\nsources=['src/py']\n"), "src/py/shop/__init__.py"),
        ("hatchling", ("[tool.hatch.build.targets.wheel]\nonly-include=['lib/shop']\n"
         "sources=['lib']\n"), "lib/shop/__init__.py"),
        ("hatchling", "[tool.hatch.build.targets.wheel.force-include]\n'code'='shop'\n",
         "code/__init__.py"),
        ("setuptools", "", "shop/__init__.py"),
        ("setuptools", "", "src/shop/__init__.py"),
        ("setuptools", "[tool.setuptools]\npackage-dir={''='lib'}\n", "lib/shop/__init__.py"),
        ("setuptools", "[tool.setuptools.packages.find]\nwhere=['lib']\n", "lib/shop/__init__.py"),
        ("setuptools", "[tool.setuptools]\npackages=['shop']\npackage-dir={shop='code'}\n",
         "code/__init__.py"),
        ("poetry-core", "[tool.poetry]\npackages=[{include='shop', from='lib'}]\n",
         "lib/shop/__init__.py"),
        ("poetry-core", "", "src/shop/__init__.py"),
        ("pdm-backend", "[tool.pdm.build]\npackage-dir='lib'\n", "lib/shop/__init__.py"),
        ("flit_core", "[tool.flit.module]\nname='shop'\n", "src/shop/__init__.py"),
        ("uv_build", "", "src/shop/__init__.py"),
        ("uv_build", "[tool.uv.build-backend]\nmodule-root=''\n", "shop/__init__.py"),
    ],
)  # fmt: skip
def test_the_import_path_is_that_of_the_wheel(backend: str, tables: str, place: str) -> None:
    # P13
    files = {"pyproject.toml": project(backend, tables), place: APP}
    assert ("shop:app", None) == (web(files).target, read(files).app)


def test_setup_py_and_setup_cfg_say_where_packages_lie() -> None:
    # P13
    setup = "from setuptools import setup, find_packages\n"
    for files in (
        {"setup.py": f"{setup}setup(packages=find_packages('lib'), package_dir={{'': 'lib'}})\n"},
        {"setup.py": f"{setup}setup()\n", "setup.cfg": "[options]\npackages = find:\n"
         "package_dir =\n    = lib\n[options.packages.find]\nwhere = lib\n"},
    ):  # fmt: skip
        row = web({**files, "lib/shop/__init__.py": APP, "requirements.txt": "fastapi\nuvicorn"})
        assert "shop:app" == row.target


def test_a_wheel_that_would_not_be_built_is_not_counted_upon() -> None:
    # P13
    files = {
        "pyproject.toml": project("setuptools"),
        "shop/__init__.py": APP,
        "site/__init__.py": "",
    }
    typed = read(files)
    assert ("shop",) == typed.app
    assert "setuptools refuses to choose between shop, site" in left(files)


@pytest.mark.parametrize(
    ("files", "app", "roots", "target", "cwd"),
    [
        ({"main.py": APP}, ("main.py",), (), "main:app", "app"),
        ({"src/main.py": APP}, ("src/main.py",), ("src",), "main:app", "app"),
        ({"src/shop/__init__.py": "", "src/shop/web.py": APP + "from shop import db\n",
          "src/shop/db.py": ""}, ("src/shop",), ("src",), "shop.web:app", "app"),
        ({"backend/main.py": APP + "from core import db\n", "backend/core/db.py": "",
          "frontend/readme": ""}, ("backend/core", "backend/main.py"), ("backend",), "main:app",
         "app/backend"),
        ({"backend/app/main.py": APP + "from app.core import db\n", "backend/app/core.py": ""},
         ("backend/app",), ("backend",), "app.main:app", "app/backend"),
        ({"app/main.py": APP + "from app.core import db\n", "app/core.py": ""}, ("app",), (),
         "app.main:app", "app"),
        ({"app/main.py": APP + "import sys\nsys.path.insert(0, '../lib')\nimport x\n",
          "lib/x.py": ""}, None, None, "app.main:app", "app"),
    ],
)  # fmt: skip
def test_sources_keep_their_root(
    files: dict[str, str],
    app: tuple[str, ...] | None,
    roots: tuple[str, ...] | None,
    target: str,
    cwd: str,
) -> None:
    # P25
    row = web({**files, "requirements.txt": "fastapi\nuvicorn"})
    typed = read({**files, "requirements.txt": "fastapi\nuvicorn"})
    assert (target, cwd) == (row.target, row.cwd)  # P46
    if app is not None:
        assert (sorted(app), roots) == (sorted(typed.app or ()), typed.app_roots)


def test_the_procfile_and_the_dockerfile_name_roots() -> None:
    # P25
    code = {"server/web.py": APP, "requirements.txt": "fastapi\nuvicorn"}
    for file in (
        {"Procfile": "web: cd server && uvicorn web:app\n"},
        {"Procfile": "web: uvicorn --app-dir server web:app\n"},
        {"Dockerfile": "ENV PYTHONPATH=/code/server\n"},
    ):
        typed = read({**code, **file})
        assert (("server",), ("server/web.py",)) == (typed.app_roots, typed.app)
        assert "web:app" == typed.services[0].target


SHOP = {
    "shop/__init__.py": "from flask import Flask\nfrom shop import views\napp = Flask('x')\n",
    "shop/views.py": "from lib.deep import tool\nopen('VERSION').read()\nPAGE = 'pages/a.html'\n",
    "lib/deep/tool.py": "",
    "pages/a.html": "",
    "VERSION": "1",
    "bin/tool.py": "import simplejson\n",
    "docker/fetch.py": "import requests\n",
    "hooks/__init__.py": "import nothing\n",
    "tests.py": "import pytest\n",
    "tests/test_a.py": "import pytest\n",
    "migrations/env.py": "",
    "templates/base.html": "",
    "requirements.txt": "flask\ngunicorn\nflask-migrate\n",
}


def test_what_is_served_reaches_goes_in_and_the_rest_is_named() -> None:
    # P16
    typed = read(SHOP)
    assert {"shop", "lib", "pages/a.html", "VERSION", "migrations", "templates"} == set(
        typed.app or ()
    )
    assert {"bin", "docker", "hooks", "tests.py", "tests"} == {
        path for path, _ in found(SHOP).contents.left_out
    }


def test_apps_that_only_settings_name_go_in() -> None:
    # P16
    files = {
        "manage.py": "if __name__ == '__main__':\n    execute_from_command_line()\n",
        "mysite/settings.py": "INSTALLED_APPS = ['polls.apps.PollsConfig', 'blog']\n"
        "ROOT_URLCONF = 'urls_of.main'\n",
        "mysite/wsgi.py": "from django.core.wsgi import get_wsgi_application as g\n"
        "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'mysite.settings')\n"
        "application = g()\n",
        "polls/apps.py": "",
        "polls/models.py": "from money.rates import x\n",
        "money/rates.py": "",
        "blog/models.py": "",
        "urls_of/main.py": "",
        "other/x.py": "",
        "requirements.txt": "django\ngunicorn",
    }
    expected = {"manage.py", "mysite", "polls", "money", "blog", "urls_of"}
    assert expected == set(read(files).app or ())


def test_data_that_the_wheel_would_lack_goes_in_with_the_sources() -> None:
    # P16
    files = {
        "pyproject.toml": project("setuptools"),
        "src/shop/__init__.py": APP,
        "src/shop/templates/a.html": "",
    }
    typed = read(files)
    assert (("src/shop",), ("src",)) == (typed.app, typed.app_roots)
    files["MANIFEST.in"] = "graft src"
    assert read(files).app is None


def test_an_application_that_asks_for_its_own_version_keeps_its_wheel() -> None:
    files = {
        "pyproject.toml": project("hatchling"),
        "shop/__init__.py": f"{APP}from importlib.metadata import version\nV = version('shop')\n",
        "pages/a.html": "",
        "shop/x.py": "P = 'pages/a.html'\n",
    }
    typed = read(files)
    assert (None, ["pages/a.html"]) == (typed.app, [row.source for row in typed.overlays])


def test_relative_paths_of_a_wheels_code_are_noted() -> None:
    # P46
    files = {
        "pyproject.toml": project("hatchling"),
        "shop/__init__.py": f"{APP}def f():\n    return open('data/x.json').read()\n",
    }
    assert "relative to the working directory: shop/__init__.py:4 (data/x.json)" in left(files)


def test_an_unknown_backend_is_said_to_be_unknown() -> None:
    text = project("hatchling").replace("hatchling.build", "maturin")
    files = {"pyproject.toml": text, "python/shop/__init__.py": APP}
    assert "unknown until maturin builds it" in left(files)


def test_files_are_placed_by_the_longest_row() -> None:
    sources = reading.memory({"a/b.py": ""})
    wheel = wheel_layout.Wheel(backend="x", rows=(("a", "c"),))
    assert ("c/b.py", None) == (wheel.place("a/b.py"), wheel.place("d.py"))
    assert sources.has("a") and not sources.has("b")


def test_a_module_called_manage_in_a_package_is_no_import_root() -> None:
    # P13, P15
    files = {
        "requirements.txt": "flask\ngunicorn\n",
        "shop/__init__.py": "from flask import Flask\nfrom shop import manage\napp = Flask('x')\n",
        "shop/manage.py": "def update(path):\n    pass\n",
    }
    row = found(files)
    assert (("shop",), "shop:app") == (row.contents.paths, web(files).target)
    assert "manage.py" not in left(files)
