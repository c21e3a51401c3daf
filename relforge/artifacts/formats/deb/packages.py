"""The two packages: what is in them, and what they say of themselves."""

from __future__ import annotations

from relforge.artifacts.formats import dist, tar_members
from relforge.artifacts.formats.codecs import GZIP
from relforge.artifacts.formats.deb import ar, names, texts
from relforge.artifacts.formats.deb.small_archives import Small, packed
from relforge.artifacts.formats.dist import Piece
from relforge.artifacts.formats.tar_members import Member
from relforge.model.release import Artifact, Release
from relforge.tree import release_python


def tree(release: Release) -> Artifact:
    """The package of this version."""
    package = names.tree(release)
    below = packed_members(release)
    facts = packed(release, _facts(release, package), end=False)
    size = sum(layer.size for layer in release.layers)
    glibc = release.target.glibc
    depends = (f"libc6 (>= {glibc})" if glibc else "libc6", *_interpreter(release))
    control = (
        Small(path="control", data=texts.control(release, package, size=size, depends=depends)),
        Small(path="prerm", data=texts.script("tree.prerm"), mode=0o755),
    )
    data: tuple[Piece, ...] = (*below, facts, tar_members.end(GZIP))
    return _package(release, package, control, data)


def packed_members(release: Release) -> tuple[Member, ...]:
    """The release as the package of its version has it."""
    return tar_members.pack(release, GZIP, f"./opt/{release.name}/releases/{release.version}")


def main(release: Release) -> Artifact:
    """The package that leads to this version."""
    package, settings = names.main(release), release.settings.deb
    links = {
        f"opt/{release.name}/current": f"releases/{release.version}",
        f"opt/{release.name}/var": f"/var/lib/{package}",
        f"usr/bin/{release.name}": f"/opt/{release.name}/current/bin/{release.name}",
    }
    etc = [
        Small(path=to.lstrip("/"), data=(release.project.root / source).read_bytes())
        for source, to in settings.conffiles
    ]
    rows = [Small(path=path, link=target) for path, target in links.items()]
    unit = f"{package}.service" if release.settings.services else ""
    if unit:
        rows.append(Small(path=f"usr/lib/systemd/system/{unit}", data=_unit(release).encode()))
    rows += [*etc, *_facts(release, package, user=names.user(release), unit=unit)]
    number = names.version(release.version)
    depends = [f"{names.tree(release)} (= {number})", *(["passwd"] if unit else [])]
    depends += settings.depends
    size = sum(len(row.data) for row in rows)
    control = [
        Small(
            path="control",
            data=texts.control(release, package, size=size, depends=tuple(depends)),
        ),
        *(
            Small(path=name, data=texts.script(f"main.{name}"), mode=0o755)
            for name in ("postinst", "prerm", "postrm")
        ),
    ]
    if etc:
        control.append(
            Small(path="conffiles", data="".join(f"/{row.path}\n" for row in etc).encode())
        )
    return _package(release, package, tuple(control), (packed(release, tuple(rows)),))


def _package(
    release: Release, package: str, control: tuple[Small, ...], data: tuple[Piece, ...]
) -> Artifact:
    pieces = ar.archive(release.source_date, packed(release, control), data)
    return dist.write(release, "deb", names.file(package, release), pieces)


def _facts(release: Release, package: str, **more: str) -> tuple[Small, ...]:
    return (Small(path=f"usr/share/{package}/release", data=texts.facts(release, **more)),)


def _unit(release: Release) -> str:
    """The unit, in the words of the release itself."""
    question = {
        "program": f"/opt/{release.name}/current/bin/{release.name}",
        "state": f"/var/lib/{names.main(release)}",
        "user": names.user(release),
        "level": release.settings.deb.hardening,
    }
    return str(release_python.ask(release, "unit", question)["unit"])


def _interpreter(release: Release) -> tuple[str, ...]:
    """The package of the target's own interpreter, where none is inside."""
    return (f"python{release.python.short}",) if release.python.source == "system" else ()
