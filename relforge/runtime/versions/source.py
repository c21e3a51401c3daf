"""An artifact to install: fetched, and held against its digest and its signature.

Beside ``A.tar.gz`` stand, as `relforge release` writes them, ``A.tar.gz.sha256``
(sha256sum(1)) and ``A.tar.gz.sha256.sig`` (ssh-keygen(1) -Y, namespace relforge).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess

from ..errors import Refusal
from .place import Place

NAMESPACE = "relforge"
TIMEOUT = 30.0  # seconds without a byte
_PATIENCE = 60  # seconds for ssh-keygen
_SMALL = 1 << 20  # bytes that a digest or a signature may have at most
_CHUNK = 1 << 20


class Artifact:
    """The files of one artifact on this host; ``beside`` those with its digest and signature."""

    __slots__ = ("digest", "name", "path", "signature")

    def __init__(self, name: str, path: str, digest: str, signature: str) -> None:
        self.name = name
        self.path = path
        self.digest = digest
        self.signature = signature


def get(what: str, place: Place) -> Artifact:
    """The artifact at a path or URL; what is fetched lies in the incoming folder.

    Raises Refusal where it cannot be read.
    """
    if "://" not in what:
        path = os.path.abspath(what)
        if not os.path.isfile(path):
            raise Refusal(f"{what}: there is no such file")
        return Artifact(os.path.basename(path), path, f"{path}.sha256", f"{path}.sha256.sig")
    if not what.startswith(("https://", "http://")):
        raise Refusal(f"{what}: only https:// and http:// are fetched")
    name = os.path.basename(what.partition("?")[0].rstrip("/")) or "artifact"
    path = os.path.join(place.incoming, name)
    found = Artifact(name, path, f"{path}.sha256", f"{path}.sha256.sig")
    head, mark, query = what.partition("?")
    # The small ones first: what they refuse need not be fetched.
    for end, file in ((".sha256", found.digest), (".sha256.sig", found.signature)):
        _fetch(f"{head}{end}{mark}{query}", file, optional=True)
    _fetch(what, path, optional=False)
    return found


def check(found: Artifact, pinned: str, allowed: str | None) -> str:
    """The file's sha256, after all that is known of it fits; raises Refusal.

    ``pinned`` is a digest from elsewhere or "", ``allowed`` the file that lists
    who may sign, or None where nobody has to.
    """
    digest = _digest(found.path)
    for text, whence in ((pinned, "--sha256"), (_said(found.digest), f"{found.name}.sha256")):
        if text and text.lower() != digest:
            raise Refusal(
                f"{found.name}: its sha256 is {digest}, and {whence} says {text}",
                hint="it is damaged, or another file: copy it again",
            )
    if allowed is not None:
        _check_signature(found, allowed)
    return digest


def _check_signature(found: Artifact, allowed: str) -> None:
    for path in (found.digest, found.signature):
        if not os.path.isfile(path):
            raise Refusal(
                f"{found.name}: {os.path.basename(path)} is not there, so nobody can tell who "
                "signed",
                hint=f"{allowed} says that a signature is needed; copy both files beside it",
            )
    program = shutil.which("ssh-keygen")
    if program is None:
        raise Refusal(
            f"{allowed} asks for a signature, and ssh-keygen is not there",
            hint="apt-get install openssh-client",
        )
    asked = _keygen(program, "-Y", "find-principals", "-s", found.signature, "-f", allowed)
    if asked.returncode or not asked.stdout.strip():
        raise Refusal(f"{found.name}: the key that signed is not in {allowed}")
    who = asked.stdout.decode(errors="replace").splitlines()[0]
    words = ("-Y", "verify", "-n", NAMESPACE, "-f", allowed, "-I", who, "-s", found.signature)
    with open(found.digest, "rb") as file:
        done = _keygen(program, *words, text=file.read(_SMALL))
    if done.returncode:
        raise Refusal(f"{found.name}: {who} did not sign this")


def _keygen(program: str, *words: str, text: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            [program, *words], input=text, capture_output=True, check=False, timeout=_PATIENCE
        )
    except subprocess.TimeoutExpired:
        raise Refusal(f"ssh-keygen did not answer within {_PATIENCE} s") from None


def _said(path: str) -> str:
    """The digest in a file of sha256sum(1); "" where there is none."""
    try:
        with open(path, "rb") as file:
            words = file.read(_SMALL).decode(errors="replace").split()
    except FileNotFoundError:
        return ""
    return words[0] if words else "nothing"


def _digest(path: str) -> str:
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise Refusal(f"{path}: {error.strerror}") from None
    return digest.hexdigest()


def _fetch(url: str, path: str, *, optional: bool) -> None:
    from urllib.error import HTTPError, URLError
    from urllib.request import urlopen

    shown = _without_secrets(url)
    try:
        with urlopen(url, timeout=TIMEOUT) as answer, open(path, "wb") as file:
            wanted = answer.headers.get("Content-Length")
            shutil.copyfileobj(answer, file, _CHUNK)
            if wanted is not None and file.tell() != int(wanted):
                raise Refusal(f"{shown}: it broke off after {file.tell()} of {wanted} bytes")
    except HTTPError as error:
        if optional and error.code in (403, 404, 410):
            return
        raise Refusal(f"{shown}: {error.code} {error.reason}") from None
    except (URLError, OSError, ValueError) as error:
        raise Refusal(f"{shown}: {getattr(error, 'reason', None) or error}") from None


def _without_secrets(url: str) -> str:
    """Neither the password nor the token of a URL belongs into a message."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path.partition('?')[0]}"
