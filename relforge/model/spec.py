"""What a project asks for: its settings, as typed values.

`relforge.project.pyproject` and `relforge.project.settings` make them of pyproject.toml and
relforge.toml; what the command line adds is an `Order`.  Services,
commands, hooks and what else the runtime reads are of `relforge.runtime.contract`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from relforge.model.deploy import Deploy
from relforge.runtime.contract.command import Command
from relforge.runtime.contract.hook import Hook
from relforge.runtime.contract.job import Job
from relforge.runtime.contract.service import Service
from relforge.runtime.contract.tables import Console, Log, Nodes, Upgrade

# The formats of artifacts, by the names that `formats` and `--format` have for them.
FORMATS = ("tar.gz", "tar.zst", "oci", "deb", "run")
ADD_LOCK = "pylock.relforge.toml"  # a name of PEP 751
# The rules of `relforge.checks`, by the names that `check.skip` and `check.allow` have for them.
CHECKS = (
    *("libraries", "machine", "glibc", "run-paths", "build-paths", "secrets", "modes", "links"),
    *("requirements", "imports", "leftovers", "package-data", "programs", "collisions"),
    *("bytecode", "startup-code", "entry-points", "smoke"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What ``[project]`` says about the project to readers."""

    description: str = ""
    authors: tuple[str, ...] = ()  # "Name <address>", or one of the two
    license: str = ""  # an SPDX expression
    urls: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenRequirement:
    """One requirement (PEP 508), and the place where somebody wrote it."""

    where: str  # requirements.txt:3, or tool.poetry.dependencies.flask
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """What the project asks for, and in which of its files that was found."""

    source: str  # "requirements.txt", "[project] of pyproject.toml"
    rows: tuple[WrittenRequirement, ...] = ()
    constraints: tuple[WrittenRequirement, ...] = ()  # of `-c` files
    files: tuple[str, ...] = ()  # that were read, relative to the project
    unused: tuple[str, ...] = ()  # that name requirements as well, and do not count
    index: str = ""  # `--index-url`
    indexes: tuple[str, ...] = ()  # `--extra-index-url`
    find_links: tuple[str, ...] = ()
    asks_itself: bool = False  # `-e .`: the project's own requirements count as well


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """The user's source tree: where it is and what its ``[project]`` table says."""

    root: Path
    name: str
    version: str | None  # None where the build backend computes it
    requires_python: str
    dependencies: tuple[str, ...]
    optional_dependencies: dict[str, tuple[str, ...]]
    groups: dict[str, tuple[str, ...]]  # PEP 735
    scripts: dict[str, str]
    has_build_system: bool  # or a setup.py: setuptools it is
    settings_file: Path  # pyproject.toml or relforge.toml
    settings: dict[str, Any]  # [tool.relforge] as read
    metadata: Metadata = field(default_factory=Metadata)
    dynamic: tuple[str, ...] = ()  # of the requirements' tables: what the build backend reports
    members: tuple[Project, ...] = ()  # further packages that go in as its own does
    reported_version: str = ""  # what the build backend said, where it was asked
    requirements: Requirements | None = None  # where `dependencies` were written; None: [project]


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonArchive:
    """An interpreter's archive; ``where`` names its settings in errors."""

    where: str
    place: str  # path (relative to the project) or URL
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonSettings:
    """Which interpreter goes in.  ``version`` is ``3.12``, ``3.12.1`` or ``3.14t``."""

    version: str
    source: Literal["host", "archive", "uv", "system"] = "host"
    archive: str = ""  # path (relative to the project) or URL
    sha256: str = ""
    archives: tuple[tuple[str, PythonArchive], ...] = ()  # by target, such as linux-aarch64
    path: str = ""  # where the target has its own interpreter; "" is the distribution's place
    keep: tuple[str, ...] = ()  # of what is left out by default: tests, tkinter, idlelib, ensurepip
    exclude: tuple[str, ...] = ()  # more glob patterns below lib/pythonX.Y to leave out
    strip: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DependencySettings:
    """What of the project's dependencies goes in, in addition to the required ones.

    ``add`` are requirements that the project itself does not have, ``add_lock`` is the file that
    locks them where another tool wrote the project's lock, ``prefer`` names packages whose files
    win over those of others.
    """

    groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    add: tuple[str, ...] = ()
    add_lock: str = ADD_LOCK
    prefer: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """A package index.  ``default``: in the place of the public one.

    ``packages`` are patterns of the names that it alone has, and it has nothing else.
    """

    name: str
    url: str
    default: bool = False
    packages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageSettings:
    """Who resolves, and where packages come from in addition to pip's configuration."""

    resolver: Literal["auto", "pex", "uv"] = "auto"
    indexes: tuple[Index, ...] = ()
    find_links: tuple[str, ...] = ()  # directories or addresses of pages
    wheelhouse: str = ""  # a directory, relative to the project
    build_env: tuple[str, ...] = ()  # names of more variables that build backends see


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetSettings:
    """Commands that compile assets; ``outputs`` maps their directories to those of the release."""

    run: tuple[tuple[str, ...], ...] = ()
    cwd: str = "."
    inputs: tuple[str, ...] = ()
    outputs: tuple[tuple[str, str], ...] = ()
    digest: bool = False
    env: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """One thing laid over the tree, at ``to``.

    ``source`` is a path of the project (copy, template), or of the release (link).
    """

    kind: Literal["copy", "template", "link", "mkdir", "mode"]
    to: str
    source: str = ""
    mode: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A configuration provider and its options, as the user wrote them."""

    use: str
    options: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigSettings:
    """How the release is configured at boot."""

    providers: tuple[Provider, ...] = ()
    schema: dict[str, dict[str, Any]] = field(default_factory=dict)
    model: str = ""  # "pkg.settings:Settings", instead of a schema
    export: dict[str, Any] = field(default_factory=dict)  # a key, or a table of `key` and `as`
    strict: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSettings:
    """How the assembled tree is tried out; ``env`` and ``config`` are laid over for it.

    ``skip`` names rules; ``allow`` holds patterns ``rule:path`` of findings to pass over.
    """

    imports: bool = True
    env: dict[str, str] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    glibc: str = ""  # what the target has, such as 2.31; "" where any floor is fine
    smoke: bool = False  # unpack the artifact elsewhere, and run it
    skip: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    warnings_as_errors: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StripSettings:
    """What is taken out of the files that a release is made of."""

    symbols: bool = True  # debugging sections and symbols that nothing links with
    tests: bool = False  # the tests that wheels bring along
    sources: bool = False  # modules of which there is bytecode


AS_IT_IS = StripSettings(symbols=False, tests=False, sources=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OciSettings:
    """The image.  ``base`` is an OCI layout or archive, relative to the project."""

    base: str = ""
    compression: Literal["gzip", "zstd"] = "gzip"
    env: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DebSettings:
    """The Debian packages; "" is what the project's own table says, or a plain default."""

    package: str = ""
    maintainer: str = ""
    description: str = ""
    user: str = ""  # whom the services run as; made where it is missing
    depends: tuple[str, ...] = ()
    conffiles: tuple[tuple[str, str], ...] = ()  # path in the project, path below /etc
    hardening: Literal["basic", "standard", "strict"] = "standard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """``[tool.relforge]``, typed, with the environment laid over."""

    name: str
    version: str
    python: PythonSettings
    dependencies: DependencySettings
    lock: str | None  # a path relative to the project; None: no lock is there
    app: tuple[str, ...] | None  # None: the project's own wheel; (): no application
    assets: AssetSettings
    overlays: tuple[Overlay, ...]
    services: tuple[Service, ...]
    config: ConfigSettings
    commands: tuple[Command, ...]
    check: CheckSettings
    app_roots: tuple[str, ...] = ()  # import roots of `app` in addition to the project itself
    packages: PackageSettings = PackageSettings()
    log: Log = field(default_factory=Log)
    upgrade: Upgrade = field(default_factory=Upgrade)
    console: Console = field(default_factory=Console)
    nodes: Nodes = field(default_factory=Nodes)
    strip: StripSettings = StripSettings()
    steps: tuple[str, ...] = ("assemble", "pack")
    formats: tuple[str, ...] = ("tar.gz",)
    oci: OciSettings = field(default_factory=OciSettings)
    deb: DebSettings = field(default_factory=DebSettings)
    hooks: tuple[Hook, ...] = ()
    schedule: tuple[Job, ...] = ()
    requirements: tuple[str, ...] | None = None  # files that name them; None: those that are found
    members: tuple[str, ...] = ()  # directories of packages, relative to the project
    attest: bool = False  # write digest and provenance beside each artifact
    sign: str = ""  # the key that signs the digest, or `sigstore`
    deploys: tuple[Deploy, ...] = ()  # decide nothing of what is built

    @property
    def own_steps(self) -> tuple[str, ...]:
        """The steps that the project brings along, ``module:function``."""
        return tuple(name for name in self.steps if ":" in name)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRequest:
    """What a build is asked for on its command line; it wins over the settings."""

    env: str = "prod"
    name: str | None = None  # of a project that has several releases
    target: str | None = None
    formats: tuple[str, ...] = ()
    strict: bool = False  # warnings are errors
    smoke: bool = False
    attest: bool = False
    sign: str = ""
