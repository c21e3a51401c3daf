"""The contract between the builder and the runtime: ``release/manifest.json``.

    {"manifest": 1, "name": str, "version": str, "env": str,
     "revision": str | null, "source_date": int, "relforge": str,
     "target": {"system": "linux", "machine": str, "glibc": "2.34"},
     "python": {"version": "3.12.1", "tag": "cp312", "source": str, "executable": str},
     "lock": {"file": str, "sha256": str} | null,
     "layers": [{"name": str, "key": str, "files": int, "size": int}],
     "services": {NAME: {"kind": "app" | "run" | "exec", "target": str | [str],
         "server": str, "options": {}, "listen": [str], "instances": int,
         "restart": "always" | "on-failure" | "never", "drain": float,
         "ready": "notify" | "started" | {"http": str} | {"tcp": str} | {"exec": [str]},
         "ready_timeout": float, "env": {str: str}, "cwd": str | null,
         "backoff": [first, most], "intensity": [restarts, seconds], "required": bool,
         "enabled": bool | str, "singleton": bool, "depends": [NAME], "stop_signal": str,
         "kill_after": float, "watchdog": float, "user": str, "group": str, "nice": int,
         "rlimits": {str: int}}},
     "assets": [FOLDER], with a cache_manifest.json of fingerprinted names each,
     "config": {"providers": [{"use": str, "options": {}, "state": {},
             "timeout": float, "retries": int}],
         "schema": {KEY: {"type": str, ...}}, "model": "pkg.mod:Class" | "",
         "export": {VARIABLE: KEY}, "strict": bool},
     "upgrade": {"bake": seconds, "health": null | as "ready"},
     "log": {"size": bytes, "age": seconds, "keep": files},
     "console": {"enabled": bool, "users": [str], "group": str | null, "idle_timeout": float},
     "hooks": {NAME: {"call": "pkg.mod:fn" | "", "exec": [str], "timeout": float}},
     "commands": {NAME: {"call": "pkg.mod:fn" | "", "exec": [str], "help": str,
         "mode": "eval" | "rpc" | "exec", "service": str, "confirm": str,
         "once": bool | "pkg.mod:lock", "args": [{"name": str, "help": str,
             "type": "str" | "int" | "float" | "flag", "default": value | null}]}}}

Paths are relative to the root of the release, durations are seconds.
The keys are sorted, so that equal releases have equal manifests.
"""

from __future__ import annotations

import os

from . import quick_json
from .errors import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FORMAT = 1
PATH = "release/manifest.json"

# What a project can have done at the turns of a release's life.
HOOKS = (
    "pre_start",
    "post_start",
    "pre_stop",
    "post_stop",
    "pre_upgrade",
    "post_upgrade",
    "on_crash",
)

# Commands of every release; a command of the project's own cannot have such a name.
RESERVED = frozenset(
    {
        "completion",
        "config",
        "console",
        "daemon",
        "describe",
        "eval",
        "foreground",
        "help",
        "install",
        "logs",
        "pid",
        "ping",
        "prune",
        "releases",
        "reload",
        "remote",
        "remote_console",
        "restart",
        "rollback",
        "rpc",
        "run",
        "stacks",
        "start",
        "status",
        "stop",
        "tasks",
        "top",
        "uninstall",
        "units",
        "upgrade",
        "version",
    }
)


def root() -> str:
    """The release that this process belongs to, as an absolute path.

    The launcher sets ``RELEASE_ROOT``; where it did not run (``bin/python``),
    the place of this file tells.
    """
    here = os.path.dirname(os.path.abspath(__file__))
    return os.environ.get("RELEASE_ROOT") or os.path.dirname(os.path.dirname(os.path.dirname(here)))


def load(release: str) -> dict[str, Any]:
    """The manifest of the release at that path; raises Refusal where it is damaged."""
    path = os.path.join(release, PATH)
    try:
        with open(path, "rb") as file:
            manifest: dict[str, Any] = quick_json.loads(file.read())
    except (OSError, ValueError) as error:
        raise Refusal(
            f"{path}: the release is damaged: {error}", hint="unpack the tarball again"
        ) from None
    if manifest.get("manifest") != FORMAT:
        raise Refusal(
            f"{path}: format {manifest.get('manifest')!r}, this runtime reads format {FORMAT}",
            hint="unpack the tarball again",
        )
    return manifest
