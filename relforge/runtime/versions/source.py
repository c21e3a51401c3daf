"""An artifact to install: fetched, and compared with its digest and its signature.

Beside ``A.tar.gz`` are, as `relforge release` writes them, ``A.tar.gz.sha256``
(sha256sum(1)) and ``A.tar.gz.sha256.sig`` (ssh-keygen(1) -Y, namespace relforge).

Each file is opened once.  What was verified is what is unpacked: `unpack` reads the
same descriptor and compares the digest again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess

from ..errors import Refusal
from ..regular_file import open_regular
from .place import DeployRoot
from .policy import Signers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

NAMESPACE = "relforge"
_PATIENCE = 60  # seconds for ssh-keygen
SMALL = 1 << 20  # bytes that a digest or a signature may have at most
CHUNK = 1 << 20


class OpenArtifact:
    """An artifact, open; ``sums`` and ``signature`` are the texts beside it, None without one."""

    def __init__(
        self, name: str, file: BinaryIO, sums: bytes | None, signature: bytes | None
    ) -> None:
        self.name = name
        self.file = file
        self.sums = sums
        self.signature = signature

    def __enter__(self) -> OpenArtifact:
        return self

    def __exit__(self, *_error: object) -> None:
        self.file.close()


def get(what: str, place: DeployRoot) -> OpenArtifact:
    """The artifact at a path or URL; what is fetched is in the incoming directory.

    Raises Refusal where it cannot be read.
    """
    if "://" not in what:
        return _opened(os.path.basename(os.path.abspath(what)), os.path.abspath(what), what)
    from . import fetch

    path = os.path.join(place.incoming, "artifact.tar.gz")
    return _opened(fetch.artifact(what, path, SMALL), path, what)


def check(found: OpenArtifact, pinned: str, signers: Signers | None, scratch: str) -> str:
    """The file's sha256, after all that is known of it fits; raises Refusal.

    ``pinned`` is a digest from elsewhere or "", ``signers`` who may sign, or None
    where nobody has to.  ``scratch`` is a directory that only this user may enter.
    """
    digest = _digest(found)
    said, named = _said(found)
    for text, whence in ((pinned, "--sha256"), (said, f"{found.name}.sha256")):
        if text and text.lower() != digest:
            raise Refusal(
                f"{found.name}: its sha256 is {digest}, but {whence} says {text}",
                hint="it is damaged or a different file: copy it again",
            )
    if signers is not None:
        who = _signer(found, signers, scratch)
        if named != found.name:
            raise Refusal(
                f"{found.name}: {who} signed it as {named or 'a file without a name'}",
                hint="rename it to the name that it was signed with",
            )
    return digest


def _opened(name: str, path: str, shown: str) -> OpenArtifact:
    file = _regular(path)
    if file is None:
        raise Refusal(f"{shown}: no such file")
    try:
        return OpenArtifact(
            name, file, *(_text(f"{path}{end}") for end in (".sha256", ".sha256.sig"))
        )
    except BaseException:
        file.close()
        raise


def _text(path: str) -> bytes | None:
    file = _regular(path)
    if file is None:
        return None
    with file:
        text = file.read(SMALL + 1)
    if len(text) > SMALL:
        raise Refusal(f"{path}: larger than {SMALL:,} bytes: this is neither digest nor signature")
    return text


def _regular(path: str) -> BinaryIO | None:
    """The file, open; None where nothing has that name.  Raises Refusal for anything else."""
    if not os.path.lexists(path):
        return None
    try:
        fd = open_regular(path)
    except OSError as error:
        raise Refusal(f"{path}: {error.strerror}") from None
    return open(fd, "rb", buffering=0)


def _signer(found: OpenArtifact, signers: Signers, scratch: str) -> str:
    """Who signed the digest; raises Refusal where none of the signers did."""
    for text, end in ((found.sums, ".sha256"), (found.signature, ".sha256.sig")):
        if text is None:
            raise Refusal(
                f"{found.name}: {found.name}{end} is missing, and {signers.path} requires a "
                "signature",
                hint="copy both files next to the artifact",
            )
    assert found.sums is not None
    assert found.signature is not None
    program = shutil.which("ssh-keygen")
    if program is None:
        raise Refusal(
            f"{signers.path} requires a signature, but ssh-keygen is not installed",
            hint="apt-get install openssh-client",
        )
    signature = os.path.join(scratch, "signature")
    with open(signature, "wb") as file:
        file.write(found.signature)
    asked = _keygen(program, "-Y", "find-principals", "-s", signature, "-f", signers.path)
    if asked.returncode or not asked.stdout.strip():
        raise Refusal(f"{found.name}: the key that signed is not in {signers.path}")
    who = asked.stdout.decode(errors="replace").splitlines()[0]
    words = ["-Y", "verify", "-n", NAMESPACE, "-f", signers.path, "-I", who, "-s", signature]
    if _keygen(program, *words, text=found.sums).returncode:
        raise Refusal(f"{found.name}: {who} did not sign this")
    # Once more, since ssh-keygen does not say why it refuses.
    if (
        signers.revoked
        and _keygen(program, *words, "-r", signers.revoked, text=found.sums).returncode
    ):
        raise Refusal(
            f"{found.name}: {signers.revoked} revokes the key of {who}, or is not a list of keys"
        )
    return who


def _keygen(program: str, *words: str, text: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            [program, *words], input=text, capture_output=True, check=False, timeout=_PATIENCE
        )
    except subprocess.TimeoutExpired:
        raise Refusal(f"ssh-keygen did not answer within {_PATIENCE} s") from None


def _said(found: OpenArtifact) -> tuple[str, str]:
    """The digest and the name in a file of sha256sum(1); "" where there is none."""
    if found.sums is None:
        return "", ""
    line = found.sums.decode(errors="replace").partition("\n")[0]
    digest, _, name = line.partition(" ")
    return digest.strip()[:64] or "nothing", name.lstrip(" *")


def _digest(found: OpenArtifact) -> str:
    digest = hashlib.sha256()
    try:
        while chunk := found.file.read(CHUNK):
            digest.update(chunk)
        found.file.seek(0)
    except OSError as error:
        raise Refusal(f"{found.name}: {error.strerror}") from None
    return digest.hexdigest()
