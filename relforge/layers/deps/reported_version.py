"""The version of a project that only its build backend knows.

The backend is asked in a copy, with the history of the project, so that the
checkout stays as it is: some write files beside the sources.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from platform import python_version

from relforge.layers.deps import backend, resolver_environment
from relforge.layers.deps.package_sources import places
from relforge.model.spec import Project, Settings
from relforge.project import git, source_exclusions, sources
from relforge.support.errors import UserError

WHAT = "asking the build backend for the project's version"


def ask(project: Project, settings: Settings, source_date: int) -> str:
    """What the backend says; raises UserError with its own words where it fails."""
    root = project.root
    names = tuple(source_exclusions.without(sources.files(root), root, root, settings))
    env = resolver_environment.for_backends(places(settings.packages, root))
    env["SOURCE_DATE_EPOCH"] = str(source_date)
    with tempfile.TemporaryDirectory(prefix="relforge-version-") as directory:
        expected = sources.digest(root, names)
        source = sources.checkout(root, names, Path(directory) / "source", expected, history=True)
        into = Path(directory) / "metadata"
        own = (Path(sys.executable), python_version())
        try:
            return str(backend.metadata(source, *own, env, into, WHAT)["Version"])
        except UserError as error:
            if error.hint != backend.HINT or git.output(root, "ls-files", "--", "."):
                raise
            hint = (
                "a version from git needs the repository: build in a clone of it, or set "
                "the version: export SETUPTOOLS_SCM_PRETEND_VERSION=1.0, or `version` in "
                "[tool.relforge]"
            )
            raise UserError(error.message, hint=hint) from None
