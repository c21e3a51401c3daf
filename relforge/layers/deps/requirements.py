"""Reading and writing hashed requirements files.

    name[extra]==1.2.3 ; python_version < "3.13" \\
        --hash=sha256:...

Options that only tell where to look (``--index-url`` and the like) are passed
over: where packages come from is the business of pip's configuration.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from relforge.layers.deps.pins import Lock, Pin, Source
from relforge.support import masking
from relforge.support.errors import UserError

HASH = re.compile(r"\s--hash[=\s]\s*(\w+):([0-9A-Fa-f]+)(?=\s|$)")
COMMENT = re.compile(r"(^|\s)#.*$")
PASSED_OVER = re.compile(
    r"(--index-url|-i|--extra-index-url|--find-links|-f|--no-index|--trusted-host|--pre"
    r"|--only-binary|--no-binary|--prefer-binary|--require-hashes)(\s|=|$)"
)
COMMIT = re.compile(r"git\+(.+)@([0-9a-f]{40}|[0-9a-f]{64})(?:#(?:.*&)?subdirectory=([^&]+).*)?")
ADVICE = "type: relforge lock"


def read(path: Path) -> Lock:
    """The pins of the file; raises UserError with file and line."""
    pins = []
    for number, line in _lines(path):
        if line.startswith("-"):
            if not PASSED_OVER.match(line):
                raise _refusal(path, number, f"`{line}` cannot be part of a lock")
            continue
        pins.append(_pin(path, number, line))
    return Lock(path=path, pins=tuple(pins))


def render(pins: Iterable[Pin]) -> str:
    """The text of a file that holds these pins: sorted, and without an address in it."""
    return "".join(_entry(pin) for pin in sorted(pins, key=lambda pin: (pin.name, str(pin.marker))))


def _entry(pin: Pin) -> str:
    what = str(pin)
    if pin.source is not None:
        if not pin.source.commit:
            raise UserError(
                f"{pin.name} comes from the folder {pin.source.path}, which a requirements file "
                "cannot hold",
                hint="type: relforge lock --output pylock.toml",
            )
        what = f"{pin.name} @ {masking.bare(str(pin.source))}"
    head = f"{what} ; {pin.marker}" if pin.marker else what
    rows = [head, *(f"    --hash=sha256:{digest}" for digest in sorted(set(pin.sha256)))]
    return " \\\n".join(rows) + "\n"


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Each logical line that says something, with the number of its first line."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8: {error.reason} at byte {error.start}") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from None
    start = 0
    parts: list[str] = []
    for number, line in enumerate([*text.splitlines(), ""], 1):
        start = start if parts else number
        bare = COMMENT.sub("", line)
        if bare.endswith("\\"):
            parts.append(bare[:-1])
            continue
        whole = "".join([*parts, bare]).strip()
        parts = []
        if whole:
            yield start, whole


def _pin(path: Path, number: int, line: str) -> Pin:
    where = f"{path.name}:{number}"
    digests = HASH.findall(line)
    text = HASH.sub("", line).strip()
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        raise _refusal(path, number, f"{text!r} is no requirement: {error}") from None
    source = _commit(requirement.url) if requirement.url else None
    if requirement.url and source is None:
        raise _refusal(
            path,
            number,
            f"`{text}` comes from an address; only a commit of a git repository is a pin "
            "(name @ git+https://host/repository@<40 digits>)",
        )
    if source is not None:
        return Pin(
            name=canonicalize_name(requirement.name),
            version=Version("0"),
            where=where,
            sha256=(),
            marker=requirement.marker,
            source=source,
        )
    if not digests:
        raise _refusal(path, number, f"`{text}` has no hash")
    allowed = tuple(digest.lower() for kind, digest in digests if kind == "sha256")
    if not allowed:
        raise _refusal(path, number, f"`{text}` has no sha256 hash")
    return Pin(
        name=canonicalize_name(requirement.name),
        version=_version(requirement.specifier, path, number, text),
        where=where,
        sha256=allowed,
        marker=requirement.marker,
    )


def _commit(url: str) -> Source | None:
    found = COMMIT.fullmatch(url)
    return Source(url=found[1], commit=found[2], subdirectory=found[3] or "") if found else None


def _version(specifiers: SpecifierSet, path: Path, number: int, text: str) -> Version:
    pinned = [row for row in specifiers if row.operator in ("==", "===")]
    if len(pinned) != 1 or len(specifiers) != 1 or pinned[0].version.endswith(".*"):
        raise _refusal(path, number, f"`{text}` is not pinned to one version (name==1.2.3)")
    return Version(pinned[0].version)


def _refusal(path: Path, number: int, message: str) -> UserError:
    return UserError(f"{path}:{number}: {message}", hint=ADVICE)
