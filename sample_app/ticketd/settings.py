"""The configuration: nothing else in this package knows where it comes from."""

import os
from pathlib import Path

# The one line that knows relforge.  Without it: a `pydantic_settings.BaseSettings` with
# `env_prefix="TICKETD_"`, or a dict of your own from `tomllib` and `os.environ`.
from relforge.runtime import config

VERSION = os.environ.get("RELEASE_VERSION", "0.0.0.dev0")  # a source tree has none


def state_dir() -> Path:
    return Path(os.environ.get("RELEASE_STATE_DIR", "var")).absolute()


def database_url() -> str:
    return config.get("db.url") or f"sqlite:///{state_dir()}/ticketd.db"


def static_dir() -> Path:
    """The compiled assets: of the release, or of the source tree after `npm run build`."""
    release = os.environ.get("RELEASE_ROOT")
    built = Path(release, "app/static") if release else Path(__file__).parents[1] / "assets/dist"
    return Path(config.get("http.static_dir") or built)
