"""Which files decide a release: the project's, this host's, and relforge's own.

The steps take their files from here, and so does the one key of all inputs
that tells a build that there is nothing to do.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache as once
from pathlib import Path
from typing import Any

import relforge
from relforge import cache, loader, sources, supplies, vendored
from relforge.errors import SettingsError, UserError
from relforge.release import Release
from relforge.spec import AssetSettings, DebSettings, OciSettings, Project

KEY = "tool.relforge.app"
NOT_IN_APP = frozenset({".git", ".hg", "__pycache__"})
NO_ASSETS = frozenset({".git", ".hg", ".venv", "__pycache__", "_build", "node_modules"})
# What is packed of the tree, and how, does not decide what is in it.
PACKING: dict[str, Any] = {
    "formats": (),
    "oci": OciSettings(),
    "deb": DebSettings(),
    "attest": False,
    "sign": "",
}
LOCAL_PACKAGE = re.compile(  # in a uv.lock; in a pylock.toml
    r"""(?:editable|directory)\s*=\s*(?:\{[^}]*?path\s*=\s*)?["']([^"']+)"""
    r"""|\[packages\.directory\]\s*path\s*=\s*["']([^"']+)"""
)


def key(release: Release) -> str:
    """One key of all that decides the tree of this release; raises UserError.

    A file of the project that no setting names does not count.
    """
    root, settings = release.project.root, release.settings
    return cache.key(
        *(relforge.__version__, own_digest(), loader.state()),
        *(
            repr(replace(settings, **PACKING)),
            repr(release.project),
            repr(release.python),
            str(release.target),
        ),
        *(release.env, str(release.source_date), str(release.revision)),
        *("lock", cache.sha256(root / settings.lock) if settings.lock else ""),
        *("packages", *_local_packages(root, settings.lock)),
        *("app", sources.digest(root, application(release))),
        *(
            "members",
            *(sources.digest(row.root, member(release, row)) for row in release.project.members),
        ),
        *("assets", *(_row(root, name) for name in assets(release))),
        *("overlays", *(_row(root, name) for name in overlays(release))),
    )


def application(release: Release) -> tuple[str, ...]:
    """The files that make the application, relative to the project, sorted; raises UserError."""
    trees = release.settings.app
    if trees is not None:
        return _of_trees(release, trees)
    return _of_wheel(release) if has_wheel(release.project) else ()


def has_wheel(project: Project) -> bool:
    """Whether the project is a package itself, and not the mere root of its members."""
    return bool(project.name) or not project.members


def member(release: Release, project: Project) -> tuple[str, ...]:
    """The files that make a member's wheel, relative to its own folder, sorted."""
    names = sources.files(project.root)
    return tuple(supplies.without(names, project.root, release.project.root, release.settings))


def assets(release: Release) -> tuple[str, ...]:
    """The files that the assets' commands see, relative to the project, sorted."""
    settings = release.settings.assets
    if not settings.run:
        return ()
    names = sorted(set(_matching(release.project.root, settings)))
    if not names:
        raise SettingsError(
            "tool.relforge.assets.inputs: no file matches " + ", ".join(settings.inputs),
            hint="patterns are relative to the project, for instance assets/**",
        )
    return tuple(names)


def overlays(release: Release) -> tuple[str, ...]:
    """The files that overlays lay out, relative to the project."""
    root = release.project.root
    names: list[str] = []
    for overlay in release.settings.overlays:
        if overlay.kind not in ("copy", "template"):
            continue
        source = root / overlay.source
        if overlay.kind == "template":  # it may include what lies beside it
            names += sources.below(source.parent, root, sources.LEFT_OUT)
        elif source.is_dir():
            names += [os.path.relpath(path, root) for path in cache.walk(source)]
        else:
            names.append(overlay.source)
    return tuple(sorted(names))


def _local_packages(root: Path, lock: str | None) -> Iterator[str]:
    """The content of the folders that the lock takes packages from."""
    if lock is None or not lock.endswith((".toml", "uv.lock")):
        return
    place = root / lock
    for match in LOCAL_PACKAGE.finditer(place.read_text(encoding="utf-8", errors="replace")):
        folder = (place.parent / (match[1] or match[2])).resolve()
        if folder.is_dir() and folder != root:
            yield sources.digest(folder, sources.files(folder))


@once
def own_digest() -> str:
    """The digest of relforge's own files and of what it vendors: a part of each release."""
    package = Path(relforge.__file__).parent
    rows = (path for path in cache.walk(package) if "__pycache__" not in path.parts)
    return cache.key(
        *(f"{path.relative_to(package)} {_stamp(path)}" for path in sorted(rows)), vendored.key()
    )


def _stamp(path: Path) -> str:
    """What tells without reading it that a file was written to."""
    try:
        status = path.stat()
    except OSError:
        return ""
    return f"{status.st_size} {status.st_mtime_ns}"


def _row(root: Path, name: str) -> str:
    path = root / name
    if path.is_symlink():
        return f"{name} -> {os.readlink(path)}"
    return f"{name} {path.stat().st_mode & 0o777} {cache.sha256(path)}"


def _of_wheel(release: Release) -> tuple[str, ...]:
    root = release.project.root
    if not (root / "pyproject.toml").is_file() and not (root / "setup.py").is_file():
        raise SettingsError(
            f"{root}: there is no pyproject.toml to build the project's wheel from",
            hint=f'name source trees, {KEY} = ["manage.py", "mysite"], or none: {KEY} = []',
        )
    return member(release, release.project)


def _of_trees(release: Release, trees: tuple[str, ...]) -> tuple[str, ...]:
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


def _matching(root: Path, settings: AssetSettings) -> Iterator[str]:
    """The files that the patterns match, but for outputs and installed packages."""
    outputs = tuple(f"{source}/" for source, _ in settings.outputs)
    for pattern in settings.inputs:
        # A trailing ** matches folders only before Python 3.13.
        wide = f"{pattern}/*" if pattern.endswith("**") else pattern
        for path in root.glob(wide):
            relative = path.relative_to(root).as_posix()
            if NO_ASSETS & set(path.parts) or relative.startswith(outputs):
                continue
            if path.is_file():
                yield relative
