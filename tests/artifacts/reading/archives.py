"""Small releases as tarballs, whole or tampered with."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from relforge.runtime.contract import tree_list
from relforge.support.zstd import zstd

TOP = "shop-1.0"
MANIFEST: dict[str, Any] = {
    "name": "shop",
    "version": "1.0",
    "env": "prod",
    "revision": None,
    "target": {"system": "linux", "machine": "x86_64", "glibc": "2.34"},
    "python": {"version": "3.12.1", "source": "host"},
    "lock": None,
    "services": {"web": {"instances": 1}},
    "commands": {},
    "layers": [],
}
RECORD = "click/__init__.py,,\nclick-8.1.0.dist-info/METADATA,,\n"
METADATA = "Metadata-Version: 2.1\nName: click\nVersion: 8.1.0\nLicense-Expression: BSD-3-Clause\n"
SITE = "python/lib/python3.12/site-packages"
FILES = {
    "bin/shop": "#!/bin/sh\n",
    f"{SITE}/click/__init__.py": "x = 1\n" * 100,
    f"{SITE}/click-8.1.0.dist-info/METADATA": METADATA,
    f"{SITE}/click-8.1.0.dist-info/RECORD": RECORD,
    "release/manifest.json": json.dumps(MANIFEST),
}
LINKS = {"bin/python": "../python/bin/python3.12"}


def member(name: str, text: str = "", **changes: object) -> tuple[tarfile.TarInfo, bytes]:
    """A file, or what the changes make of it; the name is the one in the archive."""
    data = text.encode()
    info = tarfile.TarInfo(name)
    info.size = len(data)
    info.mode = 0o755 if "/bin/" in name else 0o644
    for key, value in changes.items():
        setattr(info, key, value)
    return info, data


def members(files: dict[str, str] = FILES) -> list[tuple[tarfile.TarInfo, bytes]]:
    """A whole release."""
    listed = tree_list.TreeFacts(
        directories=frozenset(),
        executable={path for path in files if f"/{path}".find("/bin/") >= 0},
        links=LINKS,
    )
    files = {**files, tree_list.PATH: tree_list.text(listed)}
    sums = "".join(
        f"{hashlib.sha256(text.encode()).hexdigest()}  {path}\n" for path, text in files.items()
    )
    rows = [member(f"{TOP}/{path}", text) for path, text in files.items()]
    rows += [
        member(f"{TOP}/{path}", type=tarfile.SYMTYPE, linkname=target, mode=0o777)
        for path, target in LINKS.items()
    ]
    return [*rows, member(f"{TOP}/release/SHA256SUMS", sums)]


def tar(rows: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    """The archive, uncompressed."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for info, data in rows:
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def write(place: Path, rows: Iterable[tuple[tarfile.TarInfo, bytes]]) -> Path:
    """A tarball of these members."""
    pack: Callable[[bytes], bytes] = gzip.compress
    if place.suffix == ".zst":
        pack = zstd.compress
    place.write_bytes(pack(tar(rows)))
    return place
