"""Who we are at a registry: variables, the files of podman and docker, their helpers."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from relforge.artifacts.push import login
from relforge.support import masking
from relforge.support.errors import UserError

HOST = "registry.example.org"


def write(path: Path, content: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def row(user: str, password: str) -> dict[str, dict[str, dict[str, str]]]:
    return {"auths": {HOST: {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}}}


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path)}


def test_nobody(home: dict[str, str]) -> None:
    assert login.find(HOST, home) is None


def test_the_first_place_that_knows_wins(tmp_path: Path, home: dict[str, str]) -> None:
    write(tmp_path / ".docker" / "config.json", row("docker", "pw:with:colons"))
    assert ("docker", "pw:with:colons") == login.find(HOST, home)
    assert login.find("other.example.org", home) is None
    write(tmp_path / ".config" / "containers" / "auth.json", row("podman", "p"))
    assert ("podman", "p") == login.find(HOST, home)
    file = write(tmp_path / "own.json", row("own", "p"))
    assert ("own", "p") == login.find(HOST, {**home, "REGISTRY_AUTH_FILE": str(file)})
    variables = {"RELFORGE_REGISTRY_USERNAME": "ci", "RELFORGE_REGISTRY_PASSWORD": "pass-word"}
    assert ("ci", "pass-word") == login.find(HOST, {**home, **variables})
    assert "pass-word" not in masking.mask("it said pass-word")


@pytest.mark.parametrize("text", ["not json", "[]", json.dumps({"auths": {HOST: {"auth": "!"}}})])
def test_a_file_that_is_damaged_is_named(tmp_path: Path, home: dict[str, str], text: str) -> None:
    place = tmp_path / ".docker" / "config.json"
    place.parent.mkdir()
    place.write_text(text)
    with pytest.raises(UserError) as raised:
        login.find(HOST, home)
    assert str(place) in raised.value.message


@pytest.mark.process
def test_a_program_that_keeps_the_secret(
    tmp_path: Path, home: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "docker-credential-vault"
    program.write_text(
        "#!/bin/sh\n"
        f'[ "$1" = get ] && [ "$(cat)" = {HOST} ] || exit 1\n'
        """printf '{"Username": "kept", "Secret": "s3cret"}'\n"""
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    place = tmp_path / ".docker" / "config.json"
    write(place, {"credsStore": "vault", "auths": {HOST: {}}})
    assert ("kept", "s3cret") == login.find(HOST, home)
    assert login.find("other.example.org", home) is None
    write(place, {"credHelpers": {HOST: "missing"}})
    with pytest.raises(UserError, match="docker-credential-missing"):
        login.find(HOST, home)
