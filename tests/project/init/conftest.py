"""Projects to look at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

PROJECT = """\
[project]
name = "shop"
version = "1.0"
requires-python = ">=3.11"
dependencies = ["{dependency}", "uvicorn>=0.30"]

[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
"""

Make = Callable[[dict[str, str]], Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Write a project's files and return its directory."""

    def write(files: dict[str, str]) -> Path:
        root = tmp_path / "my shop"
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text))
        return root

    return write


def fastapi() -> dict[str, str]:
    return {
        "pyproject.toml": PROJECT.format(dependency="fastapi"),
        "shop/__init__.py": "",
        "shop/web.py": "from fastapi import FastAPI\n\napp = FastAPI(title='shop')\n",
        "tests/test_web.py": "from fastapi import FastAPI\napp = FastAPI()\n",
    }


def flask() -> dict[str, str]:
    return {
        "pyproject.toml": PROJECT.format(dependency="flask"),
        "src/shop/__init__.py": """\
            from flask import Flask

            def create_app():
                app = Flask(__name__)
                return app
            """,
        "src/shop/wsgi.py": "from . import create_app\n\napplication = create_app()\n",
    }


def django() -> dict[str, str]:
    return {
        "requirements.txt": "django==5.1\n",
        "manage.py": """\
            import sys
            from django.core.management import execute_from_command_line

            if __name__ == "__main__":
                execute_from_command_line(sys.argv)
            """,
        "mysite/__init__.py": "",
        "mysite/settings.py": """\
            import os
            SECRET_KEY = os.environ["SECRET_KEY"]
            INSTALLED_APPS = ["polls"]
            """,
        "mysite/asgi.py": """\
            from django.core.asgi import get_asgi_application
            application = get_asgi_application()
            """,
        "mysite/wsgi.py": """\
            from django.core.wsgi import get_wsgi_application
            application = get_wsgi_application()
            """,
        "polls/models.py": "",
        "polls/__init__.py": "",
        "templates/base.html": "",
        ".venv/pyvenv.cfg": "",
        ".venv/lib/site.py": "from fastapi import FastAPI\napp = FastAPI()\n",
    }


def litestar() -> dict[str, str]:
    return {
        "pyproject.toml": PROJECT.format(dependency="litestar").split("\n[build-system]")[0],
        "main.py": "import litestar\n\napp: litestar.Litestar = litestar.Litestar([])\n",
        "pylock.toml": 'lock-version = "1.0"\n',
    }


def script() -> dict[str, str]:
    scripts = '\n[project.scripts]\nreport = "shop.report:main"\nstart = "shop.report:main"\n'
    return {
        "pyproject.toml": PROJECT.format(dependency="rich") + scripts,
        "shop/__init__.py": "",
        "shop/report.py": "def main():\n    print('report')\n",
    }


PROJECTS = {
    "fastapi": fastapi(),
    "flask": flask(),
    "django": django(),
    "litestar": litestar(),
    "script": script(),
}
