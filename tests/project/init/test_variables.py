"""Which environment variables an application needs, and under which prefix relforge's own are."""

from __future__ import annotations

import ast

import pytest

from relforge.project.init import needed, parsing, variables
from tests.project.init.memory import left, read, written

IMPORTS = """\
import os, sys
from decouple import config
import environ
from starlette.config import Config
from pydantic_settings import BaseSettings
env = environ.Env(DEBUG=(bool, False))
conf = Config(".env")
"""


def needs(source: str) -> dict[str, str]:
    """Name and kind of what the module needs."""
    rows = parsing.read("a.py", IMPORTS + source).variables
    return {row.name: row.kind for row in rows if row.needed}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = os.environ['A']\n", {"A": "str"}),
        ("x = int(os.environ['A'])\n", {"A": "int"}),
        ("os.getenv('A') or sys.exit(1)\n", {"A": "str"}),
        ("if not os.getenv('A'):\n    raise RuntimeError\n", {"A": "str"}),
        ("if os.getenv('A', None) is None:\n    raise RuntimeError\n", {"A": "str"}),
        ("x = config('A', cast=int)\n", {"A": "int"}),
        ("x = env('A')\ny = env.int('B')\nz = env.db()\n",
         {"A": "str", "B": "int", "DATABASE_URL": "str"}),
        ("x = conf('A', cast=bool)\n", {"A": "bool"}),
        ("class S(BaseSettings):\n    token: str\n    port: int = 1\ns = S()\n", {"TOKEN": "str"}),
        (("class S(BaseSettings):\n    model_config = SettingsConfigDict(env_prefix='X_')\n"
         "    a: int\n    b: str = Field(alias='OTHER')\n    c: str = Field('d')\n"
         "def get():\n    return S()\n"), {"X_A": "int", "OTHER": "str"}),
        # read without a default, and used as if it were there
        ("u = os.getenv('A')\ne = create_engine(u)\n", {"A": "str"}),
        ("e = sa.create_async_engine(os.getenv('A', None))\n", {"A": "str"}),
        ("x = int(os.environ.get('A'))\n", {"A": "int"}),
        ("h = os.environ.get('A').split(',')\n", {"A": "str"}),
        ("u = os.getenv('A')\nv = 'https://' + u\n", {"A": "str"}),
        ("SECRET_KEY = os.environ.get('A')\nINSTALLED_APPS = []\n", {"A": "str"}),
        ("SECRET_KEY = os.environ.get('A')\n", {}),
        ("x = int(os.environ.get('A', default=0))\n", {}),
        ("u = os.getenv('A')\nif u:\n    e = create_engine(u)\n", {}),
        ("u = os.getenv('A')\ne = create_engine(u or 'sqlite://')\n", {}),
        ("u = os.getenv('A')\nif not u:\n    u = 'b'\ne = create_engine(u)\n", {}),
        ("u = os.getenv('A', 'sqlite://')\ne = create_engine(u)\n", {}),
        ("u = os.getenv('A')\ndef f():\n    return create_engine(u)\n", {}),
        # what stands behind a question, or has a default
        ("if 'A' in os.environ:\n    x = os.environ['A']\n", {}),
        ("try:\n    x = os.environ['A']\nexcept KeyError:\n    x = ''\n", {}),
        ("x = os.environ.get('A')\ny = os.getenv('B', 'c')\n", {}),
        ("if os.environ.get('A'):\n    x = os.environ['A']\n", {}),
        ("x = config('A', default='b')\ny = config('B', 'c')\n", {}),
        ("x = env('A', default=1)\ny = env.bool('B', True)\nz = env('DEBUG')\n", {}),
        ("def f():\n    return os.environ['A']\n", {}),
        ("if __name__ == '__main__':\n    x = os.environ['A']\n", {}),
        ("class S(BaseSettings):\n    a: str = 'b'\ns = S()\n", {}),
    ],
)  # fmt: skip
def test_what_is_read_at_import_and_has_no_default_is_needed(
    source: str, expected: dict[str, str]
) -> None:
    # P20
    assert expected == needs(source)


def test_what_every_process_has_is_left_out() -> None:
    # P20
    source = "import os\nfrom flask import Flask\napp = Flask('x')\np = os.environ['PATH']\n"
    assert {} == read({"web.py": source}).check.env


def test_variables_that_the_sources_set_themselves_are_not_needed() -> None:
    # P20
    files = {
        "web.py": "import os\nfrom flask import Flask\napp = Flask('x')\nm = os.environ['MODE']\n",
        "run.py": "import os\nos.environ.setdefault('MODE', 'x')\nimport web\n",
    }
    assert {} == read(files).check.env


def test_needed_variables_become_rows_with_an_export() -> None:
    # P20, P55
    source = "import os\nfrom flask import Flask\napp = Flask('x')\n"
    source += "app.secret_key = os.environ['SHOP_SECRET']\nn = int(os.environ['SHOP_N'])\n"
    project = "[project]\nname='shop'\nversion='1'\ndependencies=['flask','gunicorn']\n"
    files = {"pyproject.toml": project, "web.py": source, ".env.example": "SHOP_N=7\n"}
    typed = read(files)
    schema = typed.config.schema
    assert {"type": "str", "required": True, "secret": True} == {
        key: value for key, value in schema["shop_secret"].items() if key != "doc"
    }
    assert {"SHOP_SECRET": "shop_secret", "SHOP_N": "shop_n"} == typed.config.export
    env = typed.config.providers[-1].options
    assert "SHOP_CONFIG_" == env["prefix"]
    assert {"PORT": "http.port", "SHOP_N": "shop_n", "SHOP_SECRET": "shop_secret"} == env["map"]
    assert {"SHOP_N": "7", "SHOP_SECRET": "only-to-build-with"} == typed.check.env
    assert "the sources need SHOP_N, SHOP_SECRET" in left(files)


@pytest.mark.parametrize(
    ("name", "own", "prefix"),
    [
        ("shop", (), "SHOP_"),
        ("my-shop", ("SHOP_X",), "MY_SHOP_"),
        ("shop", ("SHOP_DEBUG",), "SHOP_CONFIG_"),
        ("shop", ("SHOP_DEBUG", "SHOP_CONFIG_A"), "CONFIG_SHOP_"),
        ("django", (), "DJANGO_CONFIG_"),
        ("redis", (), "REDIS_CONFIG_"),
        ("2048", (), "CONFIG_2048_"),
    ],
)
def test_the_prefix_forbids_no_variable_of_the_application(
    name: str, own: tuple[str, ...], prefix: str
) -> None:
    # P55
    assert prefix == needed.prefix(name, frozenset(own))


def test_optional_variables_count_for_the_prefix() -> None:
    # P55
    project = "[project]\nname='shop'\nversion='1'\ndependencies=['flask','gunicorn']\n"
    source = "import os\nfrom flask import Flask\napp = Flask('x')\nd = os.getenv('SHOP_DEBUG')\n"
    assert 'prefix = "SHOP_CONFIG_"' in written({"pyproject.toml": project, "web.py": source})


def test_a_module_names_each_variable_once_with_its_line() -> None:
    tree = ast.parse("import os\n\nx = os.environ['A']\ny = os.environ['A']\n")
    (row,) = variables.variables("a.py", tree, {})
    assert ("A", "a.py", 3, True) == (row.name, row.path, row.line, row.needed)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from os import environ as e\nx = e['A']\n", {"A": "str"}),
        ("env2 = os.environ.copy()\nx = env2['A']\n", {"A": "str"}),
        ("env2 = dict(os.environ)\nx = env2['A']\n", {"A": "str"}),
        ("x = os.getenv('A')\nif x is None:\n    raise RuntimeError\n", {"A": "str"}),
        ("x = os.getenv('A')\nif not x:\n    sys.exit(1)\n", {"A": "str"}),
        ("x = os.getenv('A')\nassert x, 'missing'\n", {"A": "str"}),
        ("x = os.getenv('A')\nassert x is not None\n", {"A": "str"}),
        ("x = os.getenv('A')\nif x is None:\n    x = 'b'\n", {}),
        ("def need(name):\n    return os.environ[name]\nx = need('A')\n", {"A": "str"}),
        (("def need(name, default=None):\n    v = os.environ.get(name, default)\n"
         "    if v is None:\n        raise KeyError(name)\n    return v\n"
         "x = need('A')\ny = need('B', '1')\n"), {"A": "str"}),
        ("def ask(name):\n    return os.environ.get(name)\nx = ask('A')\n", {}),
        (("def ask(name):\n    v = os.getenv(name)\n    if v not in ('', 'yes'):\n"
          "        raise ValueError\n    return v\nx = ask('A')\n"), {}),
        (("def ask(name):\n    if p := os.getenv(name + '_FILE'):\n        raise ValueError(p)\n"
          "    return os.getenv(name)\nx = ask('A')\n"), {}),
        (("from environs import Env\nenv3 = Env()\nwith env3.prefixed('SHOP_'):\n"
         "    x = env3.int('A')\n"), {"SHOP_A": "int"}),
        (("class S(BaseSettings):\n    a: str = Field(alias=AliasChoices('ONE', 'TWO'))\n"
         "s = S()\n"), {"ONE": "str"}),
    ],
)  # fmt: skip
def test_the_environment_is_known_by_any_name_and_through_functions(
    source: str, expected: dict[str, str]
) -> None:
    # P20
    assert expected == needs(source)
