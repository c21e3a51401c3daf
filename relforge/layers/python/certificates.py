"""The certificate authorities that go along, for hosts that have no store of their own."""

from __future__ import annotations

import importlib.util
from pathlib import Path

PLACE = "ssl/cert.pem"  # in the tree
HOST = Path("/etc/ssl/certs/ca-certificates.crt")


def find() -> Path | None:
    """certifi's bundle where it is installed beside relforge, else the build host's store."""
    found = importlib.util.find_spec("certifi")
    if found is not None and found.origin is not None:
        bundle = Path(found.origin).with_name("cacert.pem")
        if bundle.is_file():
            return bundle
    return HOST if HOST.is_file() else None
