"""Signatures without a key that somebody keeps: sigstore's, by the package of that name.

    ticketd-1.4.0-linux-x86_64-glibc2.34.tar.gz.sigstore.json    made with --sign sigstore

The identity is that of the CI job (ambient credentials), or of the token in
``SIGSTORE_IDENTITY_TOKEN``; sigstore's own client finds the instance's keys.  It
works in a process of its own: it is large, it waits for networks without a limit,
and reports its progress to the listener.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from relforge.artifacts import signing
from relforge.support import network
from relforge.support.errors import UserError

WORD = "sigstore"  # in the place of a key
TRUST = "RELFORGE_SIGSTORE_TRUST"  # an instance of one's own: its client trust configuration
TOKEN = "SIGSTORE_IDENTITY_TOKEN"
PATIENCE = 180  # seconds
_SHOWN = 1000  # characters of what it complained of


def check() -> None:
    """Raise UserError where nothing could be signed: no package, or nobody who signs."""
    _check_package("--sign sigstore")
    _trust()
    if network.offline():
        raise UserError(
            "--sign sigstore: it needs the network, but --offline was given",
            hint="sign with a key: --sign release_key",
        )
    said = _ask("identity")
    if said:
        raise UserError(
            f"--sign sigstore: no identity to sign with: {said}",
            hint=f"sign in a CI job that can get an identity token, or set {TOKEN}",
        )


def sign(artifact: Path) -> Path:
    """Sign the artifact; returns the bundle, which appears whole.  Raises UserError."""
    bundle = signing.bundle_file(artifact)
    draft = bundle.with_name(f".{bundle.name}.{os.getpid()}")
    try:
        said = _ask("sign", artifact, draft, trust=_trust())
        if said:
            raise UserError(
                f"{artifact.name}: signing with sigstore failed: {said}",
                hint="the artifact was written without a bundle; run the same command to sign it",
            )
        draft.chmod(0o644)
        draft.replace(bundle)
    finally:
        draft.unlink(missing_ok=True)
    return bundle


def objection(artifact: Path, identity: str, issuer: str, trust: Path | None = None) -> str:
    """Why the artifact's bundle does not hold; "" where ``identity`` signed, says ``issuer``.

    ``trust`` is the client trust configuration of an instance.  Where the network
    may not be used, the keys are those that sigstore's client has or brings along.
    Raises UserError where the package or the configuration is not there.
    """
    _check_package("--sigstore-identity")
    bundle = signing.bundle_file(artifact)
    if not bundle.is_file():
        return f"{bundle.name} is missing, so the signer cannot be verified"
    how = "offline" if network.offline() else "online"
    said = _ask("verify", artifact, bundle, identity, issuer, how, trust=_trust(trust))
    return f"{identity} did not sign this, according to sigstore: {said}" if said else ""


def _trust(given: Path | None = None) -> str:
    """The file of the instance's trust configuration, "" for the public instance."""
    place = str(given or "") or os.environ.get(TRUST, "")
    if place and not Path(place).is_file():
        raise UserError(
            f"{place}: no such file",
            hint="expected the client trust configuration of a sigstore instance, as JSON",
        )
    return place


def _check_package(where: str) -> None:
    if find_spec("sigstore") is None:
        raise UserError(
            f"{where}: the package sigstore is not installed",
            hint="pip install 'relforge[sigstore]'",
        )


def _ask(*words: str | Path, trust: str = "") -> str:
    """What it complains of; "" where it is content."""
    # -P: nothing of the directory that relforge was started in is imported.
    command = [sys.executable, "-P", "-m", "relforge.artifacts.sigstore.client", trust, *words]
    try:
        done = subprocess.run(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=PATIENCE,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        return f"it did not answer within {PATIENCE} s"
    if done.returncode == 0:
        return ""
    lines = (done.stdout or done.stderr).strip().splitlines()
    return (" ".join(lines[-1].split()) if lines else "it printed no reason")[:_SHOWN]
