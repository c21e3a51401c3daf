"""From a directory and an environment's name to the settings, each value with its origin."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from relforge.model.spec import Project, Settings
from relforge.pipeline.source_date import source_date
from relforge.project import lockfile, members, pyproject, settings, version
from relforge.project.settings.table import Reading, dotted
from relforge.runtime.settings import Over, is_set_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """The settings of one environment, and where each value comes from."""

    project: Project
    settings: Settings
    env: str
    readings: tuple[Reading, ...]
    over: tuple[Over, ...]  # the tables that were laid over; the first that speaks counts

    def origin(self, reading: Reading) -> str:
        """Where a value was written, or why it is the default."""
        if reading.origin is not None:
            return reading.origin
        file = self.project.settings_file.name
        for row in self.over:
            if is_set_by(row.table, reading.path[2:]):
                return f"{file} [{dotted(row.path)}]"
        return f"{file} [tool.relforge]"


def read_settings(root: Path, env: str, name: str | None = None) -> Configured:
    """The settings alone, of the release of that name; raises SettingsError."""
    found = pyproject.load(root)
    merged = settings.lay(found.settings, env, name)
    lock = _lock_name(found, merged.table.get("lock"))
    setting = merged.table.get("version")

    def ask() -> str:
        # Late: most projects write their version.
        from relforge.layers.deps import reported_version  # noqa: PLC0415 - seldom needed

        first, _ = settings.read(found, merged, env, version="0", lock=lock)
        return reported_version.ask(found, first, source_date(found.root))

    number = version.resolve(found, setting, ask)
    typed, readings = settings.read(found, merged, env, version=number, lock=lock)
    reported = number if found.version is None and version.asks_project(setting) else ""
    project = replace(found, reported_version=reported, members=members.load(found, typed.members))
    return Configured(project=project, settings=typed, env=env, readings=readings, over=merged.over)


def _lock_name(found: Project, setting: object) -> str | None:
    if isinstance(setting, str):
        return setting  # whether it is there is looked at when something is built
    path = lockfile.find(found.root, None)
    return lockfile.name(found.root, path) if path else None
