"""Reading requirements files as pip does: includes, constraints, paths, addresses, options.

    flask[async]>=3 ; python_version < "3.13"
    -r base.txt
    -c constraints.txt
    -e ./lib
    git+https://host/repository@v1#egg=name
    --extra-index-url https://packages.example.com/simple

What comes out is PEP 508; a path becomes ``name @ file:///...``.
"""

from __future__ import annotations

import codecs
import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from packaging.requirements import InvalidRequirement, Requirement

from relforge.model.spec import Requirements, WrittenRequirement
from relforge.project.requirements import local_package
from relforge.support.errors import SettingsError
from relforge.support.urls import split_url

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),  # what PowerShell's `>` writes
    (codecs.BOM_UTF16_BE, "utf-16"),
)
COMMENT = re.compile(r"(^|\s)#.*$")
VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
OWN_OPTION = re.compile(r"\s--?(hash|config-settings?|global-option|install-option|C)\b.*$")
OPTION = re.compile(r"(--?[A-Za-z][A-Za-z-]*)(?:[=\s]\s*(.*))?$")
SHORT = {"-r": "--requirement", "-c": "--constraint", "-e": "--editable", "-i": "--index-url"}
SHORT |= {"-f": "--find-links"}
PASSED_OVER = frozenset(
    ("--trusted-host", "--pre", "--only-binary", "--no-binary", "--prefer-binary")
) | frozenset(("--require-hashes", "--use-feature", "--no-index"))
ADDRESS = re.compile(r"(?:git|hg|svn|bzr)\+|https?://|file:")
PATH = re.compile(r"(?P<place>[^\[;\s]+)(?P<extras>\[[^\]]*\])?\s*(?P<marker>;.*)?$")
# Debian's pip once wrote it into every `pip freeze`; no index has it.
NOWHERE = re.compile(r"pkg[-_]resources==0\.0\.0$")


def read(root: Path, names: tuple[str, ...]) -> Requirements:
    """What these files of the project say, one after the other.

    Raises SettingsError with file and line.
    """
    reading = _Reading(root=root)
    for name in names:
        reading.file(root / name, name, constraints=False)
    return Requirements(
        source=" and ".join(names),
        rows=tuple(reading.rows),
        constraints=tuple(reading.constraints),
        files=tuple(_shown(path, root) for path in dict.fromkeys(reading.files)),
        index=reading.index,
        indexes=tuple(dict.fromkeys(reading.indexes)),
        find_links=tuple(dict.fromkeys(reading.find_links)),
        asks_itself=reading.asks_itself,
    )


def text(path: Path) -> str:
    """The text of a requirements file, in whichever encoding its first bytes announce.

    Raises SettingsError.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None
    encoding = next((name for mark, name in MARKS if data.startswith(mark)), "utf-8")
    try:
        return data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: not {encoding.upper()}: {error.reason}") from None


def lines(content: str) -> Iterator[tuple[int, str]]:
    """Each logical line that says something, with the number of its first line."""
    start = 0
    parts: list[str] = []
    for number, line in enumerate([*content.splitlines(), ""], 1):
        start = start if parts else number
        bare = COMMENT.sub("", line)
        if bare.endswith("\\"):
            parts.append(bare[:-1])
            continue
        whole = "".join([*parts, bare]).strip()
        parts = []
        if whole:
            yield start, whole


@dataclass(slots=True, kw_only=True)
class _Reading:
    """What was gathered so far."""

    root: Path
    rows: list[WrittenRequirement] = field(default_factory=list)
    constraints: list[WrittenRequirement] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    index: str = ""
    indexes: list[str] = field(default_factory=list)
    find_links: list[str] = field(default_factory=list)
    asks_itself: bool = False

    def file(self, path: Path, where: str, *, constraints: bool) -> None:
        """Read a file, and those that it includes; each once."""
        path = Path(os.path.normpath(path))
        if path in self.files:
            return
        if not path.is_file():
            raise SettingsError(f"{where}: no such file: {_shown(path, self.root)}")
        self.files.append(path)
        for number, line in lines(text(path)):
            place = f"{_shown(path, self.root)}:{number}"
            expanded = VARIABLE.sub(lambda row: os.environ.get(row[1], row[0]), line)
            option = OPTION.match(expanded) if expanded.startswith("-") else None
            if option is not None:
                name = SHORT.get(option[1], option[1])
                self._option(name, (option[2] or "").strip(), path, place, constraints)
            elif expanded.startswith(tuple(SHORT)):  # -rbase.txt
                self._option(SHORT[expanded[:2]], expanded[2:].strip(), path, place, constraints)
            else:
                self._requirement(expanded, path, place, constraints)

    def _option(self, name: str, value: str, path: Path, where: str, constraints: bool) -> None:
        if name in ("--requirement", "--constraint"):
            self._include(value, path, where, constraints or name == "--constraint")
        elif name == "--editable":
            self._requirement(value, path, where, constraints)
        elif name == "--index-url":
            self.index = _word(value)
        elif name == "--extra-index-url":
            self.indexes.append(_word(value))
        elif name == "--find-links":
            found = _word(value)
            near = "://" not in found and not os.path.isabs(found)
            self.find_links.append(str(path.parent / found) if near else found)
        elif name not in PASSED_OVER:
            raise SettingsError(f"{where}: `{name}` is not an option of a requirements file")

    def _include(self, value: str, path: Path, where: str, constraints: bool) -> None:
        name = _word(value)
        if "://" in name:
            raise SettingsError(
                f"{where}: {name} is a URL, but a release is made of files in the project",
                hint="download the file, and include it by its path",
            )
        self.file(path.parent / name, where, constraints=constraints)

    def _requirement(self, line: str, path: Path, where: str, constraints: bool) -> None:
        found = OWN_OPTION.sub("", f" {line}").strip()
        if NOWHERE.match(found):
            return
        wanted = self._as_pep508(found, path.parent, where)
        if wanted is None:
            self.asks_itself = True
            return
        row = WrittenRequirement(where=where, text=wanted)
        (self.constraints if constraints else self.rows).append(row)

    def _as_pep508(self, line: str, directory: Path, where: str) -> str | None:
        """The requirement; None for the project itself."""
        if ADDRESS.match(line):
            return _of_address(line, where)
        name, at, place = (part.strip() for part in line.partition(" @ "))
        if at and not ADDRESS.match(place) and _is_path(place, directory):
            return self._of_path(place, directory, where, name)
        try:
            return str(Requirement(line))
        except InvalidRequirement as error:
            if _is_path(line, directory):
                return self._of_path(line, directory, where)
            reason = str(error).splitlines()[0]
            raise SettingsError(f"{where}: {line!r} is not a requirement: {reason}") from None

    def _of_path(self, line: str, directory: Path, where: str, name: str = "") -> str | None:
        parts = PATH.match(line)
        place = Path(os.path.normpath(directory / (parts["place"] if parts else line)))
        extras = (parts["extras"] if parts else None) or ""
        marker = (parts["marker"] if parts else None) or ""
        if place == self.root:
            if not extras:
                return None
            name = name or local_package.name(place)
        if not place.exists():
            raise SettingsError(f"{where}: no such file or directory: {line!r}")
        name = name or local_package.name(place)
        if not name:
            raise SettingsError(
                f"{where}: the name of the package in {line!r} cannot be read from its files",
                hint=f"put it before the path: NAME @ {place.as_uri()}",
            )
        return f"{name}{extras} @ {place.as_uri()} {marker}".strip()


def _of_address(line: str, where: str) -> str:
    address, _, marker = line.partition(" ;")
    split = split_url(address.strip())
    fragment = dict(row.partition("=")[::2] for row in split.fragment.split("&") if row)
    egg = unquote(fragment.pop("egg", ""))
    name, _, extras = egg.partition("[")
    if not name and not split.scheme.startswith("git"):
        place = Path(unquote(split.path))
        name = local_package.name(place) or local_package.of_file(place.name)
    if not name and split.scheme.startswith("git"):
        last = split.path.rpartition("/")[2].partition("@")[0]
        raise SettingsError(
            f"{where}: `{line}` does not name its package",
            hint=f"write it as: {last.removesuffix('.git') or 'NAME'} @ {address.strip()}",
        )
    if not name:
        raise SettingsError(
            f"{where}: `{line}` does not name its package",
            hint=f"write it as: NAME @ {address.strip()}",
        )
    rest = "&".join(f"{key}={value}" for key, value in fragment.items())
    found = split._replace(fragment=rest).geturl()
    extras = f"[{extras}" if extras else ""
    return f"{name}{extras} @ {found}" + (f" ; {marker.strip()}" if marker else "")


def _is_path(line: str, directory: Path) -> bool:
    place = line.partition(";")[0].partition("[")[0].strip()
    return (
        place.startswith(("./", "../", "/"))
        or place in (".", "..")
        or (bool(place) and (directory / place).exists())
    )


def _word(value: str) -> str:
    """An option's value without quotes."""
    try:
        words = shlex.split(value)
    except ValueError:
        return value
    return words[0] if words else ""


def _shown(path: Path, root: Path) -> str:
    return os.path.relpath(path, root)
