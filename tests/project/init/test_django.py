"""Django's settings: static files, and what is kept on disk."""

from __future__ import annotations

import pytest

from relforge.project.init import notes
from tests.project.init.memory import found, left, read, web, written

SITE = {
    "manage.py": "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'mysite.settings')\n"
    "if __name__ == '__main__':\n    execute_from_command_line()\n",
    "mysite/__init__.py": "",
    "mysite/wsgi.py": "import os\nfrom django.core.wsgi import get_wsgi_application\n"
    "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'mysite.settings')\n"
    "application = get_wsgi_application()\n",
    "requirements.txt": "django\ngunicorn\n",
}
BASE = """\
import os
from pathlib import Path
BASE_DIR = Path(__file__).resolve().parent.parent
PROJECT_DIR = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
INSTALLED_APPS = ['django.contrib.staticfiles']
"""
COLLECT = ("{python}", "manage.py", "collectstatic", "--noinput")


def site(lines: str, **files: str) -> dict[str, str]:
    return {**SITE, "mysite/settings.py": f"{BASE}{lines}\n", **files}


@pytest.mark.parametrize(
    ("lines", "directory"),
    [
        ("STATIC_ROOT = BASE_DIR / 'static' / 'all'", "static/all"),
        ("STATIC_ROOT: str = os.path.join(BASE_DIR, 'static')", "static"),
        ("STATIC_ROOT = os.path.join(PROJECT_DIR, 'static')", "static"),
        ("STATIC_ROOT = str(BASE_DIR.joinpath('collected'))", "collected"),
        ("STATIC_ROOT = env('STATIC_ROOT', default=str(BASE_DIR / 'x'))", "x"),
        ("STATIC_ROOT = os.environ.get('S', os.path.join(BASE_DIR, 'y'))", "y"),
        ("STATIC_ROOT = Path(__file__).parents[1] / 'z'", "z"),
        ("STATIC_ROOT = Path(config.get('files', 'static', fallback=BASE_DIR / 't'))", "t"),
        ("STATIC_ROOT = f'{BASE_DIR}/w'", "w"),
        ("ROOT = BASE_DIR\nSTATIC_ROOT = ROOT / 'v'", "v"),
        ("STATIC_ROOT = BASE_DIR / 'u'\nif os.environ.get('X'):\n    STATIC_ROOT = '/x'", "u"),
    ],
)
def test_static_files_are_collected_where_the_settings_say(lines: str, directory: str) -> None:
    # P18
    typed = read(site(lines))
    assert ((COLLECT,), ((directory, f"app/{directory}"),)) == (
        typed.assets.run,
        typed.assets.outputs,
    )


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("STATIC_ROOT = '/var/www/static'", "set in mysite/settings.py:6 to /var/www/static"),
        ("STATIC_ROOT = os.environ['S']", "set in mysite/settings.py:6, but its value cannot be"),
        ("STATIC_ROOT = Path(config.get('files', 'static'))",
         "set in mysite/settings.py:6, but its value cannot be read"),
        ("STATIC_ROOT = compute()", "set in mysite/settings.py:6, but its value cannot be read"),
        ("STATIC_URL = 'static/'", "STATIC_ROOT is not set in the settings"),
        ("if not DEBUG:\n    STATIC_ROOT = BASE_DIR / 'x'",
         "set in mysite/settings.py:7 under the condition `not DEBUG`"),
    ],
)  # fmt: skip
def test_what_is_said_of_static_files_is_true(lines: str, said: str) -> None:
    # P18
    files = site(lines)
    assert () == read(files).assets.run
    assert said in left(files)
    assert '# run = [["{python}", "manage.py", "collectstatic", "--noinput"]]' in written(files)


def test_settings_in_several_modules_are_followed() -> None:
    # P18
    files = {
        **SITE,
        "mysite/wsgi.py": SITE["mysite/wsgi.py"].replace("mysite.settings", "mysite.settings.live"),
        "mysite/settings/__init__.py": "",
        "mysite/settings/paths.py": "from pathlib import Path\n"
        "BASE_DIR = Path(__file__).parent.parent.parent\n",
        "mysite/settings/base.py": "from .paths import BASE_DIR\n"
        "INSTALLED_APPS = ['django.contrib.staticfiles']\nSTATIC_ROOT = BASE_DIR / 'out'\n",
        "mysite/settings/live.py": "from .base import *\nDEBUG = False\n",
    }
    assert (("out", "app/out"),) == read(files).assets.outputs


def test_a_site_without_static_files_collects_none() -> None:
    lines = "INSTALLED_APPS = []\nSTATIC_ROOT = BASE_DIR / 'static'"
    files = {
        key: row.replace("'django.contrib.staticfiles'", "") for key, row in site(lines).items()
    }
    assert () == read(files).assets.run
    assert "static files" not in left(files)


def test_state_inside_the_project_is_said() -> None:
    # P21
    lines = (
        "DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3',\n"
        "    'NAME': BASE_DIR / 'db.sqlite3'}}\nMEDIA_ROOT = BASE_DIR / 'media'"
    )
    said = left(site(lines))
    assert "mysite/settings.py:7 writes the database inside the release (db.sqlite3)" in said
    assert "mysite/settings.py:8 writes uploads inside the release (media)" in said
    elsewhere = "MEDIA_ROOT = '/srv/media'\nDATABASES = {'default': {'ENGINE': 'postgresql'}}"
    assert "into the release itself" not in left(site(elsewhere))


@pytest.mark.parametrize(
    ("lines", "directory"),
    [
        ("QUEUE = {'filename': os.path.join(BASE_DIR, 'data', 'tasks.sqlite3')}", "data"),
        ("default = {'NAME': f'{BASE_DIR}/var/db/x.db'}\nDATABASES = {'a': default}", "var/db"),
        ("DATABASES = {'a': {'NAME': Path(BASE_DIR, 'data').joinpath('a.sqlite')}}", "data"),
    ],
)  # fmt: skip
def test_the_directory_of_a_database_is_made_where_no_file_makes_it(  # P21
    lines: str, directory: str
) -> None:
    files = site(f"STATIC_ROOT = BASE_DIR / 'static'\n{lines}")
    typed = read(files)
    assert (("mkdir", "-p", directory), COLLECT) == typed.assets.run
    assert [f"app/{directory}"] == [row.to for row in typed.overlays]
    assert 1 == left(files).count("writes the database inside the release")
    typed = read(
        {**files, f"{directory}/__init__.py": "", "mysite/urls.py": "import data, var.db\n"}
    )
    assert () == typed.overlays or directory != "data"


def test_what_only_looks_like_a_database_is_none() -> None:
    lines = "SESSION_ENGINE = 'django.contrib.sessions.backends.db'\nX = f'{BASE_DIR}/a.txt'"
    assert "into the release itself" not in left(site(lines))
    plain = "DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': 'a.db'}}"
    assert "(a.db)" in left(site(plain))


def test_state_of_other_frameworks_is_said() -> None:
    # P21
    source = "from flask import Flask\napp = Flask('x')\napp.config['D'] = 'sqlite:///shop.db'\n"
    assert "web.py:3 writes a database in the working directory (shop.db)" in left(
        {"web.py": source}
    )


def test_a_site_may_be_called_example() -> None:
    site = "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'example.settings')\n"
    files = {
        "manage.py": f"import os, sys\nfrom django.core.management import "
        f"execute_from_command_line\nif __name__ == '__main__':\n    {site}"
        "    execute_from_command_line(sys.argv)\n",
        "example/__init__.py": "",
        "example/settings.py": "WSGI_APPLICATION = 'example.wsgi.application'\n",
        "example/wsgi.py": f"import os\nfrom django.core.wsgi import get_wsgi_application\n{site}"
        "application = get_wsgi_application()\n",
        "example/tests/test_pages.py": "import pytest\n",
        "examples/other.py": "from flask import Flask\napp = Flask('a')\n",
        "requirements.txt": "django\ngunicorn\n",
    }
    assert "example.wsgi:application" == web(files).target
    assert ("manage.py", "example") == read(files).app
    assert "left out: examples (tests or documentation)" in "\n".join(notes.seen(found(files)))


def test_settings_that_no_module_names_are_to_be_configured() -> None:
    files = {
        "manage.py": "import sys\nfrom django.core.management import execute_from_command_line\n"
        "if __name__ == '__main__':\n    execute_from_command_line(sys.argv)\n",
        "site_/__init__.py": "",
        "site_/settings.py": "INSTALLED_APPS = []\nWSGI_APPLICATION = 'site_.wsgi.application'\n",
        "site_/wsgi.py": "from django.core.wsgi import get_wsgi_application\n"
        "application = get_wsgi_application()\n",
        "requirements.txt": "django\ngunicorn\n",
    }
    typed = read(files)
    assert {"DJANGO_SETTINGS_MODULE": "site_.settings"} == dict(typed.check.env)
    assert "the sources need DJANGO_SETTINGS_MODULE" in left(files)
    files["site_/wsgi.py"] = (
        "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site_.settings')\n"
        + files["site_/wsgi.py"]
    )
    assert {} == dict(read(files).check.env)


@pytest.mark.parametrize(
    ("lines", "directory"),
    [
        ("STATIC_ROOT = config.get('dirs', 'static')", "from/file"),
        ("STATIC_ROOT = config['dirs']['static']", "from/file"),
        ("STATIC_ROOT = Path(config.get('places', 'base')) / 'dist'", "dist"),
        ("DIRS = {'static': BASE_DIR / 'out'}\nSTATIC_ROOT = DIRS['static']", "out"),
        ("STATIC_ROOT = '%s/public' % BASE_DIR", "public"),
        ("STATIC_ROOT = '{}/{}'.format(BASE_DIR, 'all')", "all"),
    ],
)
def test_static_files_are_collected_where_a_configuration_file_says(
    lines: str, directory: str
) -> None:
    # P18
    defaults = (
        "from pathlib import Path\nDEFAULTS = {\n    'places': {\n"
        "        'base': {'default': Path(__file__).parent.parent},\n    },\n}\n"
    )
    files = site(lines, **{"mysite/conf.py": defaults, "site.cfg": "[dirs]\nstatic = from/file\n"})
    assert ((directory, f"app/{directory}"),) == read(files).assets.outputs


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("CACHES = {'default': {'BACKEND': 'x.filebased.FileBasedCache', "
          "'LOCATION': BASE_DIR / 'c'}}"),
         "settings.py:6 writes a cache inside the release (c)"),
        (("LOGGING = {'handlers': {'f': {'class': 'logging.FileHandler', "
         "'filename': BASE_DIR / 'logs/a.log'}}}"),
         "settings.py:6 writes a log inside the release (logs/a.log)"),
        ("SESSION_FILE_PATH = BASE_DIR / 's'",
         "settings.py:6 writes sessions inside the release (s)"),
        ("DATABASES = {'default': url(default='sqlite:///' + str(BASE_DIR / 'a.sqlite3'))}",
         "settings.py:6 writes a database inside the release (a.sqlite3)"),
    ],
)  # fmt: skip
def test_what_settings_keep_in_the_release_is_said_once(lines: str, said: str) -> None:
    # P21
    files = site(lines)
    assert 1 == left(files).count("inside the release")
    assert f"mysite/{said}" in left(files)
    assert "\x00" not in written(files)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("base = os.path.dirname(os.path.abspath(__file__))\n"
         "app.config['U'] = 'sqlite:///' + os.path.join(base, 'a.db')"),
         "web.py:5 writes a database inside the release (a.db)"),
        ("app.config['UPLOAD_FOLDER'] = os.path.join(app.root_path, 'up')",
         "web.py:4 writes uploads inside the release (up)"),
        (("base = os.path.dirname(os.path.abspath(__file__))\n"
          "url = 'sqlite:///{0}'.format(os.path.join(base, 'a.db'))"),
         "web.py:5 writes a database inside the release (a.db)"),
        ("logging.FileHandler('logs/a.log')",
         "web.py:4 writes a log in the working directory (logs/a.log)"),
        ("name = 'a.db'\nurl = f'sqlite:///{name}'",
         "web.py:5 writes a database in the working directory (a.db)"),
        ("sqlite3.connect('a.db')", "web.py:4 writes a database in the working directory (a.db)"),
        ("open('a.txt', 'w')\nopen('b.txt', mode='a')\nopen('c.txt', 'x')",
         "web.py:4 writes a file in the working directory (a.txt, b.txt and 1 more)"),
        ("(Path(__file__).parent / 'd').mkdir()", "web.py:4 writes files inside the release (d)"),
    ],
)  # fmt: skip
def test_what_any_module_writes_is_said(lines: str, said: str) -> None:
    # P21
    source = f"import os, sqlite3, logging\nfrom flask import Flask\napp = Flask('x')\n{lines}\n"
    assert said in left({"web.py": source})


@pytest.mark.parametrize(
    "line", ["open('a.txt')", "open('/tmp/a', 'w')", "sqlite3.connect(':memory:')",
             "url = 'sqlite://'", "open(name, 'w')", "url = 'sqlite:///{0}'"],
)  # fmt: skip
def test_what_is_read_or_lies_elsewhere_is_no_state(line: str) -> None:
    # P21
    source = f"import sqlite3\nfrom flask import Flask\napp = Flask('x')\n{line}\n"
    assert " writes " not in left({"web.py": source})
