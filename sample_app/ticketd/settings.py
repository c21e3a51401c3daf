"""The configuration, and what follows from it.  Nobody else here knows where it comes from.

relforge is replaceable.  Without it, `config` would be a dozen lines of your own:

    from pydantic_settings import BaseSettings, SettingsConfigDict

    class Settings(BaseSettings):
        model_config = SettingsConfigDict(
            env_prefix="TICKETD_", env_nested_delimiter="__", toml_file="/etc/ticketd/config.toml"
        )
        http: Http = Http()
        db: Db = Db()

or, with the standard library alone, `tomllib.load` and `os.environ.get`.
"""

import os
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path

from relforge.runtime import config

__all__ = ["config", "database_url", "mail_dir", "state_dir", "static_dir", "version"]


def state_dir() -> Path:
    """Where files that change belong: the supervisor of a release says it."""
    return Path(os.environ.get("RELEASE_STATE_DIR", "var")).absolute()


def database_url() -> str:
    return config.get("db.url") or f"sqlite:///{state_dir()}/ticketd.db"


def mail_dir() -> Path:
    return Path(config.get("mail.dir") or state_dir() / "mails")


def static_dir() -> Path:
    """The compiled assets: of the release, or of the source tree after `npm run build`."""
    if folder := config.get("http.static_dir"):
        return Path(folder)
    if release := os.environ.get("RELEASE_ROOT"):
        return Path(release, "app", "static")
    return Path(__file__).parent.parent / "assets" / "dist"


def version() -> str:
    try:
        return installed("ticketd")
    except PackageNotFoundError:  # a source tree that nobody installed
        return "0.0.0.dev0"
