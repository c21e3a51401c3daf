"""Overlays: files and Jinja2 templates of the project, laid over the tree."""

from __future__ import annotations

import os
import shutil
import traceback
from pathlib import Path

import jinja2

from relforge import cache, layout
from relforge.errors import SettingsError, UserError
from relforge.release import Overlay, Release

# What relforge itself writes after this step, and the folder that is no part of a release.
_OURS = (layout.MANIFEST, layout.LAUNCH, layout.SUMS, f"{layout.RUNTIME}/", f"{layout.STATE}/")


def step(release: Release) -> Release:
    """Lay each overlay over the tree, in their order; a later one wins."""
    for index, overlay in enumerate(release.settings.overlays):
        where = f"tool.relforge.overlays[{index}]"
        source = release.project.root / overlay.source
        if overlay.template:
            _write(release, where, overlay, _render(release, where, source))
        elif source.is_dir():
            for path in cache.walk(source):
                relative = path.relative_to(source).as_posix()
                _copy(release, where, path, f"{overlay.to}/{relative}", overlay.mode)
        else:
            _copy(release, where, source, overlay.to, overlay.mode)
    return release


def variables(release: Release) -> dict[str, object]:
    """What a template can use."""
    return {
        "name": release.name,
        "version": release.version,
        "env": release.env,
        "revision": release.revision or "",
        "python": release.python.version,
        "services": {service.name: service for service in release.settings.services},
    }


def _render(release: Release, where: str, source: Path) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(source.parent),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,
    )
    try:
        return environment.get_template(source.name).render(variables(release))
    except jinja2.TemplateSyntaxError as error:
        raise UserError(f"{where}.template: {source}:{error.lineno}: {error.message}") from None
    except jinja2.UndefinedError as error:
        known = ", ".join(sorted(variables(release)))
        raise UserError(
            f"{where}.template: {source}:{_line(error, source)}: {error.message}",
            hint=f"a template can use: {known}",
        ) from None
    except jinja2.TemplateError as error:
        raise UserError(f"{where}.template: {source}: {error}") from None


def _line(error: Exception, source: Path) -> int:
    """The line of the template that failed; jinja2 puts it into the traceback."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((row.lineno or 0 for row in reversed(frames) if row.filename == str(source)), 0)


def _write(release: Release, where: str, overlay: Overlay, text: str) -> None:
    target = _target(release, where, overlay.to)
    target.write_text(text)
    target.chmod(overlay.mode or 0o644)


def _copy(release: Release, where: str, source: Path, to: str, mode: int | None) -> None:
    target = _target(release, where, to)
    if source.is_symlink():
        link = os.readlink(source)
        inside = (target.parent / link).resolve().is_relative_to(release.tree.resolve())
        if os.path.isabs(link) or not inside:
            raise UserError(f"{where}: the link {source} -> {link} leaves the release")
        target.symlink_to(link)
        return
    shutil.copyfile(source, target)
    executable = source.stat().st_mode & 0o100
    target.chmod(mode or (0o755 if executable else 0o644))


def _target(release: Release, where: str, to: str) -> Path:
    """The place in the tree, made free: what lies there may be shared with the cache."""
    if f"{to}/".startswith(_OURS) or to in _OURS or to == f"bin/{release.name}":
        raise SettingsError(f"{where}.to: {to!r} is written by relforge itself")
    target = release.tree / to
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.parent.resolve().is_relative_to(release.tree.resolve()):
        raise SettingsError(f"{where}.to: {to!r} leaves the release through a link")
    if target.is_dir() and not target.is_symlink():
        raise SettingsError(f"{where}.to: {to!r} is a folder of the release; name the file")
    target.unlink(missing_ok=True)
    return target
