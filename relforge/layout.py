"""Where things lie in a release.

ticketd-1.4.0/
  bin/ticketd  bin/python
  python/      bin/ lib/ share/scripts/
  app/
  release/     manifest.json launch config.toml env.sh SHA256SUMS units/
  runtime/     relforge/__init__.py relforge/runtime/
"""

from __future__ import annotations

PYTHON = "python"
SCRIPTS = "python/share/scripts"
APP = "app"
RUNTIME = "runtime"
MANIFEST = "release/manifest.json"
LAUNCH = "release/launch"
CONFIG = "release/config.toml"
ENV_SH = "release/env.sh"
SUMS = "release/SHA256SUMS"
STATE = "var"  # the one folder that is no part of a release
