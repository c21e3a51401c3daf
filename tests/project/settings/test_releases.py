"""Several releases of one repository: each has a table, laid over the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tomli

from relforge.model.spec import Settings
from relforge.pipeline.configured import Configured
from relforge.project import settings
from relforge.support.errors import SettingsError
from tests import builder

SETTINGS = """
python.version = "3.12"
[services.web]
app = "shop.web:app"
server = "uvicorn"
listen = ["127.0.0.1:8000"]
[services.worker]
run = "shop.worker:main"
[commands.migrate]
call = "shop.ops:migrate"
help = "migrate"
[env.prod.services.web]
instances = 4
[releases.shop]
only = { services = ["web"] }
[releases.admin]
name = "shop-admin"
only = { services = [], commands = ["migrate"] }
[releases.admin.services.web]
instances = 2
listen = ["127.0.0.1:9000"]
[releases.admin.env.dev.services.web]
instances = 1
"""
WITH_SERVICES = SETTINGS.replace("services = [], ", "")


def configured(name: str | None, env: str = "prod", text: str = SETTINGS) -> Configured:
    project = builder.project(Path("/project"), settings=tomli.loads(text))
    merged = settings.lay(project.settings, env, name)
    typed, readings = settings.read(project, merged, env, version="1", lock=None)
    return Configured(project=project, settings=typed, env=env, readings=readings, over=merged.over)


def read(name: str | None, env: str = "prod", text: str = SETTINGS) -> Settings:
    return configured(name, env, text).settings


def test_a_release_is_called_as_its_table_unless_it_says() -> None:
    assert ("shop", "shop-admin") == (read("shop").name, read("admin").name)


def test_a_release_takes_the_services_and_commands_that_it_names() -> None:
    shop, admin = read("shop"), read("admin")
    assert ["web"] == [row.name for row in shop.services]
    assert ["migrate"] == [row.name for row in shop.commands]
    assert ((), ["migrate"]) == (admin.services, [row.name for row in admin.commands])


def test_tables_are_laid_over_in_their_order() -> None:
    def web(env: str) -> tuple[int, tuple[str, ...]]:
        found = read("admin", env, WITH_SERVICES).services[0]
        return found.instances, found.listen

    assert (4, ("127.0.0.1:9000",)) == web("prod"), "an environment wins over a release"
    assert (1, ("127.0.0.1:9000",)) == web("dev")


def test_each_value_names_the_table_that_wrote_it() -> None:
    found = configured("admin", "dev", WITH_SERVICES)
    origins = {row.path[2:]: found.origin(row) for row in found.readings}
    here = "pyproject.toml [tool.relforge"
    assert f"{here}.releases.admin.env.dev]" == origins["services", "web", "instances"]
    assert f"{here}.releases.admin]" == origins["services", "web", "listen"]
    assert f"{here}]" == origins["services", "web", "app"]


@pytest.mark.parametrize(
    ("name", "change", "words", "hint"),
    [
        (None, "", "several releases (shop, admin), and none is chosen", "relforge release shop"),
        ("amdin", "", "no release 'amdin'", "did you mean `admin`?"),
        (None, "default = 'x'\n", "tool.relforge.default: no release 'x'", "shop, admin"),
    ],
)
def test_a_name_that_is_not_there_is_reported(
    name: str | None, change: str, words: str, hint: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        read(name, text=change + SETTINGS)
    assert words in caught.value.message
    assert hint in caught.value.hint


def test_the_default_needs_no_name() -> None:
    text = "default = 'admin'\n" + SETTINGS
    assert ("shop-admin", "shop") == (read(None, text=text).name, read("shop", text=text).name)


def test_a_project_with_one_release_has_no_names() -> None:
    alone: dict[str, Any] = {"python": {"version": "3.12"}}
    with pytest.raises(SettingsError, match="the project has a single release"):
        settings.lay(alone, "prod", "shop")


def test_errors_name_the_table_of_the_release() -> None:
    wrong = WITH_SERVICES.replace("instances = 2", "instances = 'two'")
    with pytest.raises(SettingsError) as caught:
        read("admin", "staging", wrong + "[env.staging]\n")
    assert caught.value.message.startswith("tool.relforge.releases.admin.services.web.instances:")
    gone = SETTINGS.replace('services = ["web"]', 'services = ["wbe"]')
    with pytest.raises(SettingsError, match=r"releases\.shop\.only\.services\[0\]: no 'wbe'"):
        read("shop", text=gone)


def test_a_name_that_is_its_tables_key_has_that_table_as_its_origin() -> None:
    found = configured("shop")
    (reading,) = (row for row in found.readings if row.path[2:] == ("name",))
    assert found.origin(reading).endswith("[tool.relforge.releases.shop]")


def test_a_default_that_is_no_name_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"^tool\.relforge\.default: expected the name"):
        read(None, text=f'default = ["shop"]\n{SETTINGS}')


def test_a_release_needs_a_name() -> None:
    with pytest.raises(
        SettingsError, match=r'tool\.relforge\.releases\."": a release needs a name'
    ):
        read(None, text=f'{SETTINGS}[releases.""]\n')
