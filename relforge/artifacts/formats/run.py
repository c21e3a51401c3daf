"""``run``: one file that unpacks itself once, then runs.

    templates/run.sh        the same bytes in each release
    #:name shop ... #:end   facts that the text reads from behind itself
    [gzip members]          those of the tarball

The directory that it unpacks to is named by a digest of the members' keys.
"""

from __future__ import annotations

from importlib.resources import files

from relforge import cache
from relforge.artifacts.formats import dist, tar_members, tarball
from relforge.artifacts.formats.codecs import GZIP
from relforge.artifacts.formats.format import Format
from relforge.artifacts.formats.tar_members import Member
from relforge.model.release import Artifact, Release

WIDTH = 20  # of a number in the facts, so that their size does not depend on it


def _write(release: Release) -> tuple[Artifact, ...]:
    packed = _members(release)
    text = files("relforge").joinpath("templates", "run.sh").read_bytes()
    end = tar_members.end(GZIP)
    size = sum(member.size for member in packed) + len(end)
    key = cache.key(*(member.key for member in packed))
    rows = {
        "name": release.name,
        "top": tarball.top(release),
        "key": f"{tarball.top(release)}-{key}",
    }
    facts = "".join(f"#:{name} {value}\n" for name, value in rows.items())
    head = len(text) + len(facts) + len(_numbers(0, 0))
    head_text = text + (facts + _numbers(head + 1, head + size)).encode()
    pieces: tuple[dist.Piece, ...] = (head_text, *packed, end)
    return (dist.write(release, "run", f"{release.slug}.run", pieces, mode=0o755),)


def _members(release: Release) -> tuple[Member, ...]:
    """Those of the tarball."""
    return tar_members.pack(release, GZIP, tarball.top(release))


def _numbers(skip: int, size: int) -> str:
    return f"#:skip {skip:<{WIDTH}d}\n#:size {size:<{WIDTH}d}\n#:end\n"


def _next(release: Release, artifacts: tuple[Artifact, ...]) -> tuple[str, ...]:
    (artifact,) = artifacts
    return (
        "on any host of that kind, with or without Python",
        f"./{artifact.path.name} {'start' if release.settings.services else 'help'}",
    )


RUN = Format(write=_write, next=_next, prepare=_members)
