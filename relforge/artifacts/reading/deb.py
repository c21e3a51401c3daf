"""``deb``: the package of a version, and the package that leads to one (deb(5)).

    shop-1.4.0_1.4.0_amd64.deb    opt/shop/releases/1.4.0/ is the release
    shop_1.4.0_amd64.deb          links, a unit, configuration files: no release

What dpkg runs as root, and what it lays down elsewhere, is part of what is read.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Callable

from relforge.artifacts.formats.codecs import GZIP
from relforge.artifacts.formats.deb import ar
from relforge.artifacts.formats.sections import Section, unpacked
from relforge.artifacts.reading.contents import ReleaseContents
from relforge.artifacts.reading.tar_archive import ROOT, TarArchive

NAMES = ("debian-binary", "control.tar.gz", "data.tar.gz")
_RELEASE = re.compile(r"(opt/[^/]+/releases/[^/]+)/")
FACTS = "release"  # among the scripts: they read it
_HEAD = 60  # bytes of a member's header


def read(found: ReleaseContents) -> None:
    """Both archives inside; raises ValueError where it is not a package written by relforge."""
    rows = _members(found)
    if rows[NAMES[0]].read(16) != b"2.0\n":
        raise ValueError("it is not a Debian package of format 2.0")
    _control(found, rows[NAMES[1]])

    def other(path: str, member: tarfile.TarInfo, text: Callable[[], bytes]) -> None:
        if member.uid or member.gid or member.mode & 0o7022:
            problem = f"it is owned by {member.uid}:{member.gid} with mode {member.mode:04o}"
            found.problem(f"/{path}", problem)
        if path == facts(found) and member.isreg() and FACTS not in found.scripts:
            found.scripts[FACTS] = text()
        elif not (member.isdir() and f"{facts(found)}/".startswith(f"{path}/")):
            found.problem(f"/{path}", "it is outside of the release's directory")

    root: re.Pattern[str] | str = ROOT if leads(found) else _RELEASE
    archive = TarArchive(found=found, name=NAMES[2], root=root, other=other, dotted=True)
    archive.read(unpacked(GZIP, rows[NAMES[2]].chunks()))
    if leads(found):
        found.scripts[FACTS] = found.texts.get(facts(found), b"")


def leads(found: ReleaseContents) -> bool:
    """Whether it is the package that leads to a version, and holds none."""
    return "postinst" in found.scripts


def facts(found: ReleaseContents) -> str:
    """Where the package has what its scripts read."""
    return f"usr/share/{found.control.get('Package', '')}/release"


def _control(found: ReleaseContents, section: Section) -> None:
    def other(path: str, member: tarfile.TarInfo, text: Callable[[], bytes]) -> None:
        if not member.isreg() or "/" in path or path in found.scripts:
            found.problem(
                f"control/{path}", "it does not belong into the control archive, or occurs twice"
            )
        found.scripts[path] = text()

    nowhere = re.compile(r"(?!)")
    chunks = unpacked(GZIP, section.chunks())
    TarArchive(found=found, name=NAMES[1], root=nowhere, other=other, dotted=True).read(chunks)
    text = found.scripts.pop("control", b"").decode("utf-8", "replace")
    for line in text.splitlines():
        key, colon, value = line.partition(":")
        if colon and not line.startswith((" ", "\t")):
            if key in found.control:
                found.problem("control/control", f"it has {key} twice")
            found.control[key] = value.strip()


def _members(found: ReleaseContents) -> dict[str, Section]:
    """Its members, which must be the three that there are, and nothing behind them."""
    rows: dict[str, Section] = {}
    with found.place.open("rb") as file:
        at = len(file.read(len(ar.MAGIC)))
        for name in NAMES:
            head = file.read(_HEAD)
            fits = re.fullmatch(
                rb"(.{16})[0-9 ]{12}.{6}.{6}.{8}([0-9]{1,10}) *`\n", head, re.DOTALL
            )
            if fits is None or fits[1].decode("latin-1").rstrip() != name or len(head) != _HEAD:
                raise ValueError(f"{name} is not at its place in the package")
            size = int(fits[2])
            rows[name] = Section(path=found.place, offset=at + _HEAD, size=size)
            at += _HEAD + size + size % 2
            file.seek(at)
    if at > found.size:
        raise EOFError("the file is shorter than its header says")
    if at < found.size:
        found.problem(found.place.name, "there is data after its last member")
    return rows
