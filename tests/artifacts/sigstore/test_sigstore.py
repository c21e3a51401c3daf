"""Signing with sigstore and verifying, by its own package, against an instance on this host."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from relforge.artifacts import signing, sigstore
from relforge.cli import main
from relforge.support import network
from relforge.support.errors import UserError
from tests.artifacts.reading import archives
from tests.artifacts.sigstore import instance
from tests.artifacts.sigstore.instance import ISSUER

ME = "https://ci.example.org/shop/release"
AMBIENT = (
    *("ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "GITHUB_ACTIONS"),
    *("GITLAB_CI", "BUILDKITE", "CIRCLECI", "SIGSTORE_STAGING"),
)


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with instance.serving(tmp_path_factory.mktemp("sigstore")) as place:
        yield place


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No identity but what a test gives; the client keeps nothing in the home."""
    for name in (
        *AMBIENT,
        sigstore.TOKEN,
        sigstore.TRUST,
        "SIGSTORE_STAGING",
        "GITLAB_CI",
        "BUILDKITE",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    (tmp_path / "dist").mkdir()
    return archives.write(tmp_path / "dist" / "a.tar.gz", archives.members())


def signed(artifact: Path, trust: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(sigstore.TRUST, str(trust))
    monkeypatch.setenv(sigstore.TOKEN, instance.token(ME))
    sigstore.check()
    return sigstore.sign(artifact)


@pytest.mark.process
@pytest.mark.network
def test_what_is_signed_is_verified_by_identity_and_issuer(
    artifact: Path, trust: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = signed(artifact, trust, monkeypatch)
    assert {artifact, bundle} == set(artifact.parent.iterdir())
    assert 0o644 == bundle.stat().st_mode & 0o777
    monkeypatch.delenv(sigstore.TRUST)
    words = ["verify", str(artifact), "--sigstore-issuer", ISSUER, "--sigstore-trust", str(trust)]
    assert 0 == main([*words, "--sigstore-identity", ME])
    assert "all unchanged since the build" in capsys.readouterr().out
    assert 1 == main([*words, "--sigstore-identity", "https://eve.example.org"])
    assert "https://eve.example.org did not sign this" in capsys.readouterr().out
    words[3] = "https://other.example.org"
    assert 1 == main([*words, "--sigstore-identity", ME])
    # As a user of sigstore alone would.
    own = [sys.executable, "-m", "sigstore", "--trust-config", str(trust), "verify", "identity"]
    own += ["--cert-identity", ME, "--cert-oidc-issuer", ISSUER, str(artifact)]
    subprocess.run(own, check=True, capture_output=True, timeout=60)


@pytest.mark.process
@pytest.mark.network
def test_what_was_changed_after_it_was_signed_is_refused(
    artifact: Path, trust: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = signed(artifact, trust, monkeypatch)
    data = artifact.read_bytes()
    artifact.write_bytes(data + b"x")
    assert "mismatch" in sigstore.objection(artifact, ME, ISSUER)
    artifact.write_bytes(data)
    reported = json.loads(bundle.read_text())
    (entry,) = reported["verificationMaterial"]["tlogEntries"]
    entry["integratedTime"] = str(int(entry["integratedTime"]) + 1)
    bundle.write_text(json.dumps(reported))
    assert "invalid" in sigstore.objection(artifact, ME, ISSUER)
    bundle.write_text("{")
    assert "did not sign this" in sigstore.objection(artifact, ME, ISSUER)
    bundle.unlink()
    assert "a.tar.gz.sigstore.json is missing" in sigstore.objection(artifact, ME, ISSUER)
    with instance.serving(tmp_path) as other:  # somebody else's keys
        signed(artifact, other, monkeypatch)
        assert "did not sign this" in sigstore.objection(artifact, ME, ISSUER, trust)


@pytest.mark.process
def test_without_an_identity_nothing_is_built(artifact: Path) -> None:
    with pytest.raises(
        UserError, match="no identity to sign with: neither credentials of a CI job"
    ) as caught:
        sigstore.check()
    assert sigstore.TOKEN in caught.value.hint


@pytest.mark.process
@pytest.mark.parametrize("text", ["abc", instance.token(ME, seconds=-3600)])
def test_a_token_that_is_none_or_of_yesterday_is_reported(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(sigstore.TOKEN, text)
    with pytest.raises(UserError, match="no identity to sign with: Identity token is") as caught:
        sigstore.check()
    assert text not in caught.value.message


@pytest.mark.process
@pytest.mark.network
def test_signing_where_nobody_answers_is_one_paragraph_and_leaves_nothing(
    artifact: Path, trust: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    text = trust.read_text()
    here = json.loads(text)["signingConfig"]["caUrls"][0]["url"]
    nowhere = tmp_path / "trust.json"
    nowhere.write_text(text.replace(here, f"http://127.0.0.1:{port}"))
    before = set(artifact.parent.iterdir())
    with pytest.raises(UserError, match=r"signing with sigstore failed: .*refused") as caught:
        signed(artifact, nowhere, monkeypatch)
    assert "\n" not in caught.value.message
    assert before == set(artifact.parent.iterdir())


def test_what_is_missing_is_reported(
    artifact: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 2 == main(["verify", str(artifact), "--sigstore-identity", ME])
    assert "must be given together" in capsys.readouterr().err
    monkeypatch.setenv(sigstore.TRUST, "/no/such/file")
    with pytest.raises(UserError, match="/no/such/file: no such file"):
        sigstore.check()


def test_it_is_not_asked_where_the_network_may_not_be_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(network.OFFLINE, "1")
    with pytest.raises(UserError, match="it needs the network, but --offline"):
        sigstore.check()


@pytest.mark.process
def test_nothing_of_sigstore_is_imported_unless_it_is_asked_for() -> None:
    names = (
        "relforge.cli.build relforge.cli.artifact "
        "relforge.artifacts.attestation relforge.pipeline.planning"
    )
    program = f"import sys, {names.replace(' ', ', ')}; sys.exit('sigstore' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_the_bundle_goes_with_its_artifact(artifact: Path) -> None:
    assert signing.bundle_file(artifact) in signing.beside(artifact)
