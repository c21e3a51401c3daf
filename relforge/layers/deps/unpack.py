"""Laying wheels out in the shape of an installation, with pypa's `installer`.

    python/lib/python3.12/site-packages/   purelib and platlib
    python/bin/  python/share/scripts/     programs (see `relforge.layers.deps.scripts`)
    python/                                the data scheme; headers stay out

The result is a function of the wheels and the interpreter alone: no path, time
or order of this host is in it.
"""

from __future__ import annotations

import csv
import io
import logging
import os
import posixpath
import re
import warnings
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Literal

import installer
from installer.destinations import WheelDestination
from installer.exceptions import InstallerError
from installer.records import Hash, InvalidRecordEntry, RecordEntry
from installer.sources import WheelFile
from installer.utils import Scheme

from relforge import elf
from relforge.elf import run_paths, symbols
from relforge.layers.deps import bundled_tests, scripts
from relforge.layers.deps.wheels import Wheel
from relforge.model import layout
from relforge.model.release import Entry, Interpreter
from relforge.model.spec import AS_IT_IS, StripSettings
from relforge.support.errors import UserError
from relforge.tree import bytecode
from relforge.tree.compiler import Compiler

log = logging.getLogger("relforge.layers.deps")

INSTALLER = {"INSTALLER": b"relforge\n"}
# Passed over, as pip does.
BYTE_CODE = r"(?s)Skip installing .* __pycache__"
BIN = f"{layout.PYTHON}/bin"
LIBRARIES = f"{layout.PYTHON}/lib"


@dataclass(slots=True, kw_only=True)
class Files:
    """What was written so far, bytecode not included."""

    into: Path
    strip: StripSettings = AS_IT_IS
    directories: set[str] = field(default_factory=set)
    entries: dict[str, Entry] = field(default_factory=dict)  # what was written, by path
    searched: dict[str, None] = field(default_factory=dict)  # see `run_paths.made_relative`

    def write(self, wheel: Wheel, path: str, data: bytes, executable: bool) -> RecordEntry:
        """Write one file of a wheel; the path is relative to the release."""
        plain = posixpath.normpath(path)
        if not plain.startswith(f"{layout.PYTHON}/"):
            raise UserError(
                f"{wheel.name}: the wheel writes outside its installation directory: {path!r}"
            )
        if self.strip.symbols:
            data = self._without_symbols(wheel.name, plain, data)
        mode = 0o755 if executable else 0o644
        target = self._put(plain, data, mode)
        if wheel.built and data.startswith(elf.MAGIC):
            rows = run_paths.made_relative(Path(target), plain, LIBRARIES)
            self.searched |= dict.fromkeys(rows)
            data = Path(target).read_bytes()
        digest = sha256(data)
        self.entries[plain] = Entry(
            path=plain,
            mode=mode,
            size=len(data),
            sha256=digest.hexdigest(),
            mtime_ns=os.stat(target).st_mtime_ns,
        )
        value = urlsafe_b64encode(digest.digest()).decode().rstrip("=")
        return RecordEntry(plain, Hash("sha256", value), len(data))

    def _without_symbols(self, owner: str, path: str, data: bytes) -> bytes:
        lean = symbols.stripped(data)
        if lean is not data:
            log.info("%s: stripping %s saves %d bytes", owner, path, len(data) - len(lean))
        return lean

    def _put(self, path: str, data: bytes, mode: int) -> str:
        target = os.path.join(self.into, path)
        directory = os.path.dirname(target)
        if directory not in self.directories:
            os.makedirs(directory, exist_ok=True)
            self.directories.add(directory)
        with open(target, "wb") as file:
            file.write(data)
            os.fchmod(file.fileno(), mode)
        return target


def unpack(
    wheels: Iterable[Wheel],
    interpreter: Interpreter,
    compiler: Compiler,
    into: Path,
    strip: StripSettings = AS_IT_IS,
) -> Files:
    """Install the wheels below ``into``, compiled, their RECORDs true.

    Of several that bring different files of one name the last wins.  What was built
    on this host loses its run paths of this host: see `Files.searched`.  Raises
    UserError where a wheel is damaged.
    """
    files = Files(into=into, strip=strip)
    warnings.filterwarnings("ignore", BYTE_CODE)
    installed = [_install(wheel, interpreter, files) for wheel in wheels]
    directory = into / interpreter.site_packages
    directory.mkdir(parents=True, exist_ok=True)
    compiler.compile(directory)
    moved = bytecode.drop_sources(directory) if strip.sources else {}
    prefix = interpreter.site_packages
    instead = {f"{prefix}/{source}": f"{prefix}/{code}" for source, code in moved.items()}
    for destination in installed:
        destination.write_record(instead)
    return files


def _install(wheel: Wheel, interpreter: Interpreter, files: Files) -> _Destination:
    left_out = bundled_tests.of(wheel.path) if files.strip.tests else frozenset()
    if left_out:
        log.info("%s: leaving out %d test files", wheel.name, len(left_out))
    destination = _Destination(wheel=wheel, interpreter=interpreter, files=files, left_out=left_out)
    try:
        with WheelFile.open(wheel.path) as source:
            installer.install(source, destination, additional_metadata=INSTALLER)
    except (
        InstallerError,
        InvalidRecordEntry,
        zipfile.BadZipFile,
        KeyError,
        ValueError,  # an absolute path
        AssertionError,  # of `installer`: an entry point
    ) as error:
        raise UserError(f"{wheel.path.name}: the wheel is damaged: {_why(error)}") from None
    return destination


def _why(error: Exception) -> str:
    """What is wrong with a wheel; a KeyError is of a member that is not in the archive."""
    if isinstance(error, AssertionError):
        return "an entry point is not `module:function`"
    if not isinstance(error, KeyError):
        return str(error)
    lacking = re.search(r"'([^']+)'", str(error.args[0]))
    return f"it has no {posixpath.basename(lacking[1]) if lacking else error.args[0]}"


@dataclass(slots=True, kw_only=True)
class _Destination(WheelDestination):
    """Where `installer` writes one wheel.  Its RECORD comes last, when all else is there.

    A wheel may bring one path by several of its schemes, as installers allow: the last
    wins, and an entry point wins over a script of its name.
    """

    wheel: Wheel
    interpreter: Interpreter
    files: Files
    left_out: frozenset[str]
    entries: dict[str, RecordEntry] = field(default_factory=dict)
    entry_points: set[str] = field(default_factory=set)
    record: str = ""

    def write_file(
        self,
        scheme: Scheme,
        path: str | os.PathLike[str],
        stream: BinaryIO,
        is_executable: bool,
    ) -> RecordEntry:
        """Write a file of the wheel to where its scheme belongs; headers are passed over."""
        name, data = os.fspath(path), stream.read()
        if scheme == "headers" or name in self.left_out:
            return RecordEntry(name, None, None)
        if scheme == "scripts":
            if name in self.entry_points:
                return RecordEntry(name, None, None)
            if scripts.is_python(data):
                return self._write_program(name, data)
            return self._write(f"{BIN}/{name}", data, executable=True)
        directory = layout.PYTHON if scheme == "data" else self.interpreter.site_packages
        return self._write(f"{directory}/{name}", data, executable=is_executable)

    def write_script(
        self, name: str, module: str, attr: str, section: Literal["gui", "console"]
    ) -> RecordEntry:
        """Write both halves of an entry point; a graphical one starts as any other."""
        self.entry_points.add(name)
        return self._write_program(name, scripts.python_half(name, module, attr))

    def finalize_installation(
        self, scheme: Scheme, record_file_path: str, records: Iterable[tuple[Scheme, RecordEntry]]
    ) -> None:
        """Remember where the RECORD belongs; `write_record` writes it."""
        self.record = f"{self.interpreter.site_packages}/{record_file_path}"

    def write_record(self, instead: Mapping[str, str]) -> None:
        """List every file of the wheel that is there, its bytecode included, sorted.

        ``instead`` maps sources to bytecode that took their places.
        """
        site_packages = self.interpreter.site_packages
        rows = [(self.record, "", "")]
        for entry in self.entries.values():
            if entry.path in instead:
                rows.append((instead[entry.path], "", ""))
                continue
            assert entry.hash_ is not None
            rows.append((entry.path, str(entry.hash_), str(entry.size)))
            compiled = self._byte_code(entry.path)
            if compiled is not None and (self.files.into / compiled).is_file():
                rows.append((compiled, "", ""))
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        for path, digest, size in sorted(rows):
            writer.writerow((posixpath.relpath(path, site_packages), digest, size))
        self.files.write(self.wheel, self.record, text.getvalue().encode(), False)

    def _write_program(self, name: str, half: bytes) -> RecordEntry:
        if "/" in name or name.startswith("."):
            raise UserError(f"{self.wheel.name}: {name!r} is not a valid program name")
        self._write(f"{layout.SCRIPTS}/{name}.py", half, executable=False)
        return self._write(f"{BIN}/{name}", scripts.launcher(), executable=True)

    def _write(self, path: str, data: bytes, *, executable: bool) -> RecordEntry:
        entry = self.files.write(self.wheel, path, data, executable)
        self.entries[entry.path] = entry
        return entry

    def _byte_code(self, path: str) -> str | None:
        directory, name = posixpath.split(path)
        stem, suffix = posixpath.splitext(name)
        if suffix != ".py" or not path.startswith(self.interpreter.site_packages):
            return None
        return f"{directory}/__pycache__/{stem}.{self.interpreter.cache_tag}.pyc"
