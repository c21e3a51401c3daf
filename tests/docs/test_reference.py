"""The reference has everything that there is, and its examples are valid."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import tomli
import typer

from relforge import api
from relforge.cli.main import app
from relforge.project import settings
from relforge.runtime import errors
from relforge.runtime.commands import ALIASES, TABLE
from relforge.runtime.config import kinds, providers, schema
from tests import builder

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", *DOCS.rglob("*.md")])
BLOCK = re.compile(r"^```toml\n(.*?)^```", re.M | re.S)
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
# Keys of the settings, complete: each table that can be there is there once.
FULL = """
python = { version = "3.12" }
assets = { run = [["true"]], outputs = { a = "b" } }
overlays = [{ copy = "a", to = "b" }, { link = "b", to = "c" }, { mkdir = "d" },
            { template = "a", to = "e", mode = "0644" }]
services.web = { app = "a:b", listen = ["127.0.0.1:80"] }
services.job = { run = "a:b" }
services.tool = { exec = ["true"], ready = "started" }
config.providers = [{ use = "env", prefix = "A_" }]
log = { age = "24h" }
commands.go = { call = "a:b", args = [{ name = "x" }] }
console = { idle_timeout = "1h" }
hooks.on_crash = { call = "a:b" }
indexes = [{ name = "own", url = "https://host/simple" }]
"""


def text(name: str) -> str:
    return (DOCS / "reference" / name).read_text()


def options(command: Any) -> set[str]:
    """Every option of a command and of those below it."""
    own = {word for row in command.params for word in row.opts if word.startswith("-")}
    names = getattr(command, "commands", ())
    below = [command.get_command(None, name) for name in names]  # imported when asked for
    return own.union(*(options(row) for row in below))


def test_every_option_of_the_builder_is_described() -> None:
    command = typer.main.get_command(app)
    page = text("relforge.md")
    words = sorted(options(command))
    assert [] == [word for word in words if not re.search(rf"{word}\b", page)]
    names = [f"relforge {name}" for name in command.commands]  # type: ignore[attr-defined]  # it is a group
    assert [] == [name for name in names if f"`{name}" not in page]


def test_every_command_of_a_release_is_described() -> None:
    page = text("release-commands.md")
    missing = [name for name in (*TABLE, *ALIASES) if f"`{name}" not in page and name[0] != "-"]
    assert [] == missing
    usages = " ".join(usage for _, _, usage, _ in TABLE.values())
    words = set(re.findall(r"--?[a-z][a-z-]*", usages))
    assert [] == [word for word in sorted(words) if word not in page]


def test_every_exit_code_is_described() -> None:
    codes = {
        value for name, value in vars(errors).items() if name.isupper() and name != "TYPE_CHECKING"
    }
    page = text("release-commands.md")
    assert [] == [code for code in sorted(codes) if f"\n| {code} |" not in page]


def test_every_provider_type_and_row_of_a_schema_is_described() -> None:
    page = text("configuration.md")
    names = [*providers.BUILT_IN, *kinds.NAMES, *schema.ROW]
    assert [] == [name for name in names if f"`{name}`" not in page]


def test_every_setting_is_described() -> None:
    merged = settings.lay(tomli.loads(FULL), "prod")
    project = builder.project(Path("/project"))
    _, readings = settings.read(project, merged, "prod", version="1", lock=None)
    page = text("settings.md")
    assert [] == sorted({row.path[-1] for row in readings if f"`{row.path[-1]}`" not in page})


def test_every_function_for_steps_is_described() -> None:
    page = (DOCS / "how-to" / "write-a-step.md").read_text()
    assert [] == [
        name
        for name in api.__all__
        if callable(getattr(api, name)) and name.islower() and f"`{name}(" not in page
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = [name for name in LINK.findall(page.read_text()) if "://" not in name]
    assert [] == [name for name in targets if not (page.parent / name).exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_of_settings_are_valid(page: Path) -> None:
    for block in BLOCK.findall(page.read_text()):
        table = tomli.loads(block).get("tool", {}).get("relforge")
        if table is None:
            continue
        merged = settings.lay(table, "prod")
        merged.table.setdefault("python", {"version": "3.12"})
        named = set(re.findall(r"\$\{([^}]+)\}", block))
        known = table.get("config", {}).get("schema", {})
        assert {key for key in named if not key.startswith(("http.", "release."))} <= set(known)
        settings.read(builder.project(ROOT), merged, "prod", version="1", lock=None)
