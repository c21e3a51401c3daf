"""The name of an image in a registry: ``REGISTRY/REPOSITORY:TAG``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from relforge.support.errors import UserError

HOW = "write it as REGISTRY/REPOSITORY:TAG, for instance registry.example.org/shop:1.4.0"
# distribution-spec 1.1, "Pulling manifests".
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PART}(?:/{_PART})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_LOOPBACK = re.compile(r"(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """``registry`` is a host, with its port where that is not 443."""

    registry: str
    repository: str
    tag: str

    def __str__(self) -> str:
        return f"{self.registry}/{self.repository}:{self.tag}"

    @property
    def is_local(self) -> bool:
        """A registry of this host, to which no certificate belongs."""
        return _LOOPBACK.fullmatch(self.registry) is not None


def read(text: str, version: str) -> Name:
    """The name that a text is, with ``version`` as the tag where it has none; raises UserError."""
    registry, slash, rest = text.partition("/")
    if not slash or not (set(".:") & set(registry) or registry == "localhost"):
        raise UserError(f"{text}: this does not name a registry", hint=HOW)
    if "@" in rest:
        raise UserError(f"{text}: an image is pushed by a tag, not by a digest", hint=HOW)
    repository, _, tag = rest.partition(":")
    tag = tag or re.sub(r"[^A-Za-z0-9_.-]", "-", version)[:128]
    if not _REPOSITORY.fullmatch(repository):
        raise UserError(
            f"{text}: {repository!r} cannot be the name of a repository: lower case letters, "
            "digits and single separators",
            hint=HOW,
        )
    if not _TAG.fullmatch(tag):
        raise UserError(f"{text}: {tag!r} cannot be a tag", hint=HOW)
    return Name(registry=registry, repository=repository, tag=tag)
