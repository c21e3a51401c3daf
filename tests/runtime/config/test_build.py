"""What the builder asks: run as it runs it, a process with JSON in and out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from relforge.runtime import boot_app

pytestmark = pytest.mark.process

BOOT = Path(boot_app.__file__)

SHOP = """
print("printed while it is imported")

class Vault:
    def init(self, options):
        if "path" not in options:
            raise ValueError("path: missing")
        return {"path": options["path"].upper()}

    def load(self, state, context):
        raise SystemExit("load() must not run in a build")

class Odd:
    def init(self, options):
        return {"when": object()}

    def load(self, state, context):
        return {}

class NoLoad:
    pass
"""


def ask(directory: Path, **question: Any) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-P", "-s", "-B", BOOT, "providers"],
        input=json.dumps({"providers": [], "schema": {}, "export": {}, **question}),
        env={"PYTHONPATH": str(directory)},
        capture_output=True,
        text=True,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_states_are_plain_data_and_nothing_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(SHOP)
    rows = [
        {"use": "toml", "options": {"path": "${ETC}/x.toml"}},
        {"use": "env", "options": {"prefix": "SHOP_", "map": {"PORT": "http.port", "A": "db.url"}}},
        {"use": "credentials", "options": {}},
        {"use": "shop:Vault", "options": {"path": "kv"}},
    ]

    answer = ask(tmp_path, providers=rows)

    assert [] == answer["errors"]
    assert [row["use"] for row in rows] == [row["use"] for row in answer["providers"]]
    toml, env, _, own = (row["state"] for row in answer["providers"])
    assert {"path": "${ETC}/x.toml", "optional": False} == toml
    assert [["PORT", "http.port"], ["A", "db.url"]] == env["map"]
    assert {"path": "KV"} == own


def test_every_error_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "broken.py").write_text("import json\n\nimport not_there\n")
    rows: list[dict[str, Any]] = [
        {"use": "tomll", "options": {}},
        {"use": "toml", "options": {"pth": "x"}},
        {"use": "toml", "options": {"path": "~/x.toml", "optional": "yes"}},
        {"use": "env", "options": {}},
        {"use": "env", "options": {"prefix": "RELEASE_"}},
        {"use": "credentials", "options": {"path": "/x"}},
        {"use": "shop:Vault", "options": {}},
        {"use": "shop:Vualt", "options": {}},
        {"use": "shop:Odd", "options": {}},
        {"use": "shop:NoLoad", "options": {}},
        {"use": "broken:Vault", "options": {}},
        {"use": "env", "options": {"map": {"PORT": "http.prot"}}},
        {"use": "toml", "options": {"path": "/etc/${X"}},
    ]

    answer = ask(
        tmp_path,
        providers=rows,
        schema={"http.port": {"type": "itn"}},
        export={"DATABASE_URL": "http.prt", "RELEASE_X": "http.port"},
    )

    found = [
        f"{row['path'].removeprefix('tool.relforge.config.')}: {row['message']}"
        for row in answer["errors"]
    ]
    text = "\n".join(found)
    for wanted in (
        "providers[0].use: no provider 'tomll'; did you mean toml?",
        "providers[1].pth: unknown option; did you mean path?",
        "providers[1].path: missing",
        "providers[2].optional: expected bool, got str",
        "providers[3]: give a prefix, a map, or both",
        "providers[4].prefix: RELEASE_ belongs",
        "providers[5].path: unknown option",
        "providers[6]: shop:Vault: path: missing",
        "providers[7].use: shop:Vualt: shop has no Vualt; did you mean Vault?",
        "providers[8]: shop:Odd: init() must return plain data",
        "providers[9].use: shop:NoLoad: a provider needs a method load",
        "providers[10]: broken:Vault cannot be used:",
        "providers[11].map.PORT: the schema has no key 'http.prot'; did you mean http.port?",
        "providers[12].path: '/etc/${X' has a ${",
        "schema.\"http.port\".type: no type 'itn'; did you mean int?",
        "export.DATABASE_URL: the schema has no key 'http.prt'; did you mean http.port?",
        "export.RELEASE_X: this variable belongs",
    ):
        assert wanted in text, f"{wanted}\n--\n{text}"
    (broken,) = (row for row in found if "broken" in row)
    assert 'broken.py", line 3' in broken
    assert "No module named 'not_there'" in broken
    assert "relforge" not in broken.replace("tool.relforge", "")
    assert "importlib" not in broken
