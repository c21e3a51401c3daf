"""The examples of docs/how-to/read-the-configuration.md, run as they stand there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tomli

from relforge.runtime.config import build
from tests.runtime.conftest import PACKAGE, mini_release, mini_template

pytestmark = pytest.mark.process

__all__ = ["mini_release", "mini_template"]  # fixtures

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "read-the-configuration.md"
BLOCK = re.compile(r"^```(toml|python)\n(.*?)^```", re.M | re.S)
URL = "sqlite:////srv/pl4nted.db"
ASK = {
    "plain": ("import shop.plain; print(shop.plain.greeting())", "a@b.example on port 81"),
    "variables": ("import shop.variables; print(shop.variables.DATABASE_URL)", URL),
    "settings": (
        (
            "import shop.settings; s = shop.settings.load()\n"
            "print(s.http.port, s.db.url.get_secret_value(), s.mail.sender, s)"
        ),
        (
            f"81 {URL} a@b.example http=Http(port=81) mail=Mail(sender='a@b.example') "
            "db=Db(url=SecretStr('**********'))"
        ),
    ),
    "base": (
        "import shop.base; s = shop.base.Settings()\nprint(s.http.port, s.db.url, s)",
        "81 ********** http=Http(port=81) db=Db(url=SecretStr('**********'))",
    ),
    "django": (
        (
            "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'shop.django_settings'\n"
            "import django; from django.conf import settings; django.setup()\n"
            "print(settings.DEFAULT_FROM_EMAIL, settings.DATABASES['default']['NAME'])"
        ),
        "a@b.example //srv/pl4nted.db",
    ),
}
ENVIRON = {"SHOP_HTTP__PORT": "81", "SHOP_MAIL__SENDER": "a@b.example", "SHOP_DB__URL": URL}


def blocks(language: str) -> list[str]:
    return [text for kind, text in BLOCK.findall(PAGE.read_text()) if kind == language]


def files() -> dict[str, str]:
    return {text.splitlines()[0].removeprefix("# "): text for text in blocks("python")}


def settings(way: str) -> dict[str, Any]:
    """The settings of the page; the model stands in the place of the schema where it says so."""
    config: dict[str, Any] = tomli.loads(blocks("toml")[0])["tool"]["relforge"]["config"]
    if way == "settings":
        return {**config, "schema": {}, "model": "shop.settings:Settings"}
    return config


@pytest.mark.parametrize("way", ASK)
def test_an_example_runs_in_a_release(way: str, mini_release: Callable[..., Any]) -> None:
    config = settings(way)
    question = {
        **config,
        "providers": [
            {"use": row["use"], "options": {"prefix": row["prefix"]}} for row in config["providers"]
        ],
    }
    release = mini_release(files())
    sys.path.insert(0, str(release.root / "app"))
    try:
        answer = build.check(question)
    finally:
        sys.path.remove(str(release.root / "app"))
        for name in [name for name in sys.modules if name.partition(".")[0] == "shop"]:
            del sys.modules[name]
    assert [] == answer.pop("errors")
    release = mini_release(files(), config={**config, **answer})

    done = release.run("eval", ASK[way][0], env=ENVIRON)

    assert ("", f"{ASK[way][1]}\n") == (done.stderr, done.stdout)


@pytest.mark.parametrize("way", sorted(set(ASK) - {"variables"}))
def test_an_example_runs_in_a_checkout(way: str, tmp_path: Path) -> None:
    for name, text in files().items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    page = blocks("toml")[0]
    if way == "settings":
        head = page.partition("[tool.relforge.config.schema]")[0]
        page = f'{head}model = "shop.settings:Settings"\n'
    (tmp_path / "pyproject.toml").write_text(page)

    done = subprocess.run(
        [sys.executable, "-c", ASK[way][0]],
        cwd=tmp_path,
        env={**ENVIRON, "PATH": os.environ["PATH"], "PYTHONPATH": f"{PACKAGE.parent}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ("", f"{ASK[way][1]}\n") == (done.stderr, done.stdout)
