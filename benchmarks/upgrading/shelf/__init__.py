"""What both services do: tell their version, and break where they are told to."""

import os
import time

from relforge.runtime import config

VERSION = os.environ.get("RELEASE_VERSION", "")

if config["fault"] == f"{VERSION} crash":
    raise SystemExit("it crashes, as it was told to")
if config["fault"] == f"{VERSION} hang":
    time.sleep(60)
