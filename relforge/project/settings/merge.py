"""The settings of one environment and release, for a build."""

from __future__ import annotations

from typing import Any

from relforge.runtime import settings as overlaid
from relforge.runtime.settings import LaidSettings, Selection
from relforge.support.errors import SettingsError


def lay(settings: dict[str, Any], env: str, release: str | None = None) -> LaidSettings:
    """The settings for that environment, of the release of that name where there are several.

    Raises SettingsError for a name that is not there, and where one is missing.
    """
    try:
        return overlaid.lay(settings, Selection(env, release))
    except overlaid.WrongSettings as wrong:
        raise SettingsError(wrong.message, hint=wrong.hint) from None
