"""The release's own interpreter, at work while the release is built.

A command of the assets that has the word ``{python}`` runs it, as Django's
collectstatic has to.  It finds what the layers before have laid out, and the
configuration that the release is checked with; it writes nothing into the draft.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from relforge import cache
from relforge.model import layout
from relforge.model.release import Release
from relforge.model.spec import AssetSettings
from relforge.tree import release_python

WORD = "{python}"
# Nothing of the builder's own Python gets into it; empty is unset.
_NOTHING = ("PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE", "PYTHONSTARTUP")


def is_asked(settings: AssetSettings) -> bool:
    """Whether a command needs it."""
    return any(WORD in word for words in settings.run for word in words)


def executable(release: Release) -> str:
    """The program; one of this host where the release is for another CPU."""
    if release.python.runs_here:
        return str(release.tree / release.python.executable)
    return str(release.python.helper or sys.executable)


def facts(release: Release) -> tuple[str, ...]:
    """What decides what it does, in addition to the files of the project that it reads."""
    layers = (f"{layer.name} {layer.key}" for layer in release.layers)
    return (*layers, repr(release.settings.check), repr(release.settings.config), release.env)


def variables(release: Release, directory: Path) -> Mapping[str, str]:
    """Its environment; the configuration is put into a file of the directory."""
    config, check = release.settings.config, release.settings.check
    settings = {"schema": config.schema, "model": config.model, "export": config.export}
    answer = release_python.ask(release, "trial", {"settings": settings, "values": check.config})
    file = directory / "config.json"
    cache.write(file, json.dumps(answer).encode())
    found: dict[str, str] = dict.fromkeys(_NOTHING, "")
    if not release.python.runs_here:
        own = layout.app_roots(release.settings.app_roots)
        packages = (release.python.site_packages, layout.RUNTIME, *own)
        found["PYTHONPATH"] = os.pathsep.join(str(release.tree / name) for name in packages)
    return {
        **found,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        "RELEASE_ENV": release.env,
        "RELFORGE_CONFIG": str(file),
        **answer["environ"],
        **check.env,
    }
