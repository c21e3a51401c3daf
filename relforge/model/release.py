"""The values that go through a build: the release, its layers, what is found and made.

A `Release` is made once, by `relforge.pipeline.planning.plan`, which raises every
error that a user can make.  Each step then takes one and returns one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from relforge.model import layout, python_version
from relforge.model.spec import Project, Settings

TARGETS = ("linux-x86_64", "linux-aarch64")  # what `--target` may be


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a release runs on."""

    system: str
    machine: str
    glibc: str = ""  # the oldest that every ELF file can run on; "" until it was measured

    def __str__(self) -> str:
        name = f"{self.system}-{self.machine}"
        return f"{name}-glibc{self.glibc}" if self.glibc else name


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """The interpreter that goes in.  ``version`` is the full one, ``tag`` is ``cp312``, or
    ``cp314t`` of a free-threaded build, ``machine`` as ``uname -m`` says it.

    ``origin`` is the executable on the build host, the archive's file, or where
    the target has its own; ``key`` the content key of the tree that is made from it.
    """

    version: str
    tag: str
    machine: str
    source: str
    origin: Path
    key: str
    runs_here: bool = True  # False: of another CPU, or of a target that this host is not like
    helper: Path | None = None  # one of this host and of that minor version: compiles, and builds

    @property
    def spelled(self) -> str:
        """As settings name exactly this one: ``3.12.1``, ``3.14.2t``."""
        threaded = python_version.is_threaded(self.tag)
        return python_version.spelled(self.version, threaded=threaded)

    @property
    def short(self) -> str:
        """``3.12``, ``3.14t``: what names directories and programs."""
        return python_version.short(self.spelled)

    @property
    def minor(self) -> str:
        """``3.12``, ``3.14``: what packages ask for."""
        return python_version.minor(self.version)

    @property
    def cache_tag(self) -> str:
        """What the names of bytecode say: a free-threaded build's is that of the other."""
        return f"cpython-{self.minor.replace('.', '')}"

    @property
    def abi(self) -> str:
        """What the names of its extension modules say, such as ``cpython-312-x86_64-linux-gnu``."""
        return f"cpython-{self.tag.removeprefix('cp')}-{self.machine}-linux-gnu"

    @property
    def executable(self) -> str:
        """The program, relative to the release."""
        return f"python/bin/python{self.short}"

    @property
    def site_packages(self) -> str:
        """Where dependencies and the application go, relative to the release."""
        return layout.site_packages(self.spelled)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file or link of a tree.  ``path`` is relative, ``link`` a link's target.

    ``mtime_ns`` shows whether a file is still the one that was looked at; it is
    no part of what the entry is.
    """

    path: str
    mode: int  # 0o755 or 0o644; 0o777 for links
    size: int
    sha256: str  # "" for links
    link: str | None = None
    mtime_ns: int = field(default=0, compare=False)


# Where a file comes from: the project's sources as they are, a wheel made on this host, a locked
# wheel as it was published, the interpreter, a library of this host, what the assets' commands
# made, an overlay or a step of the project, relforge itself.
Origin = Literal["source", "built", "wheel", "interpreter", "host", "assets", "overlay", "relforge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Files of a layer that came from one place.  ``name`` is how a message calls it.

    ``searched`` are directories of this host in which what was built looked for libraries.
    """

    origin: Origin
    name: str
    entries: tuple[Entry, ...]  # of which the layer may have lost some to a later part
    searched: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A part of the release that has its own content key."""

    name: str
    key: str
    cached: bool
    seconds: float
    entries: tuple[Entry, ...] = ()  # paths are relative to the release; sorted
    parts: tuple[Part, ...] = ()  # a later one wins; see `relforge.model.origins`

    @property
    def paths(self) -> tuple[str, ...]:
        """Its files and links, relative to the release, sorted."""
        return tuple(entry.path for entry in self.entries)

    @property
    def size(self) -> int:
        """Bytes of its files."""
        return sum(entry.size for entry in self.entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collision:
    """One path that two parts brought, each with its own content.

    ``wanted`` is that a setting says who wins.
    """

    path: str
    kind: Literal["text", "script", "data", "stray", "module", "laid"]
    winner: str
    loser: str
    wanted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is wrong with a tree.  ``hint`` says what to do about it.

    ``path`` is a file, relative to the release, or a setting as the user writes it.
    Findings of several files are one where they have a ``topic``, what the message
    says of each of them; ``detail`` is what is said of this one alone.  The path is
    then a pattern, and ``files`` are those that it stands for.
    """

    severity: Literal["error", "warning"]
    rule: str  # a key of `relforge.checks.RULES`
    path: str
    message: str
    hint: str = ""
    topic: str = ""
    detail: str = ""
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A wheel that went in, or the source archive that it was built from; ``sha256`` is of that."""

    name: str
    version: str
    file: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """What is shipped."""

    path: Path
    format: str  # a key of `relforge.model.spec.FORMATS`
    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One version of one project on its way from settings to an artifact."""

    project: Project
    settings: Settings
    env: str
    target: Target
    source_date: int  # seconds since the epoch: every time stamp of the artifact
    revision: str | None
    build_dir: Path  # _build/<env>
    tree: Path  # where the steps write; renamed to `final_tree` when it passed its checks
    python: Interpreter
    layers: tuple[Layer, ...] = ()
    packages: tuple[Package, ...] = ()  # the dependencies, by name
    directories: tuple[str, ...] = ()  # with nothing in them; those of files need no mention
    artifacts: tuple[Artifact, ...] = ()
    collisions: tuple[Collision, ...] = ()
    notes: tuple[str, ...] = ()  # what was not done, and what the target must have
    findings: tuple[Finding, ...] = ()  # warnings: an error ends the build

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def version(self) -> str:
        return self.settings.version

    @property
    def slug(self) -> str:
        """What artifacts are called, without the format."""
        return f"{self.name}-{self.version}-{self.target}"

    @property
    def artifact(self) -> Artifact | None:
        """The first of the artifacts."""
        return self.artifacts[0] if self.artifacts else None

    @property
    def final_tree(self) -> Path:
        """The runnable tree of ``relforge build``."""
        return self.build_dir / f"{self.name}-{self.version}"
