"""Who we are at a registry: the first of these that says so.

    $RELFORGE_REGISTRY_USERNAME and $RELFORGE_REGISTRY_PASSWORD
    $REGISTRY_AUTH_FILE, $XDG_RUNTIME_DIR/containers/auth.json, ~/.config/containers/auth.json
    ~/.docker/config.json, or the one in $DOCKER_CONFIG

The files are those that `podman login` and `docker login` write (containers-auth.json(5)),
with the programs that they name for their secrets (``docker-credential-*``).
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from relforge.support import environment, masking
from relforge.support.errors import UserError

Login = tuple[str, str]  # user, password
_PATIENCE = 60  # seconds that a helper may take


def find(registry: str, environ: Mapping[str, str] = os.environ) -> Login | None:
    """Name and password for a registry, None where nothing says so; raises UserError."""
    user = environ.get("RELFORGE_REGISTRY_USERNAME")
    found: Login | None = None
    if user:
        found = user, environ.get("RELFORGE_REGISTRY_PASSWORD", "")
    for place in _files(environ):
        found = found or _in_file(place, registry)
    if found:
        masking.remember(found[1])
    return found


def _files(environ: Mapping[str, str]) -> Iterator[Path]:
    if own := environ.get("REGISTRY_AUTH_FILE"):
        yield Path(own)
    if runtime := environ.get("XDG_RUNTIME_DIR"):
        yield Path(runtime) / "containers" / "auth.json"
    home = Path(environ.get("HOME") or os.path.expanduser("~"))
    yield Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "containers" / "auth.json"
    yield Path(environ.get("DOCKER_CONFIG") or home / ".docker") / "config.json"


def _in_file(place: Path, registry: str) -> Login | None:
    try:
        data = json.loads(place.read_bytes())
        helper = data.get("credHelpers", {}).get(registry) or data.get("credsStore")
        row = data.get("auths", {}).get(registry) or {}
        if row.get("auth"):
            user, _, password = base64.b64decode(row["auth"], validate=True).decode().partition(":")
            return user, password.rstrip("\0")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, AttributeError, TypeError) as error:
        raise UserError(
            f"{place}: this is not a file of logins: {error}", hint=f"podman login {registry}"
        ) from None
    return _of_helper(str(helper), registry) if helper else None


def _of_helper(name: str, registry: str) -> Login | None:
    """What ``docker-credential-NAME get`` knows; nothing where it has no login."""
    program = f"docker-credential-{name}"
    try:
        done = subprocess.run(
            [program, "get"],
            input=registry,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            env=environment.of_programs(),
            check=False,
        )
        said: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {}
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        raise UserError(
            f"{program}: the login for {registry} could not be asked for: {error}",
            hint="or set RELFORGE_REGISTRY_USERNAME and RELFORGE_REGISTRY_PASSWORD",
        ) from None
    return (str(said["Username"]), str(said.get("Secret", ""))) if said.get("Username") else None
