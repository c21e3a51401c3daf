"""What Debian calls things: packages, versions, machines (deb-version(7), policy 5.6)."""

from __future__ import annotations

import re

from packaging.version import InvalidVersion, Version

from relforge.model.release import Release

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def package(text: str) -> str:
    """The text as (a part of) a package's name."""
    return re.sub(r"[^a-z0-9+.-]+", "-", text.lower()).strip("-.+")


def main(release: Release) -> str:
    """The package that stands for the newest version."""
    return release.settings.deb.package or package(release.name)


def tree(release: Release) -> str:
    """The package that holds one version; several can be installed."""
    return f"{main(release)}-{package(release.version)}"


def user(release: Release) -> str:
    """Whom the services run as."""
    return release.settings.deb.user or main(release).replace(".", "-").replace("+", "-")


def version(text: str) -> str:
    """A version that dpkg sorts as PEP 440 does; another text is kept as far as it can be."""
    try:
        parsed = Version(text)
    except InvalidVersion:
        plain = re.sub(r"[^A-Za-z0-9.+~]", "+", text.removeprefix("v"))
        return plain if plain[:1].isdigit() else f"0+{plain}"
    return "".join(
        (
            f"{parsed.epoch}:" if parsed.epoch else "",
            ".".join(map(str, parsed.release)),
            "".join(("~", *map(str, parsed.pre))) if parsed.pre else "",
            # After local versions, before the next number.
            f"++post{parsed.post}" if parsed.post is not None else "",
            # Before alphas: two tildes sort before one.
            f"~~dev{parsed.dev}" if parsed.dev is not None else "",
            f"+{parsed.local}" if parsed.local else "",
        )
    )


def file(name: str, release: Release) -> str:
    """The file of a package, as apt names it."""
    number = version(release.version).partition(":")[2] or version(release.version)
    return f"{name}_{number}_{ARCHITECTURES[release.target.machine]}.deb"
