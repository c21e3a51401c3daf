"""The key of all inputs of a build: an equal key means that there is nothing to do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import relforge
from relforge import cache
from relforge.elf import loader
from relforge.layers.runtime.digest import own_digest
from relforge.model.release import Release
from relforge.model.spec import DebSettings, OciSettings
from relforge.project import git, inputs, local_sources, lockfile, sources
from relforge.support import environment

# What is packed of the tree, and how, does not decide what is in it.
PACKING: dict[str, Any] = {
    "formats": (),
    "oci": OciSettings(),
    "deb": DebSettings(),
    "attest": False,
    "sign": "",
    "deploys": (),
}
LOCAL_PACKAGE = re.compile(  # in a uv.lock; in a pylock.toml; in a poetry.lock, in a pdm.lock
    r"""(?:editable|directory)\s*=\s*(?:\{[^}]*?path\s*=\s*)?["']([^"']+)"""
    r"""|\[packages\.directory\]\s*path\s*=\s*["']([^"']+)"""
    r"""|type\s*=\s*"directory"\s*url\s*=\s*"([^"]+)"|^path\s*=\s*"([^"]+)\"""",
    re.MULTILINE,
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
        *("variables", *environment.facts(settings.packages.build_env)),
        *(
            git.history(row.root)
            for row in (release.project, *release.project.members)
            if row.version is None
        ),
        *("lock", *(cache.sha256(root / name) for name in lockfile.used(root, settings))),
        *("packages", *_local_packages(root, lockfile.used(root, settings))),
        *("app", sources.digest(root, inputs.application(release))),
        *(
            "members",
            *(
                sources.digest(row.root, inputs.member(release, row))
                for row in release.project.members
            ),
        ),
        *("assets", *(inputs.row(root, name) for name in inputs.assets(release))),
        *("overlays", *(inputs.row(root, name) for name in inputs.overlays(release))),
    )


def _local_packages(root: Path, locks: Iterable[str]) -> Iterator[str]:
    """The state of the directories that the locks take packages from."""
    for place in (root / name for name in locks):
        for match in LOCAL_PACKAGE.finditer(place.read_text(encoding="utf-8", errors="replace")):
            directory = (place.parent / next(filter(None, match.groups()))).resolve()
            if directory.is_dir() and directory != root:
                yield local_sources.state(directory)
