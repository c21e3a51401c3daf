"""Secrets are found, whatever they are in, and never shown."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from relforge.checks import secrets
from relforge.model.release import Finding, Release
from tests.checks import trees

BODY = base64.encodebytes(bytes(range(200)))
KEY = b"-----BEGIN RSA PRIVATE KEY-----\n" + BODY + b"-----END RSA PRIVATE KEY-----\n"
DIGITS = "aB3dE6gH9jK2"
# Put together here, so that nobody who searches this repository finds one.
FOUND = {
    "a key": (KEY, "a private key"),
    "a key that is enciphered": (
        b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n"
        + BODY,
        "a private key",
    ),
    "the key of a service account": (
        b'{"private_key": "' + KEY.replace(b"\n", rb"\n") + b'"}',
        "a private key",
    ),
    "AWS": (b"key = 'AK" + b"IAQYLPMN5HFIQR7BBB'", "an AWS access key"),
    "AWS's other half": (
        b"aws_secret_access_key = " + (DIGITS * 4)[:40].encode(),
        "an AWS secret key",
    ),
    "GitHub": (b"gh" + b"p_" + (DIGITS * 3).encode(), "a GitHub token"),
    "GitHub, fine-grained": (b"github_" + b"pat_" + (DIGITS * 6).encode(), "a GitHub token"),
    "Slack": (b"xo" + b"xb-123456789012-" + DIGITS.encode(), "a Slack token"),
    "Stripe": (b"sk_" + b"live_" + (DIGITS * 2).encode(), "a Stripe key"),
    "Google": (b"AI" + b"za" + (DIGITS * 3)[:35].encode(), "a Google key"),
    "npm": (b"np" + b"m_" + (DIGITS * 3).encode(), "an npm token"),
    "an address": (
        b"DB = 'postgresql://shop:c0rrect-h0rse@db.internal:5432/shop'",
        "a password in a URL (postgresql://...@db.internal)",
    ),
    "an address without a user": (
        b"redis://:c0rrect-h0rse@cache/0",
        "a password in a URL (redis://...@cache)",
    ),
    "a signed token": (
        b"eyJhbGciOiJIUzI1NiJ9." + b"eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
        "a signed token (JWT)",
    ),
}


def found(release: Release) -> list[Finding]:
    return list(secrets.rule(release))


@pytest.mark.parametrize("case", FOUND)
def test_a_secret_is_reported_with_its_line_and_without_itself(tmp_path: Path, case: str) -> None:
    data, what = FOUND[case]
    release = trees.app(tmp_path, {"app/shop/settings.py": b"# one\n" + data + b"\n"})
    (finding,) = found(release)
    assert "app/shop/settings.py" == finding.path
    assert finding.message.startswith(f"line 2 contains {what}")
    assert ("contains", "line 2") == (finding.topic.partition(" ")[0], finding.detail)
    reported = f"{finding.message} {finding.hint}"
    secret = data.split(b"'")[1] if b"'" in data else data
    assert secret.decode() not in reported
    for part in (DIGITS, "c0rrect", "YLPMN5H", BODY[:16].decode()):
        assert part not in reported


@pytest.mark.parametrize(
    "text",
    [
        'MARK = b"-----BEGIN OPENSSH PRIVATE KEY-----"\nEND = b"-----END"',
        "postgresql://user:password@db.internal/shop",
        "postgresql://shop:shop@db.internal/shop",
        "amqp://guest:guest@rabbit//",
        "postgresql://shop:c0rrect-h0rse@localhost/shop",
        "https://shop:c0rrect-h0rse@example.com/",
        "https://${USER}:${PASSWORD}@db.internal/",
        'f"https://{user}:{password}@{host}/"',
        "postgresql://%(user)s:%(password)s@%(host)s/",
        "http://db.internal:5432/a@b",
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_" + "x" * 36,
        "npm_config_registry",
    ],
)
def test_what_documentation_has_is_no_secret(tmp_path: Path, text: str) -> None:
    assert [] == found(trees.app(tmp_path, {"app/shop/docs.py": text}))


@pytest.mark.parametrize(
    "name", [".env", "deploy/.env.production", "id_rsa", ".netrc", ".pypirc", ".kube/config"]
)
def test_a_file_that_is_a_secret_by_its_name(tmp_path: Path, name: str) -> None:
    (finding,) = found(trees.app(tmp_path, {f"app/{name}": "A=1\n"}))
    assert ("error", f"app/{name}") == (finding.severity, finding.path)


@pytest.mark.parametrize("name", [".env.example", "env", "id_rsa.pub", "config", "netrc.py"])
def test_a_file_that_only_looks_like_one(tmp_path: Path, name: str) -> None:
    assert [] == found(trees.app(tmp_path, {f"app/{name}": "A=1\n"}))


def test_overlays_and_assets_are_searched(tmp_path: Path) -> None:
    release = trees.release(tmp_path, {"release": {"app/static/demo.pem": KEY}})
    assert ["app/static/demo.pem"] == [row.path for row in found(release)]


def test_of_packages_only_private_keys_are_reported_and_as_warnings(tmp_path: Path) -> None:
    texts: dict[str, bytes | str] = {
        f"{trees.SITE}/one/key.pem": KEY,
        f"{trees.SITE}/one/docs.py": b"sk_" + b"live_" + (DIGITS * 2).encode(),
        f"{trees.SITE}/one/.env": "A=1",
        f"{trees.SITE}/one/tests/key.pem": KEY,
    }
    (finding,) = found(trees.release(tmp_path, {"deps": texts, "python": {"python/k.pem": KEY}}))
    assert ("warning", f"{trees.SITE}/one/key.pem") == (finding.severity, finding.path)


def test_a_secret_far_into_a_large_file_has_its_line(tmp_path: Path) -> None:
    data = b"x" * 99 + b"\n"
    release = trees.app(
        tmp_path, {"app/large.txt": data * 200_000 + b"gh" + FOUND["GitHub"][0][2:]}
    )
    assert ["line 200001"] == [row.message[:11] for row in found(release)]


def test_several_of_a_kind_are_reported_once_a_file(tmp_path: Path) -> None:
    release = trees.app(tmp_path, {"app/keys.pem": KEY * 3})
    (finding,) = found(release)
    assert finding.message.startswith("line 1 contains a private key")
    assert finding.message.endswith(", and 2 more")
