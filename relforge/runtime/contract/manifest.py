"""``release/manifest.json``: where it is, and how a release reads its own.

Control commands do that, and nothing of `content`, whose tables take longer to
import than they have to read.
"""

from __future__ import annotations

import json
import os

from ..errors import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FORMAT = 1
PATH = "release/manifest.json"
_MOST = 16 << 20  # bytes


def root() -> str:
    """The release that this process belongs to, as an absolute path.

    The place of this file shows it.  ``RELEASE_ROOT`` counts where the runtime is a package
    of a virtual environment: in a release it may be that of another one, whose process
    started this one.
    """
    here = os.path.abspath(__file__)
    for _ in range(5):  # <release>/runtime/relforge/runtime/contract/manifest.py
        here = os.path.dirname(here)
    if os.path.isfile(os.path.join(here, PATH)):
        return here
    return os.environ.get("RELEASE_ROOT") or here


def load(release: str) -> dict[str, Any]:
    """The manifest of the release at that path; raises Refusal where it is damaged.

    As it was written: `content.read_manifest` gives it complete.
    """
    path = os.path.join(release, PATH)
    try:
        with open(path, "rb") as file:
            text = file.read(_MOST + 1)
        if len(text) > _MOST:
            raise ValueError(f"it has more than {_MOST:,} bytes")
        manifest: dict[str, Any] = json.loads(text)
        if not isinstance(manifest, dict):
            raise ValueError("it is not a table")
    except (OSError, ValueError, RecursionError) as error:
        raise Refusal(
            f"{path}: the release is damaged: {error}", hint="unpack the tarball again"
        ) from None
    if manifest.get("manifest") != FORMAT:
        raise Refusal(
            f"{path}: format {manifest.get('manifest')!r}, this runtime reads format {FORMAT}",
            hint="unpack the tarball again",
        )
    return manifest
