"""Reading and writing hashed requirements files.

    name[extra]==1.2.3 ; python_version < "3.13" \\
        --hash=sha256:...
    name @ https://host/name-1.2.3-py3-none-any.whl --hash=sha256:...
    name @ git+https://host/repository@<commit>
    ./directory

Options that only say where to look (``--index-url`` and the like) are passed
over: where packages come from is the business of pip's configuration.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from relforge.layers.deps.pins import Lock, LockedFile, Pin, Source
from relforge.project.requirements import local_package, requirements_txt
from relforge.support import masking
from relforge.support.errors import UserError
from relforge.support.urls import split_url

_ADDRESSES = ("https://", "http://", "file://")
HASH = re.compile(r"\s--hash[=\s]\s*(\w+):([0-9A-Fa-f]+)(?=\s|$)")
PASSED_OVER = re.compile(
    r"(--index-url|-i|--extra-index-url|--find-links|-f|--no-index|--trusted-host|--pre"
    r"|--only-binary|--no-binary|--prefer-binary|--require-hashes|--constraint|-c)(\s|=|$)"
)
INCLUDE = re.compile(r"(?:--requirement|-r)[\s=]*(.+)$")
EDITABLE = re.compile(r"(?:--editable|-e)[\s=]*(.+)$")
COMMIT = re.compile(r"git\+(.+)@([0-9a-f]{40}|[0-9a-f]{64})(?:#(?:.*&)?subdirectory=([^&]+).*)?")
EGG = re.compile(r"#(?:.*&)?egg=([A-Za-z0-9._-]+)")
DIRECTORY = re.compile(
    r"(?P<place>\.{1,2}(?:/[^\[;\s]*)?|/[^\[;\s]*)(?:\[[^\]]*\])?\s*(?:;\s*(?P<m>.*))?$"
)
ADVICE = "run: relforge lock"


def read(path: Path, root: Path | None = None) -> Lock:
    """The pins of the file, and of those that it includes; raises UserError with file and line.

    The project at ``root`` itself, which exports of other tools name as well, is
    passed over.
    """
    return Lock(path=path, pins=tuple(_pins(path, root or path.parent, frozenset())))


def _pins(path: Path, root: Path, above: frozenset[Path]) -> Iterator[Pin]:
    if path in above:
        return
    for number, line in requirements_txt.lines(requirements_txt.text(path)):
        if include := INCLUDE.match(line):
            other = Path(os.path.normpath(path.parent / include[1].strip()))
            yield from _pins(other, root, above | {path})
            continue
        if PASSED_OVER.match(line):
            continue
        if editable := EDITABLE.match(line):
            line = editable[1].strip()  # noqa: PLW2901 - how it is installed does not matter
        elif line.startswith("-"):
            raise _refusal(path, number, f"`{line}` is not allowed in a lockfile")
        pin = _pin(path, number, line, root)
        if pin is not None:
            yield pin


def render(pins: Iterable[Pin]) -> str:
    """The text of a file that holds these pins: sorted, and without an address in it."""
    return "".join(_entry(pin) for pin in sorted(pins, key=lambda pin: (pin.name, str(pin.marker))))


def _entry(pin: Pin) -> str:
    what = str(pin)
    if pin.source is not None:
        if not pin.source.commit:
            raise UserError(
                f"{pin.name} comes from the directory {pin.source.path}, which a requirements "
                "file cannot pin",
                hint="run: relforge lock --output pylock.toml",
            )
        what = f"{pin.name} @ {masking.bare(str(pin.source))}"
    head = f"{what} ; {pin.marker}" if pin.marker else what
    rows = [head, *(f"    --hash=sha256:{digest}" for digest in sorted(set(pin.sha256)))]
    return " \\\n".join(rows) + "\n"


def _pin(path: Path, number: int, line: str, root: Path) -> Pin | None:
    """The pin of a line; None for the project itself."""
    where = f"{path.name}:{number}"
    digests = HASH.findall(line)
    text = HASH.sub("", line).strip()
    if directory := DIRECTORY.match(text):
        place = Path(os.path.normpath(path.parent / directory["place"]))
        if place.resolve() == root.resolve():
            return None
        named = f"{local_package.name(place) or 'unnamed'} @ {place.absolute().as_uri()}"
        text = f"{named} ; {directory['m']}" if directory["m"] else named
    elif text.startswith("git+") and (egg := EGG.search(text)):
        text = f"{egg[1]} @ {text}"
    elif text.startswith(_ADDRESSES):  # without a name: the file's own says it
        file = unquote(split_url(text.split()[0], where).path.rpartition("/")[2])
        text = f"{local_package.of_file(file)} @ {text}".removeprefix(" @ ")
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        reason = str(error).splitlines()[0]
        raise _refusal(path, number, f"{text!r} is not a requirement: {reason}") from None
    name = canonicalize_name(requirement.name)
    allowed = tuple(digest.lower() for kind, digest in digests if kind == "sha256")
    if requirement.url:
        return _addressed(path, number, requirement, allowed, root)
    if not digests:
        raise _refusal(path, number, f"`{text}` has no hash")
    if not allowed:
        raise _refusal(path, number, f"`{text}` has no sha256 hash")
    return Pin(
        name=name,
        version=_version(requirement.specifier, path, number, text),
        where=where,
        sha256=allowed,
        marker=requirement.marker,
    )


def _addressed(
    path: Path, number: int, requirement: Requirement, allowed: tuple[str, ...], root: Path
) -> Pin | None:
    """The pin of a commit, of a directory, or of a file with a hash."""
    url = requirement.url or ""
    where, name = f"{path.name}:{number}", canonicalize_name(requirement.name)
    address = split_url(url, where)
    place = Path(unquote(address.path))
    source = _commit(url)
    if address.scheme == "file" and place.is_dir():
        if place.resolve() == root.resolve():
            return None
        source = Source(path=str(place.resolve()))
    if source is not None:
        return Pin(
            name=name,
            version=Version("0"),
            where=where,
            sha256=(),
            marker=requirement.marker,
            source=source,
        )
    fragment = re.search(r"(?:^|&)sha256=([0-9A-Fa-f]{64})(?:&|$)", address.fragment)
    allowed = allowed or ((fragment[1].lower(),) if fragment else ())
    file = place.name
    version = _version_of(file)
    if not allowed or version is None or address.scheme.startswith("git"):
        raise _refusal(
            path,
            number,
            f"`{requirement}` comes from a URL and is not pinned: a commit of a git repository "
            "is a pin (name @ git+https://host/repository@<40 digits>), and so is a "
            "file with its hash (name @ https://host/file.whl --hash=sha256:...)",
        )
    bare = address._replace(fragment="").geturl()
    local = str(place) if address.scheme == "file" else ""
    files = tuple(
        LockedFile(name=file, sha256=digest, url="" if local else bare, path=local, where=where)
        for digest in allowed
    )
    return Pin(
        name=name,
        version=version,
        where=where,
        sha256=allowed,
        marker=requirement.marker,
        files=files,
    )


def _version_of(file: str) -> Version | None:
    """The version in the name of a wheel or a source archive."""
    try:
        return (
            parse_wheel_filename(file)[1]
            if file.endswith(".whl")
            else parse_sdist_filename(file)[1]
        )
    except (InvalidWheelFilename, InvalidSdistFilename):
        # An archive of a repository, by its tag or commit, has any name.
        return Version("0") if file.endswith((".zip", ".tar.gz")) else None


def _commit(url: str) -> Source | None:
    found = COMMIT.fullmatch(re.sub(r"#egg=[^&]*$", "", url))
    return Source(url=found[1], commit=found[2], subdirectory=found[3] or "") if found else None


def _version(specifiers: SpecifierSet, path: Path, number: int, text: str) -> Version:
    pinned = [row for row in specifiers if row.operator in ("==", "===")]
    if len(pinned) != 1 or len(specifiers) != 1 or pinned[0].version.endswith(".*"):
        raise _refusal(path, number, f"`{text}` is not pinned to one version (name==1.2.3)")
    return Version(pinned[0].version)


def _refusal(path: Path, number: int, message: str) -> UserError:
    return UserError(f"{path}:{number}: {message}", hint=ADVICE)
