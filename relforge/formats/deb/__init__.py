"""``deb``: two packages, as Debian's kernels have them.

    shop-1.4.0_1.4.0_amd64.deb   /opt/shop/releases/1.4.0/...           one version; several fit
    shop_1.4.0_amd64.deb         /opt/shop/current -> releases/1.4.0    depends on that version
                                 /opt/shop/var -> /var/lib/shop
                                 /usr/bin/shop -> /opt/shop/current/bin/shop
                                 /usr/lib/systemd/system/shop.service
                                 /etc/...

So it is dpkg that switches versions, and no script: a newer `shop` brings its
version along and leaves the others, and a version that is in use cannot be removed.
"""

from __future__ import annotations

import re

from relforge import staged
from relforge.errors import SettingsError
from relforge.formats import dist, members
from relforge.formats.codecs import GZIP
from relforge.formats.deb import ar, names, texts
from relforge.formats.deb.small import Small, packed
from relforge.formats.dist import Piece
from relforge.formats.format import Format
from relforge.formats.members import Member
from relforge.release import Artifact, Release

_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]+")
_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")


def _write(release: Release) -> tuple[Artifact, ...]:
    return _tree(release), _main(release)


def _tree(release: Release) -> Artifact:
    package = names.tree(release)
    below = _members(release)
    facts = packed(release, _facts(release, package), end=False)
    size = sum(layer.size for layer in release.layers)
    glibc = release.target.glibc
    depends = (f"libc6 (>= {glibc})" if glibc else "libc6", *_interpreter(release))
    control = (
        Small(path="control", text=texts.control(release, package, size=size, depends=depends)),
        Small(path="prerm", text=texts.script("tree.prerm"), mode=0o755),
    )
    data: tuple[Piece, ...] = (*below, facts, members.end(GZIP))
    return _package(release, package, control, data)


def _members(release: Release) -> tuple[Member, ...]:
    return members.pack(release, GZIP, f"./opt/{release.name}/releases/{release.version}")


def _main(release: Release) -> Artifact:
    package, settings = names.main(release), release.settings.deb
    links = {
        f"opt/{release.name}/current": f"releases/{release.version}",
        f"opt/{release.name}/var": f"/var/lib/{package}",
        f"usr/bin/{release.name}": f"/opt/{release.name}/current/bin/{release.name}",
    }
    etc = [
        Small(path=to.lstrip("/"), text=(release.project.root / source).read_text(encoding="utf-8"))
        for source, to in settings.conffiles
    ]
    rows = [Small(path=path, link=target) for path, target in links.items()]
    unit = f"{package}.service" if release.settings.services else ""
    if unit:
        rows.append(Small(path=f"usr/lib/systemd/system/{unit}", text=_unit(release)))
    rows += [*etc, *_facts(release, package, user=_user(release), unit=unit)]
    number = names.version(release.version)
    depends = [f"{names.tree(release)} (= {number})", *(["passwd"] if unit else [])]
    depends += settings.depends
    size = sum(len(row.text) for row in rows)
    control = [
        Small(
            path="control",
            text=texts.control(release, package, size=size, depends=tuple(depends)),
        ),
        *(
            Small(path=name, text=texts.script(f"main.{name}"), mode=0o755)
            for name in ("postinst", "prerm", "postrm")
        ),
    ]
    if etc:
        control.append(Small(path="conffiles", text="".join(f"/{row.path}\n" for row in etc)))
    return _package(release, package, tuple(control), (packed(release, tuple(rows)),))


def _package(
    release: Release, package: str, control: tuple[Small, ...], data: tuple[Piece, ...]
) -> Artifact:
    pieces = ar.archive(release.source_date, packed(release, control), data)
    return dist.write(release, "deb", names.file(package, release), pieces)


def _facts(release: Release, package: str, **more: str) -> tuple[Small, ...]:
    return (Small(path=f"usr/share/{package}/release", text=texts.facts(release, **more)),)


def _unit(release: Release) -> str:
    """The unit, in the words of the release itself."""
    question = {
        "program": f"/opt/{release.name}/current/bin/{release.name}",
        "state": f"/var/lib/{names.main(release)}",
        "user": _user(release),
        "level": release.settings.deb.hardening,
    }
    return str(staged.ask(release, "unit", question)["unit"])


def _interpreter(release: Release) -> tuple[str, ...]:
    """The package of the target's own interpreter, where none is inside."""
    return (f"python{release.python.short}",) if release.python.source == "system" else ()


def _user(release: Release) -> str:
    return release.settings.deb.user or names.main(release).replace(".", "-").replace("+", "-")


def _check(release: Release) -> tuple[str, ...]:
    settings = release.settings.deb
    if not _NAME.fullmatch(names.main(release)):
        raise SettingsError(
            f"tool.relforge.deb.package: {names.main(release)!r} cannot name a Debian package",
            hint="two characters or more, of a-z, 0-9 and `+ - .`, a letter or digit first",
        )
    if not _USER.fullmatch(_user(release)):
        raise SettingsError(f"tool.relforge.deb.user: {_user(release)!r} cannot name a user")
    for key, text in (
        ("maintainer", texts.maintainer(release)),
        *_each("depends", settings.depends),
    ):
        if not text.isprintable():
            raise SettingsError(f"tool.relforge.deb.{key}: {text!r} is more than one line")
    for source, to in settings.conffiles:
        if not (release.project.root / source).is_file():
            raise SettingsError(
                f"tool.relforge.deb.conffiles: there is no file {source!r} in the project",
                hint="paths are relative to the project",
            )
        if not re.fullmatch(r"/etc(/[A-Za-z0-9._+-]*[A-Za-z0-9_+-])+", to):
            raise SettingsError(
                f"tool.relforge.deb.conffiles.{source}: {to!r} is no path of a file below /etc"
            )
    return ()


def _each(key: str, values: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(f"{key}[{index}]", value) for index, value in enumerate(values)]


def _next(_release: Release, artifact: Artifact) -> tuple[str, ...]:
    return ("as root, with both packages", f"apt install ./{artifact.path.name} ...")


DEB = Format(write=_write, next=_next, check=_check, prepare=_members)
