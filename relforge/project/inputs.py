"""Which files of the project decide a release.

The steps take their files from here, and so does the key of all inputs (`pipeline.input_key`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from relforge import cache
from relforge.model.release import Release
from relforge.model.spec import AssetSettings, Project
from relforge.project import source_exclusions, sources
from relforge.support.errors import SettingsError, UserError

KEY = "tool.relforge.app"
NOT_IN_APP = frozenset({".git", ".hg", "__pycache__"})
NO_ASSETS = frozenset({".git", ".hg", ".venv", "__pycache__", "_build", "node_modules"})


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
    """The files that make a member's wheel, relative to its own directory, sorted."""
    names = sources.files(project.root)
    return tuple(
        source_exclusions.without(names, project.root, release.project.root, release.settings)
    )


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
    for index, overlay in enumerate(release.settings.overlays):
        if overlay.kind not in ("copy", "template"):
            continue
        source = root / overlay.source
        if overlay.kind == "template":  # it may include what is next to it
            names += sources.below(source.parent, root, sources.LEFT_OUT)
        elif source.is_dir():
            try:
                names += [os.path.relpath(path, root) for path in cache.walk(source)]
            except UserError as error:
                where = f"tool.relforge.overlays[{index}].copy"
                raise SettingsError(
                    f"{where}: {error.message.removeprefix(f'{root}/')}", hint=error.hint
                ) from None
        else:
            names.append(overlay.source)
    return tuple(sorted(names))


def row(root: Path, name: str) -> str:
    """One file or link as a line of a content key: its path, mode and digest."""
    path = root / name
    if path.is_symlink():
        return f"{name} -> {os.readlink(path)}"
    return f"{name} {path.stat().st_mode & 0o777} {cache.sha256(path)}"


def _of_wheel(release: Release) -> tuple[str, ...]:
    root = release.project.root
    if not (root / "pyproject.toml").is_file() and not (root / "setup.py").is_file():
        raise SettingsError(
            f"{root}: no pyproject.toml to build the project's wheel from",
            hint=f'set source trees, {KEY} = ["manage.py", "mysite"], or none: {KEY} = []',
        )
    return member(release, release.project)


def _of_trees(release: Release, trees: tuple[str, ...]) -> tuple[str, ...]:
    root = release.project.root
    names: set[str] = set()
    for index, tree in enumerate(trees):
        path = root / tree
        where = f"{KEY}[{index}]"
        if not path.resolve().is_relative_to(root):
            raise SettingsError(f"{where}: {tree!r} is outside the project")
        if path.is_dir():
            names.update(sources.below(path, root, NOT_IN_APP))
        elif path.is_file():
            names.add(path.relative_to(root).as_posix())
        else:
            raise SettingsError(
                f"{where}: no {tree!r} in {root}", hint="paths are relative to the project"
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
            f"{KEY}: {name} is a link to {target}, which is not copied",
            hint="copy the target as well, or replace the link with the file",
        )


def _matching(root: Path, settings: AssetSettings) -> Iterator[str]:
    """The files that the patterns match, but for outputs and installed packages."""
    outputs = tuple(f"{source}/" for source, _ in settings.outputs)
    for pattern in settings.inputs:
        # A trailing ** matches directories only before Python 3.13.
        wide = f"{pattern}/*" if pattern.endswith("**") else pattern
        for path in root.glob(wide):
            relative = path.relative_to(root).as_posix()
            if NO_ASSETS & set(path.parts) or relative.startswith(outputs):
                continue
            if path.is_file():
                yield relative
