"""The texts of the packages: control files and scripts."""

from __future__ import annotations

import re
from importlib.resources import files

import relforge
from relforge.artifacts.formats.deb import names
from relforge.model.release import Release

MAINTAINER = re.compile(
    r"[^<>\x00-\x1f\x7f]*[^<>\x00-\x20\x7f] <[^<>@\s]+@[^<>@\s]+>"
)  # policy 5.6.2


def control(release: Release, package: str, *, size: int, depends: tuple[str, ...]) -> bytes:
    """A package's control file; ``size`` is in bytes, as unpacked."""
    settings, about = release.settings.deb, release.project.metadata
    summary = f"{release.name} {release.version}" if package == names.tree(release) else ""
    own = (settings.description, about.description, f"{release.name}, a self-contained release")
    text = next(row for row in own if row.strip())
    first, *others = text.strip().splitlines()
    homepage = next((url for key, url in about.urls if key.lower() == "homepage"), "")
    rows = {
        "Package": package,
        "Version": names.version(release.version),
        "Architecture": names.ARCHITECTURES[release.target.machine],
        "Maintainer": maintainer(release),
        "Installed-Size": str(-(-size // 1024)),
        "Depends": ", ".join(depends),
        "Section": "misc",
        "Priority": "optional",
        "Homepage": homepage,
        "Description": f"{first} ({summary})" if summary else first,
    }
    lines = [f"{key}: {value}" for key, value in rows.items() if value]
    lines += [f" {line.strip() or '.'}" for line in others]
    return "\n".join([*lines, ""]).encode()


def maintainer(release: Release) -> str:
    """Of the settings, else the project's first author who has an address."""
    found = (row for row in release.project.metadata.authors if MAINTAINER.fullmatch(row))
    name = names.main(release)
    return release.settings.deb.maintainer or next(found, f"{name} maintainers <root@localhost>")


def facts(release: Release, **more: str) -> bytes:
    """What the scripts and `relforge verify` read: lines of a key and a value."""
    made_by = {"relforge": relforge.__version__}
    rows = {"name": release.name, "version": release.version, **more, **made_by}
    return "".join(f"{key} {value}\n" for key, value in rows.items()).encode()


def script(name: str) -> bytes:
    """One of the maintainer scripts; it has no holes."""
    return files("relforge").joinpath("templates", "deb", f"{name}.sh").read_bytes()
