"""The layer ``app``: the project's own code.

    the project's wheel       python/lib/python3.12/site-packages/ and python/bin/
    app = ["manage.py", ...]  app/manage.py ..., as they are in the project
    always                    site-packages/relforge.pth: from runtime/ and app/ one can import,
                              and from the roots that `app` names

The wheel is built from a copy of the project's sources, so nothing is left
behind in the user's tree, and what is not among its sources does not count.
"""

from __future__ import annotations

import logging
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

from relforge import cache
from relforge.elf import run_paths, symbols
from relforge.layers.collisions import Brought, among
from relforge.layers.deps import backend, resolver_environment
from relforge.layers.deps.package_sources import places
from relforge.layers.deps.platform import platform
from relforge.layers.deps.step import interpreter, is_inside, refuse_overlap
from relforge.layers.deps.unpack import unpack
from relforge.layers.deps.wheel_trees import SEARCHED
from relforge.layers.deps.wheels import Wheel
from relforge.model import layout, origins
from relforge.model.release import Collision, Part, Release
from relforge.model.spec import Project, StripSettings
from relforge.project import git, inputs, sources
from relforge.support import environment
from relforge.support.errors import UserError
from relforge.tree import bytecode
from relforge.tree.compiler import Compiler, compile_tree

log = logging.getLogger("relforge.layers.app")

FORMAT = "2"
NAME = "the application"
UP = "../../../.."  # from site-packages to the release
# `bin/python` sets the variables of `export`.
EXPORT = (
    'import sys; sys.executable.endswith(("/bin/python", "/bin/python3")) and '
    '__import__("relforge.runtime.interpreter").runtime.interpreter.begin()'
)


def step(release: Release, ahead: cache.Tree | None = None) -> Release:
    """Lay the project's own code into the tree, as the layer ``app``; raises UserError."""
    started = time.perf_counter()
    tree = ahead or _tree(release)
    found = _over_dependencies(release, tree)
    cache.place(tree, release.tree)
    for root in layout.app_roots(release.settings.app_roots):
        # CPython 3.15 warns at each start of what relforge.pth names and is not there.
        (release.tree / root).mkdir(parents=True, exist_ok=True)
    part = Part(
        origin="built",
        name=NAME,
        entries=tree.entries,
        searched=tuple(tree.facts.get(SEARCHED, ())),
    )
    layer = replace(cache.layer("app", tree, started), parts=(part,))
    return replace(
        release,
        layers=(*origins.without(release.layers, tree.entries), layer),
        collisions=(*release.collisions, *found),
    )


def _over_dependencies(release: Release, tree: cache.Tree) -> tuple[Collision, ...]:
    """What the application brings and a package, too, each with its own content."""
    paths = {entry.path for entry in tree.entries}
    layers = [layer for layer in release.layers if paths.intersection(layer.paths)]
    if not layers:
        return ()
    refuse_overlap(release, tree.entries, "the application")
    known = origins.Origins(release)
    taken = {
        row.path: (Brought(name=known.name(row.path), entries=(), directory=release.tree), row)
        for layer in layers
        for row in layer.entries
        if row.path in paths
    }
    own = (release.project, *release.project.members)
    wanted = {canonicalize_name(name) for name in release.settings.dependencies.prefer}
    ours = Brought(
        name=NAME,
        entries=tree.entries,
        directory=tree.path,
        preferred=any(canonicalize_name(row.name) in wanted for row in own),
    )
    return tuple(among([ours], release.python.site_packages, taken))


def prepare(release: Release) -> cache.Tree | None:
    """What the step lays out, in the cache; None where that takes the tree's own interpreter."""
    return None if is_inside(release) else _tree(release)


def _tree(release: Release) -> cache.Tree:
    trees = release.settings.app
    names = inputs.application(release)
    root = release.project.root
    python = release.python
    digest = sources.digest(root, names)
    members = tuple(_sources(release, row) for row in release.project.members)
    key = cache.key(
        *("app", FORMAT, python.version, python.tag, str(trees), import_paths(release)),
        *(() if interpreter(release) else ("no byte code",)),
        *(repr(_strip(release)), symbols.FORMAT),
        *((*_build_facts(release), run_paths.version()) if trees is None or members else ()),
        digest,
        *(f"{row.name} {digest}" for row, _, digest in members),
    )

    def build(draft: Path) -> None:
        own = trees is None and inputs.has_wheel(release.project)
        searched: list[str] = []
        for package in ((release.project, names, digest), *members)[0 if own else 1 :]:
            searched += _install_wheel(release, *package, draft)
        cache.state(draft, {SEARCHED: searched})
        if trees is not None:
            sources.snapshot(root, names, draft / layout.APP, digest)
            if names:
                compile_tree(interpreter(release), draft / layout.APP)
                if release.settings.strip.sources:
                    bytecode.drop_sources(draft / layout.APP, scripts=True)
        directory = draft / python.site_packages
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "relforge.pth").write_text(import_paths(release))

    return cache.tree("app", key, build)


def import_paths(release: Release) -> str:
    """The lines of relforge.pth: the roots before what they are in, as in a checkout."""
    roots = layout.app_roots(release.settings.app_roots)
    places = "".join(f"{UP}/{path}\n" for path in (layout.RUNTIME, *roots))
    return f"{places}{EXPORT}\n"


def _build_facts(release: Release) -> tuple[str, ...]:
    """What decides a wheel apart from its sources: time, variables, git for a computed version."""
    project = release.project
    computed = () if project.version else (str(release.revision), project.reported_version)
    rows = (row for row in (project, *project.members) if row.version is None)
    histories = (f"{row.name} {git.history(row.root)}" for row in rows)
    seen = environment.facts(release.settings.packages.build_env)
    return str(release.source_date), *computed, *histories, *seen


def _sources(release: Release, member: Project) -> tuple[Project, tuple[str, ...], str]:
    names = inputs.member(release, member)
    return member, names, sources.digest(member.root, names)


def _install_wheel(
    release: Release, project: Project, names: tuple[str, ...], digest: str, draft: Path
) -> tuple[str, ...]:
    """Build the wheel and lay it out; the directories of this host that it looked into."""
    log.info("building the wheel of %s", project.name or project.root.name)
    with tempfile.TemporaryDirectory(prefix="relforge-app-") as directory:
        source = sources.checkout(
            project.root, names, Path(directory) / "source", digest, history=project.version is None
        )
        made = Path(directory) / "dist"
        env = {"SOURCE_DATE_EPOCH": str(release.source_date)}
        env |= resolver_environment.for_backends(
            places(release.settings.packages, release.project.root)
        )
        built = backend.wheel(source, *backend.runner(release.python), env, made)
        _refuse_foreign_tags(built, release)
        _refuse_other_version(built, project)
        wheel = Wheel(name=NAME, path=built, built=True)
        with Compiler(interpreter(release)) as compiler:
            return tuple(unpack([wheel], release.python, compiler, draft, _strip(release)).searched)


def _strip(release: Release) -> StripSettings:
    """What is taken out of the application: its own tests are a part of it."""
    return replace(release.settings.strip, tests=False)


def _refuse_other_version(wheel: Path, project: Project) -> None:
    """Refuse a wheel of another version than the backend said before, as one by the time of day."""
    found = parse_wheel_filename(wheel.name)[1]
    if project.reported_version and found != Version(project.reported_version):
        raise UserError(
            f"the build backend reported version {project.reported_version} for the project, but "
            f"built a wheel of {found}",
            hint="build again; if the version changes with each build, set `version` in "
            "[tool.relforge]",
        )


def _refuse_foreign_tags(wheel: Path, release: Release) -> None:
    """Refuse a wheel with compiled code for the Python that relforge itself runs on."""
    ranks = platform(release.python, release.target).ranks
    if not any(tag in ranks for tag in parse_wheel_filename(wheel.name)[3]):
        short = release.python.short
        if release.target.machine != os.uname().machine:
            raise UserError(
                f"the project's wheel contains compiled code and is named {wheel.name}, "
                f"which {release.target.machine} cannot run",
                hint=f"build on an {release.target.machine} host",
            )
        raise UserError(
            f"the project's wheel contains compiled code and is named {wheel.name}, "
            f"which Python {short} of the release cannot use",
            hint=f"install relforge under Python {short}, and build with that",
        )
