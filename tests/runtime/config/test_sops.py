"""The provider `sops`: how the program is called, and what is made of its answer."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from tests.runtime.config import asking

SECRET = "pl4nted-password"
SCHEMA = {"db.password": {"type": "str"}, "db.pool": {"type": "int"}}
# Decrypts what it is asked for as the real one answers: `sops` keeps its notes in that table.
SOPS = """#!/bin/sh
[ "$1 $2 $3" = "--decrypt --output-type json" ] || exit 9
[ -n "$SOPS_AGE_KEY" ] || { echo "Failed to get the data key required to decrypt" >&2; exit 128; }
base64 -d "$4"
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "sops"
    program.write_text(SOPS)
    program.chmod(0o755)
    plain = f'{{"db": {{"password": "{SECRET}", "pool": 3}}, "sops": {{"version": "3.9"}}}}'
    (tmp_path / "secrets.enc.json").write_bytes(base64.b64encode(plain.encode()))
    return {"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "SOPS_AGE_KEY": "AGE-SECRET-KEY-1"}


@pytest.fixture(autouse=True)
def path(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", environ["PATH"])


@pytest.mark.process
def test_a_file_is_decrypted_and_everything_in_it_is_secret(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    row = {"use": "sops", "path": "secrets.enc.json"}

    found = asking.run(tmp_path, row, environ=environ, schema=SCHEMA)

    assert [] == found.problems
    assert {"db": {"password": SECRET, "pool": 3}} == found.values
    assert ["db.password", "db.pool"] == found.secrets
    assert [["sops", f"{tmp_path}/secrets.enc.json"]] == found.origins["db.password"]


@pytest.mark.process
@pytest.mark.parametrize(
    ("row", "without", "message"),
    [
        ({"path": "x.json"}, "", "/x.json: no such file"),
        ({}, "SOPS_AGE_KEY", "sops: ended with 128\n      Failed to get the data key"),
        ({"program": "/nowhere/sops"}, "", "no program '/nowhere/sops' to decrypt it"),
        ({"optional": True}, "SOPS_AGE_KEY", "sops: ended with 128"),
    ],
)
def test_a_fault_is_reported(
    tmp_path: Path, environ: dict[str, str], row: dict[str, object], without: str, message: str
) -> None:
    row = {"use": "sops", "path": "secrets.enc.json", "retries": 0, **row}
    environ.pop(without, None)

    (problem,) = asking.run(tmp_path, row, environ=environ, schema=SCHEMA).problems

    assert message in problem["message"]


def test_only_a_missing_file_is_optional(tmp_path: Path, environ: dict[str, str]) -> None:
    row = {"use": "sops", "path": "x.json", "optional": True}

    assert [] == asking.run(tmp_path, row, environ=environ, schema=SCHEMA).problems
