"""The configuration as an application sees it, in processes of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import relforge
from relforge.runtime.config.view import Section

SETTINGS = """
[tool.relforge.config]
providers = [
  { use = "toml", path = "dev.toml", optional = true },
  { use = "env", prefix = "SHOP_" },
]
export = { DATABASE_URL = "db.url" }
[tool.relforge.config.schema]
"http.port" = { type = "int", default = 8000 }
"db.url" = { type = "url", required = true, secret = true }
"db.replicas" = { type = "list", secret = true, default = [] }
"""
IMPORTS = "import json, os, sys\nfrom relforge.runtime import config, Secret\n"


def python(
    code: str, directory: Path, env: dict[str, str] | None = None, **options: Any
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", IMPORTS + code],
        cwd=directory,
        env={"PYTHONPATH": str(Path(relforge.__file__).parents[1]), **(env or {})},
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


def section() -> Section:
    values = {
        "http": {"port": 80, "hosts": ["a"], "items": 1},
        "db": {"url": "pg://u:pl4nted@h", "keys": ["pl4nted"]},
        "sites": {"example.com": {"on": True, "key": "pl4nted"}},
    }
    return Section(values, frozenset({"db.url", "db.keys", 'sites."example.com".key'}))


def test_keys_attributes_and_sections_lead_to_the_same_value() -> None:
    config = section()

    assert 80 == config["http.port"] == config.http.port == config["http"]["port"]
    assert "http.port" in config
    assert "http.prot" not in config
    assert "x" == config.get("http.prot", "x")
    assert 80 == config.http.get("port")
    assert ["http", "db", "sites"] == list(config)
    assert 3 == len(config)
    assert {"port": 80, "hosts": ["a"], "items": 1} == dict(config.http)
    assert config["sites.example.com.on"] is True
    assert config['sites."example.com".on'] is True
    assert 1 == config["http.items"]
    assert "port" in dir(config.http)


def test_a_wrong_key_suggests_the_right_one() -> None:
    config = section()

    with pytest.raises(KeyError, match=r"http\.prot is not set; did you mean http\.port\?"):
        config["http.prot"]
    with pytest.raises(KeyError, match=r"http\.prot is not set; did you mean port\?"):
        config["http"]["prot"]
    with pytest.raises(AttributeError, match=r"http\.prot is not set"):
        _ = config.http.prot
    assert not hasattr(config, "__wrapped__")


def test_secrets_are_texts_that_show_nothing() -> None:
    config = section()

    assert "pg://u:pl4nted@h" == config["db.url"]
    for shown in (
        repr(config),
        repr(config.db),
        repr(config.as_dict()),
        repr(config["db.keys"]),
        repr(dict(config.sites["example.com"])),
        repr(config["sites.example.com.key"]),
    ):
        assert "pl4nted" not in shown
    assert ["pl4nted"] == config.as_dict()["db"]["keys"]


def test_what_is_handed_out_changes_nothing() -> None:
    config = section()
    config["http.hosts"].append("b")
    config.as_dict()["http"]["port"] = 1

    assert ["a"] == config["http.hosts"]
    assert 80 == config["http.port"]
    with pytest.raises(TypeError):
        config["http.port"] = 1


@pytest.mark.process
def test_outside_a_release_the_project_s_providers_run(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    (tmp_path / "dev.toml").write_text("[http]\nport = 8001\n")
    (tmp_path / "src" / "deep").mkdir(parents=True)

    done = python(
        "print(json.dumps(config.as_dict()), type(config.db.url) is Secret)\n"
        "print(os.environ.get('DATABASE_URL'))",  # P57
        tmp_path / "src" / "deep",
        {"SHOP_DB__URL": "sqlite://"},
    )

    wanted = {"http": {"port": 8001}, "db": {"url": "sqlite://", "replicas": []}}
    assert f"{json.dumps(wanted)} True\nsqlite://\n" == done.stdout, done.stderr


@pytest.mark.process
@pytest.mark.parametrize("way", ["main script", "importing file", "variable"])
def test_p59_the_project_is_found_from_another_directory(tmp_path: Path, way: str) -> None:  # P59
    project, elsewhere = tmp_path / "x", tmp_path / "elsewhere"
    (project / "shop").mkdir(parents=True)
    elsewhere.mkdir()
    (project / "pyproject.toml").write_text(SETTINGS)
    code = "from relforge.runtime import config\nprint(config['http.port'])\n"
    (project / "manage.py").write_text("import shop\n")
    (project / "shop" / "__init__.py").write_text(code)
    words = {
        "main script": [str(project / "manage.py")],
        "importing file": ["-c", f"import sys; sys.path.append({str(project)!r}); import shop"],
        "variable": ["-c", code],
    }[way]
    env = {"PYTHONPATH": str(Path(relforge.__file__).parents[1]), "SHOP_DB__URL": "sqlite://"}
    if way == "variable":
        env["RELFORGE_PROJECT"] = str(project)

    done = subprocess.run(
        [sys.executable, *words],
        cwd=elsewhere,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "8000\n" == done.stdout, done.stderr


@pytest.mark.process
def test_p59_where_no_project_is_found_each_place_is_named(tmp_path: Path) -> None:  # P59
    script, elsewhere = tmp_path / "a" / "tool.py", tmp_path / "b"
    for directory in (script.parent, elsewhere):
        directory.mkdir()
    script.write_text("from relforge.runtime import config\nconfig['x']\n")
    env = {"PYTHONPATH": str(Path(relforge.__file__).parents[1])}

    def said(**more: str) -> str:
        return subprocess.run(
            [sys.executable, script],
            cwd=elsewhere,
            env={**env, **more},
            capture_output=True,
            text=True,
            check=False,
        ).stderr

    assert f"at or above {elsewhere}, nor at or above {script.parent}\n" in said()
    assert f"RELFORGE_PROJECT={elsewhere}: no pyproject.toml with [tool.relforge.config]" in said(
        RELFORGE_PROJECT=str(elsewhere)
    )


@pytest.mark.process
def test_outside_a_release_the_dev_environment_is_laid_over(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        SETTINGS
        + '[tool.relforge.env.dev.config.schema]\n"http.port" = { default = 9 }\n'
        + '"db.url" = { required = false }\n'
    )

    done = python("print(config['http.port'], 'db.url' in config)", tmp_path)

    assert "9 False\n" == done.stdout, done.stderr


@pytest.mark.process
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (SETTINGS, "db.url: required and not set"),
        ("", "no configuration: no [tool.relforge.config] in a pyproject.toml"),
        ("[tool.relforge.config\n", "pyproject.toml: "),
        (
            '[tool.relforge.config]\nproviders = [{ use = "tmol" }]\n',
            "providers[0].use: no provider 'tmol'; did you mean toml?",
        ),
        (
            '[tool.relforge.config.schema]\na = { type = "itn" }\n',
            'tool.relforge.config.schema."a".type: no type',
        ),
    ],
)
def test_outside_a_release_what_is_wrong_is_said(
    tmp_path: Path, settings: str, message: str
) -> None:
    (tmp_path / "pyproject.toml").write_text(settings)

    done = python("config['db.url']", tmp_path)

    assert 1 == done.returncode
    assert message in done.stderr


@pytest.mark.process
def test_importing_costs_nothing_until_the_first_use(tmp_path: Path) -> None:
    code = "print('relforge.runtime.config.resolve' in sys.modules, 'tomllib' in sys.modules)"

    assert "False False\n" == python(code, tmp_path).stdout


@pytest.mark.process
def test_the_name_stays_the_configuration_whatever_is_imported(tmp_path: Path) -> None:
    code = (
        "import relforge.runtime.config.loading\n"
        "from relforge.runtime.config import view\n"
        "from relforge.runtime import config as again\n"
        "import relforge.runtime as runtime\n"
        "print(again is config is view.config is runtime.config, runtime.Secret is Secret)\n"
        "runtime.nothing"
    )

    done = python(code, tmp_path)

    assert "True True\n" == done.stdout
    assert "module 'relforge.runtime' has no attribute 'nothing'" in done.stderr


READER = (
    "from relforge.runtime import config, Secret\n"
    "print(config['db.url'], type(config.db.url) is Secret, end=' ')\n"
)
CHAIN = f"""
import os, subprocess, sys
from relforge.runtime.config import view
fd = int(sys.argv[1])
os.environ["RELFORGE_CONFIG_FD"] = sys.argv[1]
code = {READER!r}
subprocess.run([sys.executable, "-c", code], pass_fds=[fd], check=True)  # a child with the fd
view.install(fd, os.environ)
exec(code)
print(os.environ["DATABASE_URL"], os.environ.get("RELFORGE_CONFIG_FD"), end=" ", flush=True)
again = "import subprocess, sys\\n" + code + "sys.stdout.flush()\\n" + (
    "subprocess.run([sys.executable, '-c', " + repr(code) + "], check=True)")
subprocess.run([sys.executable, "-c", again], check=True)
# A stale number, over another file: not ours.
with open("/dev/null") as other:
    env = dict(os.environ, RELFORGE_CONFIG_FD=str(other.fileno()))
    subprocess.run([sys.executable, "-c", code], env=env, pass_fds=[other.fileno()], check=True)
"""


@pytest.mark.process
def test_the_memfd_reaches_children_and_grandchildren(tmp_path: Path) -> None:
    result = {
        "values": {"db": {"url": "sqlite://"}},
        "secrets": ["db.url"],
        "origins": {},
        "environ": {"DATABASE_URL": "sqlite://"},
    }
    fd = os.memfd_create("relforge-config")
    os.write(fd, json.dumps(result).encode())

    done = subprocess.run(
        [sys.executable, "-c", CHAIN, str(fd)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(relforge.__file__).parents[1]), "PYTHONUNBUFFERED": "1"},
        pass_fds=[fd],
        capture_output=True,
        text=True,
        check=False,
    )

    os.close(fd)
    read = "sqlite:// True"
    assert f"{read} {read} sqlite:// None {read} {read} {read} " == done.stdout, done.stderr


@pytest.mark.process
def test_a_configuration_that_is_gone_is_an_error_not_another_one(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(SETTINGS)

    done = python(
        "config['http.port']",
        tmp_path,
        {"RELFORGE_CONFIG": "/proc/1/fd/999", "SHOP_DB__URL": "a:b"},
    )

    assert (
        "RELFORGE_CONFIG=/proc/1/fd/999: the configuration of the release has been removed"
        in done.stderr
    )


@pytest.mark.process
def test_values_of_a_build_s_check_are_typed_and_exported(tmp_path: Path) -> None:
    settings = {
        "schema": {
            "wait": {"type": "duration", "default": "20s"},
            "db.url": {"type": "url", "required": True, "secret": True},
            "mail.host": {"required": True},
        },
        "export": {"DATABASE_URL": "db.url"},
    }
    code = (
        "from relforge.runtime.config.view import install_values\n"
        f"install_values({{'db.url': 'sqlite://', 'x': {{'y': 1}}}}, {settings!r})\n"
        "print(config.as_dict(), os.environ['DATABASE_URL'])"
    )

    done = python(code, tmp_path)

    assert (
        "{'wait': 20.0, 'db': {'url': Secret('**********')}, 'x': {'y': 1}} sqlite://\n"
        == done.stdout
    ), done.stderr


@pytest.mark.process
def test_inside_a_release_a_bare_interpreter_reads_the_same(
    mini_release: Callable[..., Any],
) -> None:
    release = mini_release(
        config={
            "providers": [{"use": "env", "options": {}, "state": {"prefix": "S_", "map": []}}],
            "schema": {"a": {"type": "int"}},
        }
    )

    done = subprocess.run(
        [release.root / "python/bin/python3", "-P", "-c", IMPORTS + "print(config.a)"],
        env={"S_A": "7"},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )

    assert "7\n" == done.stdout, done.stderr


@pytest.mark.process
def test_texts_are_scrubbed_of_the_secrets_of_this_process(tmp_path: Path) -> None:
    code = """
from relforge.runtime.config import view
print(view.scrub("pl4nted"))
view.provide({"values": {"db": {"url": "pg://u:pl4nted@h"}, "k": "pl4nted"},
              "secrets": ["db.url", "k"]}, {})
print(view.scrub("ValueError: pg://u:pl4nted@h, and pl4nted"))
"""
    done = python(code, tmp_path)
    assert "pl4nted\nValueError: **********, and **********\n" == done.stdout, done.stderr
