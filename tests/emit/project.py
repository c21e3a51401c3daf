"""A project on disk whose settings are emitted from; nothing of it is built."""

from __future__ import annotations

from pathlib import Path

from relforge.emit import deployment, render
from relforge.emit.deployment import Choices, Deployment
from relforge.emit.render import Emitted
from relforge.model.spec import Settings
from relforge.pipeline.configured import read_settings

PROJECT = """\
[project]
name = "shop"
version = "1.4.0"

[tool.relforge]
python = { version = "3.12" }
app = ["shop"]

[tool.relforge.services.worker]
run = "shop.worker:main"
drain = "${worker.drain}"

[tool.relforge.services.web]
app = "shop.web:app"
listen = ["${http.host}:${http.port}"]
drain = "25s"

[tool.relforge.upgrade]
health = { http = "http://127.0.0.1:${http.port}/readyz" }

[tool.relforge.commands.migrate]
call = "shop.ops:migrate"

[tool.relforge.commands.init-db]
call = "shop.ops:init"

[tool.relforge.config]
providers = [
  { use = "env", prefix = "SHOP_", map = { DATABASE_URL = "db.url", PORT = "http.port" } },
]

[tool.relforge.config.schema]
"http.host" = { type = "str", default = "127.0.0.1" }
"http.port" = { type = "int", default = 8000 }
"db.url" = { type = "url", required = true, secret = true, doc = "the database" }
"mail.password" = { type = "str", default = "", secret = true }
"worker.drain" = { type = "duration", default = "1m" }
"""


def settings(directory: Path, *changes: tuple[str, str]) -> Settings:
    """Of `PROJECT`, in each change the first text replaced by the second."""
    text = PROJECT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (directory / "pyproject.toml").write_text(text)
    return read_settings(directory, "prod").settings


def described(found: Settings, **chosen: str | tuple[str, ...] | dict[str, str]) -> Deployment:
    return deployment.of(found, "prod", Choices(**{"values": {}, **chosen}))  # type: ignore[arg-type]  # each by its own name


def emitted(target: str, found: Settings, **chosen: str | tuple[str, ...]) -> Emitted:
    return render.emit(target, described(found, **chosen), found)
