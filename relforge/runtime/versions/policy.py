"""Who may sign what is installed in a deploy root.

A policy that is there counts: a link that leads nowhere, a directory or a file that
cannot be read is refused, and never taken for the absence of a policy.
"""

from __future__ import annotations

import os

from ..errors import Refusal
from ..regular_file import open_regular

SIGNERS = "allowed_signers"  # ssh-keygen(1), ALLOWED SIGNERS
REVOKED = "revoked_keys"  # ssh-keygen(1), KEY REVOCATION LISTS, or public keys, one on a line


class Signers:
    """``path`` lists who may sign, ``revoked`` the keys that no longer may, or is None."""

    def __init__(self, path: str, revoked: str | None) -> None:
        self.path = path
        self.revoked = revoked


def signers(root: str, given: str | None) -> Signers | None:
    """Who may sign: ``given``, else the deploy root's own list; None where there is neither.

    The deploy root's list of revoked keys counts in both cases.  Raises Refusal.
    """
    revoked = _usable(os.path.join(root, REVOKED))
    path = _usable(given or os.path.join(root, SIGNERS))
    if path is not None:
        return Signers(path, revoked)
    if given:
        raise Refusal(f"{given}: no such file", hint="it lists the allowed signers")
    if revoked is not None:
        raise Refusal(
            f"{revoked} lists revoked keys, and {os.path.join(root, SIGNERS)} is missing",
            hint="list the allowed signers, or remove it",
        )
    return None


def _usable(path: str) -> str | None:
    """The path of a file that can be read; None where nothing has that name."""
    if not os.path.lexists(path):
        return None
    try:
        os.close(open_regular(path))
    except OSError as error:
        raise Refusal(
            f"{path}: {error.strerror}; nothing can be installed while this policy is unreadable",
            hint="repair it, or remove it if no signature is required",
        ) from None
    return path
