"""The layer ``app``: the project's own code.

    the project's wheel       python/lib/python3.12/site-packages/ and python/bin/
    app = ["manage.py", ...]  app/manage.py ..., as they are in the project
    always                    site-packages/relforge.pth: runtime/ and app/ can be imported

The wheel is built from a copy of the project's sources, so nothing is left
behind in the user's tree, and what is not among its sources does not count.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from platform import python_version

from packaging.utils import parse_wheel_filename

from relforge import backend, cache, elf, git, layout, pyc, sources
from relforge.deps.platform import platform
from relforge.deps.step import interpreter, refuse_overlap
from relforge.deps.unpack import unpack
from relforge.deps.wheels import Wheel
from relforge.errors import SettingsError, UserError
from relforge.release import Release

log = logging.getLogger("relforge.app")

FORMAT = "1"
PTH = "../../../../runtime\n../../../../app\n"  # from site-packages to the release
NOT_IN_APP = frozenset({".git", ".hg", "__pycache__"})
KEY = "tool.relforge.app"


def step(release: Release) -> Release:
    """Lay the project's own code into the tree, as the layer ``app``; raises UserError."""
    started = time.perf_counter()
    trees = release.settings.app
    names = _wheel_sources(release) if trees is None else _tree_sources(release, trees)
    root = release.project.root
    python = release.python
    key = cache.key(
        *("app", FORMAT, python.version, python.tag, str(trees), PTH),
        *(() if interpreter(release) else ("no byte code",)),
        *(_build_facts(release) if trees is None else ()),
        sources.digest(root, names),
    )

    def build(draft: Path) -> None:
        if trees is None:
            _install_wheel(release, names, draft)
        else:
            sources.copy(root, names, draft / layout.APP)
            if names:
                pyc.compile_tree(interpreter(release), draft / layout.APP)
        folder = draft / python.site_packages
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "relforge.pth").write_text(PTH)

    tree = cache.tree("app", key, build)
    refuse_overlap(release, tree, "the application")
    cache.place(tree, release.tree)
    layer = cache.layer("app", key, tree, started)
    return replace(release, layers=(*release.layers, layer))


def _wheel_sources(release: Release) -> tuple[str, ...]:
    root = release.project.root
    if not (root / "pyproject.toml").is_file() and not (root / "setup.py").is_file():
        raise SettingsError(
            f"{root}: there is no pyproject.toml to build the project's wheel from",
            hint=f'name source trees, {KEY} = ["manage.py", "mysite"], or none: {KEY} = []',
        )
    return sources.files(root)


def _tree_sources(release: Release, trees: tuple[str, ...]) -> tuple[str, ...]:
    root = release.project.root
    names: set[str] = set()
    for index, tree in enumerate(trees):
        path = root / tree
        where = f"{KEY}[{index}]"
        if not path.resolve().is_relative_to(root):
            raise SettingsError(f"{where}: {tree!r} is outside of the project")
        if path.is_dir():
            names.update(sources.below(path, root, NOT_IN_APP))
        elif path.is_file():
            names.add(path.relative_to(root).as_posix())
        else:
            raise SettingsError(
                f"{where}: there is no {tree!r} in {root}", hint="paths are relative to the project"
            )
    for name in names:
        _refuse_foreign_link(root, name, names)
    return tuple(sorted(names))


def _refuse_foreign_link(root: Path, name: str, names: set[str]) -> None:
    """Refuse a link that would lead out of ``app/``, where its target will not be."""
    path = root / name
    if not path.is_symlink():
        return
    target = os.readlink(path)
    place = os.path.normpath(os.path.join(os.path.dirname(name), target))
    inside = place in names or any(row.startswith(f"{place}/") for row in names)
    if os.path.isabs(target) or not inside:
        raise UserError(
            f"{KEY}: {name} is a link to {target}, which is not among what is copied",
            hint="copy the target as well, or put the file in place of the link",
        )


def _build_facts(release: Release) -> tuple[str, ...]:
    """What decides a wheel besides its sources: time, and git for a computed version."""
    revision = "" if release.project.version else str(release.revision)
    return str(release.source_date), revision


def _install_wheel(release: Release, names: tuple[str, ...], draft: Path) -> None:
    project = release.project
    log.info("building the wheel of %s", project.name or project.root.name)
    with tempfile.TemporaryDirectory(prefix="relforge-app-") as folder:
        inner = git.output(project.root, "rev-parse", "--show-prefix")
        source = Path(folder) / "source" / (inner or "").strip()
        sources.copy(project.root, names, source)
        if project.version is None:
            _lend_git(project.root, Path(folder) / "source")
        made = Path(folder) / "dist"
        env = {"SOURCE_DATE_EPOCH": str(release.source_date), "GIT_OPTIONAL_LOCKS": "0"}
        built = backend.wheel(source, *_builder(release), env, made)
        _refuse_foreign_tags(built, release)
        wheel = Wheel(name="the application", path=built)
        unpack([wheel], release.python, interpreter(release), draft)


def _builder(release: Release) -> tuple[Path, str]:
    """What runs the build backend: the interpreter that the release's is made from.

    One that is in an archive has no place to stay; then it is relforge's own.
    """
    origin = release.python.origin
    if release.python.source == "host" and elf.read(origin):
        return origin, release.python.version
    return Path(sys.executable), python_version()


def _refuse_foreign_tags(wheel: Path, release: Release) -> None:
    """Refuse a wheel with compiled code for the Python that relforge itself runs on."""
    ranks = platform(release.python, release.target).ranks
    if not any(tag in ranks for tag in parse_wheel_filename(wheel.name)[3]):
        short = release.python.short
        if release.target.machine != os.uname().machine:
            raise UserError(
                f"the project's wheel holds compiled code and came out as {wheel.name}, "
                f"which {release.target.machine} cannot run",
                hint=f"build on a {release.target.machine} host",
            )
        raise UserError(
            f"the project's wheel holds compiled code and came out as {wheel.name}, "
            f"which Python {short} of the release cannot use",
            hint=f"install relforge with Python {short}, and build with that",
        )


def _lend_git(root: Path, copy: Path) -> None:
    """Let a backend that computes the version from git see the project's history."""
    folder = git.output(root, "rev-parse", "--absolute-git-dir")
    if folder is not None:
        (copy / ".git").write_text(f"gitdir: {folder.strip()}\n")
