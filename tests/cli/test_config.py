"""`config show`: every setting of an environment, and where it comes from."""

from __future__ import annotations

import pytest

from tests.release.workshop import PYTHON, Workshop, make

pytestmark = pytest.mark.process

SETTINGS = """\
[tool.relforge.env.prod]
python.strip = true
services.worker.drain = "5s"

[tool.relforge.env.dev.services.worker]
instances = 3
"""


@pytest.fixture
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    directory = tmp_path_factory.mktemp("config")
    made = make(directory / "shop", directory / "cache")
    made.add(SETTINGS)
    return made


def test_origins(shop: Workshop) -> None:
    shown = shop.report("config", "show", "--env", "prod")
    for key, value, origin in (
        ("name", "shop", "project.name"),
        ("version", "1.0", "project.version"),
        ("app", ["shop"], "pyproject.toml [tool.relforge]"),
        ("python.version", PYTHON, "pyproject.toml [tool.relforge]"),
        ("python.strip", True, "pyproject.toml [tool.relforge.env.prod]"),
        ("python.source", "host", "default"),
        ("services.worker.drain", "5s", "pyproject.toml [tool.relforge.env.prod]"),
        ("services.worker.run", "shop.worker:main", "pyproject.toml [tool.relforge]"),
        ("services.worker.instances", 1, "default"),
        ("lock", None, "found in the project"),
    ):
        assert {"value": value, "origin": origin} == shown[key], key
    assert sorted(shown) == list(shown)
    assert not [key for key in shown if key.startswith("env.")]


def test_another_environment(shop: Workshop) -> None:
    shown = shop.report("config", "show", "--env", "dev")
    expected = {"value": 3, "origin": "pyproject.toml [tool.relforge.env.dev]"}
    assert expected == shown["services.worker.instances"]
    assert {"value": True, "origin": "strip.symbols"} == shown["python.strip"]


def test_lines(shop: Workshop) -> None:
    done = shop.run("config", "show")
    assert 0 == done.returncode
    lines = done.stdout.splitlines()
    assert 'app = ["shop"]  # pyproject.toml [tool.relforge]' in lines
    assert "python.strip = true  # pyproject.toml [tool.relforge.env.prod]" in lines
    assert 'python.source = "host"  # default' in lines
    assert "" == done.stderr


def test_settings_in_a_file_of_their_own(shop: Workshop) -> None:
    project, _, settings = shop.pyproject.read_text().partition("[tool.relforge]")
    shop.pyproject.write_text(project)
    shop.put("relforge.toml", settings.replace("[tool.relforge.", "["))
    shown = shop.report("config", "show")
    assert {"value": ["shop"], "origin": "relforge.toml [tool.relforge]"} == shown["app"]
    strip = {"value": True, "origin": "relforge.toml [tool.relforge.env.prod]"}
    assert strip == shown["python.strip"]
    shop.add("[tool.relforge]\napp = []")
    assert "the settings are in two places" in shop.refused(78, "config", "show")


def test_nothing_is_written(shop: Workshop) -> None:
    before = set(shop.root.parent.rglob("*"))
    shop.report("config", "show")
    assert before == set(shop.root.parent.rglob("*"))


def test_nothing_that_a_terminal_would_act_on_is_printed(shop: Workshop) -> None:
    shop.add('[tool.relforge."a\\u001b[2J\\u009b"]')
    said = shop.refused(78, "config", "show")
    assert r'tool.relforge."a\u001b[2J\u009b": unknown key' in said
    assert "\x1b" not in said
