"""What both services do: say their version, and break where the configuration says so."""

import os
import time

from relforge.runtime import config

VERSION = os.environ.get("RELEASE_VERSION", "")

if config["fault"] == f"{VERSION} crash":
    raise SystemExit("it crashes, as it was built to")
if config["fault"] == f"{VERSION} hang":
    time.sleep(60)
