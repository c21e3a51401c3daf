"""The commands of the release."""

import os
from pathlib import Path

from relforge.runtime import config


def migrate():
    assert config["db.url"] == "postgresql://shop@db/shop"
    with Path(os.environ["RELEASE_STATE_DIR"], "migrations").open("a") as file:
        print(os.environ["RELEASE_VERSION"], file=file)
