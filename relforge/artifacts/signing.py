"""Signatures of artifacts: SSH's, by ``ssh-keygen -Y`` (PROTOCOL.sshsig of OpenSSH).

What is signed is the digest file beside an artifact: who has the small
file and its signature can check them before 50 MB are copied.

    ticketd-1.4.0-linux-x86_64-glibc2.34.tar.gz
    ticketd-1.4.0-linux-x86_64-glibc2.34.tar.gz.sha256        as sha256sum(1) writes it
    ticketd-1.4.0-linux-x86_64-glibc2.34.tar.gz.sha256.sig    made with --sign
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from relforge.support.errors import UserError

UNREADABLE = ("Couldn't parse signature", "invalid format")  # and not: of another text
NAMESPACE = "relforge"
VARIABLE = "RELFORGE_SIGN_KEY"
PATIENCE = 60  # seconds; a key in a token waits for a touch
_ALLOWED = "it lists the allowed signers, one per line: release@example.org ssh-ed25519 AAAA..."
_REVOKED = "it lists revoked keys: make it with `ssh-keygen -k`, or put public keys into it"


def digest_file(artifact: Path) -> Path:
    """Where the artifact's digest stands."""
    return artifact.with_name(f"{artifact.name}.sha256")


def signature_file(artifact: Path) -> Path:
    """Where the signature of the digest stands."""
    return artifact.with_name(f"{artifact.name}.sha256.sig")


def provenance_file(artifact: Path) -> Path:
    """Where it stands how the artifact was made."""
    return artifact.with_name(f"{artifact.name}.provenance.json")


def bundle_file(artifact: Path) -> Path:
    """Where sigstore's bundle stands; its own client looks there as well."""
    return artifact.with_name(f"{artifact.name}.sigstore.json")


def beside(artifact: Path) -> tuple[Path, ...]:
    """All files that may stand beside an artifact and are of no use without it."""
    return tuple(
        path(artifact) for path in (digest_file, signature_file, provenance_file, bundle_file)
    )


def key(text: str, root: Path) -> Path:
    """The key's file; what is written is relative to the project, or to the home with ``~``."""
    return root / Path(text).expanduser()


def check(key: Path) -> None:
    """Raise UserError where nothing could be signed with that key."""
    _program()
    if not key.is_file():
        raise UserError(
            f"{key}: no such signing key",
            hint="create one: ssh-keygen -t ed25519 -f release_key",
        )
    with tempfile.TemporaryDirectory(prefix="relforge-sign-") as directory:
        trial = Path(directory) / "trial"
        trial.write_text("")
        _sign(trial, key)


def sign(artifact: Path, key: Path) -> Path:
    """Sign the artifact's digest file; returns the signature, which appears whole."""
    with tempfile.TemporaryDirectory(prefix=".sign-", dir=artifact.parent) as directory:
        text = Path(directory) / digest_file(artifact).name
        shutil.copyfile(digest_file(artifact), text)
        made = _sign(text, key)
        made.chmod(0o644)
        os.replace(made, signature_file(artifact))
    return signature_file(artifact)


def objection(
    artifact: Path, sha256: str, allowed: Path, identity: str, revoked: Path | None = None
) -> str:
    """Why the artifact with that digest and this name was not signed; "" where it was.

    ``allowed`` lists who may sign (ssh-keygen(1), ALLOWED SIGNERS), ``identity``
    is who must have; "" takes whom the list names for the key.  ``revoked`` lists
    keys that no longer may (ssh-keygen(1), KEY REVOCATION LISTS, or public keys).
    Raises UserError if the list or ssh-keygen is missing.
    """
    program = _program()
    _check_list(allowed, _ALLOWED)
    if revoked is not None:
        _check_list(revoked, _REVOKED)
    signature = signature_file(artifact)
    for path in (digest_file(artifact), signature):
        if not path.is_file():
            return f"{path.name} is missing, so the signer cannot be verified"
    if not identity:
        asked = _run(program, "-Y", "find-principals", "-s", signature, "-f", allowed)
        if asked.returncode:
            read = _run(program, "-Y", "check-novalidate", "-n", NAMESPACE, "-s", signature)
            if any(words in read.stderr for words in UNREADABLE):
                return f"{signature.name} is damaged, or is not a signature"
            return f"the signing key is not in {allowed}"
        identity = asked.stdout.splitlines()[0]
    words = ("-Y", "verify", "-n", NAMESPACE, "-f", allowed, "-I", identity, "-s", signature)
    line = digest_file(artifact).read_text(errors="replace")
    done = _run(program, *words, text=line)
    if done.returncode:
        return f"{identity} did not sign this: {_said(done)}"
    # Once more, since ssh-keygen does not say why it refuses.
    if revoked is not None and _run(program, *words, "-r", revoked, text=line).returncode:
        return f"{revoked} revokes the key of {identity}, or is not a list of keys"
    digest, _, name = line.partition("\n")[0].partition("  ")
    if digest != sha256:
        return f"{identity} signed the digest {digest}, but this file has {sha256}"
    return "" if name == artifact.name else f"{identity} signed it as {name}"


def _check_list(path: Path, hint: str) -> None:
    """Raises UserError, or OSError where it may not be read: ssh-keygen does not say so."""
    if not path.is_file():
        there = "it is not a file" if path.exists() else "no such file"
        raise UserError(f"{path}: {there}", hint=hint)
    with path.open("rb"):
        pass


def _sign(text: Path, key: Path) -> Path:
    done = _run(_program(), "-q", "-Y", "sign", "-n", NAMESPACE, "-f", key, text)
    if done.returncode:
        raise UserError(
            f"{key}: ssh-keygen cannot sign with this key: {_said(done)}",
            hint="add a key with a passphrase to an agent (ssh-add), then name its .pub file",
        )
    return text.with_name(f"{text.name}.sig")


def _program() -> str:
    found = shutil.which("ssh-keygen")
    if found is None:
        raise UserError("ssh-keygen is not installed", hint="apt-get install openssh-client")
    return found


def _run(*words: str | Path, text: str = "") -> subprocess.CompletedProcess[str]:
    """Run it without a terminal: it would wait for a passphrase for ever."""
    try:
        return subprocess.run(
            [str(word) for word in words],
            input=text,
            env={**os.environ, "SSH_ASKPASS_REQUIRE": "never"},
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        raise UserError(f"ssh-keygen did not answer within {PATIENCE} s") from None


def _said(done: subprocess.CompletedProcess[str]) -> str:
    lines = (done.stderr or done.stdout).strip().splitlines()
    return lines[-1].strip() if lines else "it printed no reason"
