"""A deploy root and what is in it."""

from __future__ import annotations

import os

from ..contract.naming import is_version
from ..errors import USAGE, Refusal

OWN = ".relforge"


class DeployRoot:
    """The directories of one deploy root; nothing is made by asking."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.releases = os.path.join(root, "releases")
        self.current = os.path.join(root, "current")
        self.own = os.path.join(self.releases, OWN)
        self.journal = os.path.join(self.own, "journal")
        self.lock = os.path.join(self.own, "lock")
        self.incoming = os.path.join(self.own, "incoming")
        self.trash = os.path.join(self.own, "trash")

    def release(self, version: str) -> str:
        """Where that version is, or would be; raises Refusal for what is not a version."""
        if not is_version(version):
            raise Refusal(f"{version!r} is not a version", hint="`releases` lists them", code=USAGE)
        return os.path.join(self.releases, version)

    def versions(self) -> list[str]:
        """All that are installed, in no order that means anything."""
        try:
            names = sorted(os.listdir(self.releases))
        except FileNotFoundError:
            return []
        return [name for name in names if self.has(name)]

    def has(self, version: str) -> bool:
        """Is it installed?"""
        path = os.path.join(self.releases, version, "release", "manifest.json")
        return is_version(version) and os.path.isfile(path)

    def pointed(self) -> str | None:
        """The version that `current` is a link to."""
        try:
            target = os.path.realpath(os.path.join(self.root, os.readlink(self.current)))
        except OSError:
            return None
        directory, version = os.path.split(target)
        return version if directory == os.path.realpath(self.releases) else None

    def check_current(self) -> None:
        """Raise Refusal where something is in the way of the link."""
        if os.path.lexists(self.current) and not os.path.islink(self.current):
            raise Refusal(
                f"{self.current} is not a link, so it cannot be switched",
                hint=f"move it away: mv '{self.current}' '{self.current}.old'",
            )
        if not os.access(self.root, os.W_OK | os.X_OK):
            raise Refusal(
                f"{self.root}: not writable by this user (uid {os.geteuid()})",
                hint="run it as the user who owns the deploy root",
            )

    def point(self, version: str) -> None:
        """Make it the current one, in one step; raises Refusal."""
        temporary = f"{self.current}.{os.getpid()}"
        try:
            os.symlink(os.path.join("releases", version), temporary)
            os.rename(temporary, self.current)
        except OSError as error:
            raise Refusal(f"{self.current}: {error.strerror}") from None
        sync(self.root)


def of(release: str) -> DeployRoot:
    """The deploy root that contains this release; raises Refusal if there is none."""
    directory = os.path.dirname(release)
    if os.path.basename(directory) != "releases":
        name = os.environ.get("RELEASE_NAME", "app")
        raise Refusal(
            f"{release} is not in a deploy root (<root>/releases/<version>)",
            hint=f"create one: {name} install TARBALL --root /srv/{name}",
        )
    return DeployRoot(os.path.dirname(directory))


def sync(directory: str) -> None:
    """What was renamed there stays so after a power cut."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
