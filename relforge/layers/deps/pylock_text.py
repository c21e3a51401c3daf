"""Writing ``pylock.toml`` (PEP 751): sorted, for Linux alone, whatever resolved it.

No credential and, where an address serves as well, no path of this host is in it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from packaging.tags import Tag
from packaging.utils import parse_wheel_filename

from relforge.layers.deps.pins import LockedFile, Pin, Source
from relforge.model import python_version
from relforge.support import masking

HEAD = """\
lock-version = "1.0"
environments = ["sys_platform == 'linux' and implementation_name == 'cpython'"]
requires-python = "=={minor}.*"
created-by = "relforge"
"""


def render(pins: Iterable[Pin], short: str, directory: Path) -> str:
    """The text of a lock in that directory, for that version of CPython: ``3.12`` or ``3.14t``."""
    rows = [HEAD.format(minor=python_version.minor(short))]
    ordered = sorted(pins, key=lambda pin: (pin.name, pin.version, str(pin.marker)))
    rows += ["\n".join(_package(pin, short, directory)) for pin in ordered]
    return "\n".join(rows) + "\n" if ordered else f"{rows[0]}packages = []\n"


def _package(pin: Pin, short: str, directory: Path) -> Iterator[str]:
    yield "[[packages]]"
    yield f"name = {_text(pin.name)}"
    if not pin.source or pin.source.commit:
        yield f"version = {_text(str(pin.version))}"
    if pin.marker:
        yield f"marker = {_text(str(pin.marker))}"
    if pin.source is not None:
        yield _source(pin.source, directory)
        yield ""
        return
    files = _once(pin.files)
    for file in files:
        if not file.is_wheel:
            yield f"sdist = {_file(file, directory)}"
            break
    wheels = [file for file in files if file.is_wheel and _is_for_linux(file.name, short)]
    if wheels:
        yield "wheels = ["
        yield from (f"    {_file(file, directory)}," for file in wheels)
        yield "]"
    yield ""


def _once(files: Iterable[LockedFile]) -> list[LockedFile]:
    """Each file once, by its address rather than by a path of this host; sorted."""
    found: dict[str, LockedFile] = {}
    for file in files:
        if file.sha256 not in found or (found[file.sha256].path and file.url):
            found[file.sha256] = file
    return sorted(found.values(), key=lambda file: file.name)


def _source(source: Source, directory: Path) -> str:
    inner = f", subdirectory = {_text(source.subdirectory)}" if source.subdirectory else ""
    if source.commit:
        url = masking.bare(source.url)
        return f'vcs = {{ type = "git", url = {_text(url)}, commit-id = "{source.commit}"{inner} }}'
    path = Path(os.path.relpath(source.path, directory)).as_posix()
    return f"directory = {{ path = {_text(path)}{inner} }}"


def _file(file: LockedFile, directory: Path) -> str:
    if file.path:
        path = Path(file.path)
        inside = path.is_relative_to(directory.resolve())
        near = os.path.relpath(path, directory.resolve()) if inside else file.path
        place = f"path = {_text(near)}"
    else:
        place = f"url = {_text(masking.bare(file.url))}"
    return f'{{ name = {_text(file.name)}, {place}, hashes = {{ sha256 = "{file.sha256}" }} }}'


def _is_for_linux(name: str, short: str) -> bool:
    return any(_fits(tag, short) for tag in parse_wheel_filename(name)[3])


def _fits(tag: Tag, short: str) -> bool:
    """Whether that CPython on some Linux with glibc takes it."""
    minor = python_version.number(short)
    if tag.platform != "any" and not tag.platform.startswith(("manylinux", "linux")):
        return False
    kind, version = tag.interpreter[:2], tag.interpreter[2:]
    if kind == "py":
        return version == "3" or (version[:1] == "3" and int(version[1:]) <= minor)
    if kind != "cp" or version[:1] != "3":
        return False
    older = int(version[1:] or 0) <= minor
    stable = "abi3t" if python_version.is_threaded(short) else "abi3"
    return (older and tag.abi in (stable, "none")) or tag.abi == python_version.tag(short)


def _text(value: str) -> str:
    """A TOML basic string; JSON's escapes are a subset of TOML's."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
