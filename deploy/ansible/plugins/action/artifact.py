"""Verify an artifact on the controller, before any host sees it."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.relforge.deploy.plugins.plugin_utils.remote import Remote

ARGUMENTS = {
    "path": {"type": "path", "required": True},
    "name": {"type": "str", "required": True},
    "sha256": {"type": "str", "default": ""},
    "allowed_signers": {"type": "str", "default": ""},
}
NAMESPACE = "relforge"  # of the signature, as `relforge release --sign` makes it
PATIENCE = 60  # seconds for ssh-keygen


class ActionModule(Remote):
    """See the documentation of the module of that name."""

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        _, given = self.validate_argument_spec(argument_spec=ARGUMENTS)
        path = Path(given["path"])
        if not path.is_file():
            raise AnsibleActionFail(f"{path}: no such file: build it with relforge release")
        beside = [path.with_name(path.name + end) for end in (".sha256", ".sha256.sig")]
        digest = _digest(path)
        _check_digest(path, digest, given["sha256"], beside[0])
        if given["allowed_signers"]:
            _check_signature(path, Path(given["allowed_signers"]), *beside)
        return {
            **result,
            "changed": False,
            "sha256": digest,
            "version": _version(path, given["name"]),
            "files": [str(row) for row in (path, *beside) if row.is_file()],
            "size": path.stat().st_size,
        }


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_digest(path: Path, digest: str, pinned: str, beside: Path) -> None:
    said = {"relforge_sha256": pinned}
    if beside.is_file():
        said[beside.name] = beside.read_text().partition(" ")[0]
    for whence, wanted in said.items():
        if wanted and wanted.strip().lower() != digest:
            raise AnsibleActionFail(
                f"{path.name}: its sha256 is {digest}, but {whence} says {wanted}: "
                "it is damaged, or a different file"
            )


def _check_signature(path: Path, signers: Path, sums: Path, signature: Path) -> None:
    """Somebody in the list signed this digest, under this file name."""
    for needed in (signers, sums, signature):
        if not needed.is_file():
            raise AnsibleActionFail(f"{needed}: no such file, and {signers} requires a signature")
    if shutil.which("ssh-keygen") is None:
        raise AnsibleActionFail("ssh-keygen is not installed on the controller")
    named = sums.read_text().partition(" ")[2].strip().lstrip("*")
    if named != path.name:
        raise AnsibleActionFail(f"{path.name}: it was signed as {named}: rename it")
    asked = _keygen(b"", "-Y", "find-principals", "-s", signature, "-f", signers)
    if asked.returncode or not asked.stdout.strip():
        raise AnsibleActionFail(f"{path.name}: the key that signed is not in {signers}")
    who = asked.stdout.decode().splitlines()[0]
    words = ("-Y", "verify", "-n", NAMESPACE, "-f", signers, "-I", who, "-s", signature)
    if _keygen(sums.read_bytes(), *words).returncode:
        raise AnsibleActionFail(f"{path.name}: {who} did not sign this")


def _keygen(text: bytes, *words: object) -> subprocess.CompletedProcess[bytes]:
    argv = ["ssh-keygen", *map(str, words)]
    return subprocess.run(argv, input=text, capture_output=True, check=False, timeout=PATIENCE)


def _version(path: Path, name: str) -> str:
    """That of the release, from the one directory at its top."""
    try:
        with tarfile.open(path, "r:*") as tar:
            first = tar.next()
    except (tarfile.TarError, OSError, EOFError) as error:
        raise AnsibleActionFail(f"{path.name}: not a release: {error}") from None
    top = first.name.partition("/")[0] if first else ""
    if not top.startswith(f"{name}-"):
        raise AnsibleActionFail(f"{path.name}: expected a release of {name}, found: {top}")
    return top.removeprefix(f"{name}-")
