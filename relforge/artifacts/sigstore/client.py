"""``python -m relforge.artifacts.sigstore.client TRUST WORD ...``: asks the package sigstore.

    TRUST identity
    TRUST sign ARTIFACT BUNDLE
    TRUST verify ARTIFACT BUNDLE IDENTITY ISSUER online|offline

Exits with 0, or with 1 and one line on stdout that says why.  TRUST is a file, or "".
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

from sigstore import hashes, oidc
from sigstore.errors import Error
from sigstore.models import Bundle, ClientTrustConfig
from sigstore.sign import SigningContext
from sigstore.verify import Verifier
from sigstore.verify.policy import Identity
from sigstore_models.common.v1 import HashAlgorithm

from relforge import cache
from relforge.artifacts.sigstore import TOKEN


def main(words: list[str]) -> int:
    """Do what the words say; returns the exit status."""
    logging.disable()
    trust, verb, *rest = words
    try:
        if verb == "identity":
            _token()
        elif verb == "sign":
            _sign(trust, *rest)
        else:
            _verify(trust, *rest)
    # Whatever it is (urllib3's, pydantic's, its own), the user reads one line of it.
    except Exception as error:
        print(_said(error))
        return 1
    return 0


def _sign(trust: str, artifact: str, bundle: str) -> None:
    context = SigningContext.from_trust_config(_config(trust, offline=False))
    with context.signer(_token()) as signer:
        made = signer.sign_artifact(_digest(artifact))
    Path(bundle).write_text(made.to_json())


def _verify(trust: str, artifact: str, bundle: str, identity: str, issuer: str, how: str) -> None:
    config = _config(trust, offline=how == "offline")
    Verifier(trusted_root=config.trusted_root).verify_artifact(
        _digest(artifact),
        Bundle.from_json(Path(bundle).read_bytes()),
        Identity(identity=identity, issuer=issuer),
    )


def _config(trust: str, *, offline: bool) -> ClientTrustConfig:
    if trust:
        return ClientTrustConfig.from_json(Path(trust).read_text())
    if os.environ.get("SIGSTORE_STAGING"):  # as sigstore's own client has it
        return ClientTrustConfig.staging(offline=offline)
    return ClientTrustConfig.production(offline=offline)


def _token() -> oidc.IdentityToken:
    raw = os.environ.get(TOKEN) or oidc.detect_credential()
    if raw is None:
        raise ValueError(f"neither credentials of a CI job nor {TOKEN}")
    return oidc.IdentityToken(raw)


def _digest(artifact: str) -> hashes.Hashed:
    digest = bytes.fromhex(cache.sha256(Path(artifact)))
    return hashes.Hashed(digest=digest, algorithm=HashAlgorithm.SHA2_256)


def _said(error: BaseException) -> str:
    """The error and what it came of, outermost first, each once."""
    texts: list[str] = []
    seen: BaseException | None = error
    while seen is not None:
        text = " ".join(str(seen).split()) or type(seen).__name__
        if not any(text in other for other in texts):
            texts.append(text)
        seen = seen.__cause__
    if isinstance(error, Error) and not str(error).strip():
        texts[0] = " ".join(error.diagnostics().split())
    return ": ".join(texts)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
