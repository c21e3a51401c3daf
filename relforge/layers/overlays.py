"""Overlays: what the settings lay over the tree, row by row; a later row wins."""

from __future__ import annotations

import traceback
from pathlib import Path

from relforge.model.release import Release
from relforge.model.spec import Overlay
from relforge.support.errors import SettingsError, UserError
from relforge.tree import draft


def step(release: Release) -> Release:
    """Carry out each row; raises UserError that names it."""
    for index, overlay in enumerate(release.settings.overlays):
        where = f"tool.relforge.overlays[{index}]"
        text = _render(release, overlay, where) if overlay.kind == "template" else ""
        try:
            _lay(release, overlay, text)
        except UserError as error:
            raise SettingsError(f"{where}: {error.message}", hint=error.hint) from None
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


def _lay(release: Release, overlay: Overlay, text: str) -> None:
    if overlay.kind == "copy":
        draft.copy(release, _source(release, overlay), overlay.to, mode=overlay.mode)
    elif overlay.kind == "template":
        draft.write(release, overlay.to, text, mode=overlay.mode or 0o644)
    elif overlay.kind == "link":
        draft.link(release, overlay.to, overlay.source)
    elif overlay.kind == "mkdir":
        draft.mkdir(release, overlay.to)
    elif overlay.mode is not None:
        draft.chmod(release, overlay.to, overlay.mode)


def _source(release: Release, overlay: Overlay) -> Path:
    root = release.project.root
    if not (root / overlay.source).parent.resolve().is_relative_to(root.resolve()):
        raise UserError(f"{overlay.source!r} leads out of the project through a link")
    return root / overlay.source


def _render(release: Release, overlay: Overlay, row: str) -> str:
    import jinja2  # noqa: PLC0415 - few releases have a template, and it is slow to import

    where, source = f"{row}.template", release.project.root / overlay.source
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(source.parent),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,
    )
    try:
        return environment.get_template(source.name).render(variables(release))
    except jinja2.TemplateSyntaxError as error:
        raise UserError(f"{where}: {source}:{error.lineno}: {error.message}") from None
    except jinja2.UndefinedError as error:
        known = ", ".join(sorted(variables(release)))
        raise UserError(
            f"{where}: {source}:{_line(error, source)}: {error.message}",
            hint=f"a template can use: {known}",
        ) from None
    except jinja2.TemplateError as error:
        raise UserError(f"{where}: {source}: {error}") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{where}: {source}: not UTF-8: byte {error.start}") from None
    except Exception as error:
        line = _line(error, source)
        text = f"{type(error).__name__}: {error}"
        raise UserError(f"{where}: {source}:{line}: {text}") from None


def _line(error: Exception, source: Path) -> int:
    """The line of the template that failed; jinja2 puts it into the traceback."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((row.lineno or 0 for row in reversed(frames) if row.filename == str(source)), 0)
