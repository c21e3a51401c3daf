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

from relforge.artifacts.formats.deb import names, packages, texts
from relforge.artifacts.formats.format import Format
from relforge.model.release import Artifact, Release
from relforge.support.errors import SettingsError

_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]+")
_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
# Policy 7.1 and deb-version(7): a package, of which version; or another; and more of these.
_RELATION = (
    r"[a-z0-9][a-z0-9+.-]+(:any|:native|:[a-z0-9-]+)?"
    r"( *\( *(<<|<=|=|>=|>>) *(\d+:)?\d[A-Za-z0-9.+~-]* *\))?"
)
_DEPENDS = re.compile(rf"{_RELATION}( *[|,] *{_RELATION})*")


def _write(release: Release) -> tuple[Artifact, ...]:
    return packages.tree(release), packages.main(release)


def _check(release: Release) -> tuple[str, ...]:
    settings = release.settings.deb
    if not _NAME.fullmatch(names.main(release)):
        raise SettingsError(
            f"tool.relforge.deb.package: {names.main(release)!r} is not a valid name for "
            "a Debian package",
            hint="use at least two characters of a-z, 0-9 and `+ - .`, starting with a "
            "letter or digit",
        )
    if not _USER.fullmatch(names.user(release)):
        raise SettingsError(
            f"tool.relforge.deb.user: {names.user(release)!r} is not a valid user name"
        )
    if settings.maintainer and not texts.MAINTAINER.fullmatch(settings.maintainer):
        raise SettingsError(
            f"tool.relforge.deb.maintainer: {settings.maintainer!r} is not a name with "
            "an email address",
            hint='write one line such as "Operations <ops@example.org>"',
        )
    for index, text in enumerate(settings.depends):
        if not _DEPENDS.fullmatch(text):
            raise SettingsError(
                f"tool.relforge.deb.depends[{index}]: {text!r} is not a valid Debian dependency",
                hint='name a package, with a version if needed: "libpq5 (>= 15)", "redis | valkey"',
            )
    for source, to in settings.conffiles:
        if not (release.project.root / source).is_file():
            raise SettingsError(
                f"tool.relforge.deb.conffiles: the project has no file {source!r}",
                hint="paths are relative to the project",
            )
        if not re.fullmatch(r"/etc(/[A-Za-z0-9._+-]*[A-Za-z0-9_+-])+", to):
            raise SettingsError(
                f"tool.relforge.deb.conffiles.{source}: {to!r} is not the path of a file below /etc"
            )
    return ()


def _next(_release: Release, artifacts: tuple[Artifact, ...]) -> tuple[str, ...]:
    names = " ".join(f"./{row.path.name}" for row in artifacts)
    return ("as root, with both packages", f"apt install {names}")


DEB = Format(write=_write, next=_next, check=_check, prepare=packages.packed_members)
