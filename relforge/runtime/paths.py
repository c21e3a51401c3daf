"""Where a running release keeps what changes; the release itself is never written to.

| directory | variable | default |
|---|---|---|
| state | RELEASE_STATE_DIR | <deploy root>/var, where the release is <deploy root>/releases/<version>; else <release>/var |
| run | RELEASE_RUN_DIR | $RUNTIME_DIRECTORY (systemd), else <state>/run |
| log | RELEASE_LOG_DIR | <state>/log |

``RELEASE_INSTANCE`` puts ``instances/<name>`` behind the state directory, so that
two instances of one release share nothing.
"""  # noqa: E501 - a table

from __future__ import annotations

import os

from . import trusted_directory
from .errors import CONFIG, USAGE, Refusal
from .nodes import identity

_INSTANCE_MOST = 64  # bytes; sockets have their place below it
SOCKET_PATH_MOST = 107  # bytes: sizeof(sun_path) less the NUL, unix(7)


class Paths:
    """The directories and files of one instance of one release; nothing is made by asking."""

    def __init__(self, *, root: str, state: str, run: str, log: str) -> None:
        self.root = root
        self.state = state
        self.run = run
        self.log = log
        self.lock = os.path.join(state, "lock")

    def variables(self) -> dict[str, str]:
        """What the application's processes find in their environment, however they are started."""
        return {
            "RELEASE_STATE_DIR": self.state,
            "RELEASE_RUN_DIR": self.run,
            "RELEASE_LOG_DIR": self.log,
            identity.VARIABLE: identity.node(),
        }

    def socket(self, name: str) -> str:
        """The path of the socket ``name`` in the run directory; raises Refusal over 107 bytes."""
        path = os.path.join(self.run, f"{name}.sock")
        size = len(os.fsencode(path))
        if size > SOCKET_PATH_MOST:
            raise Refusal(
                f"{path}: a Unix socket's path may have {SOCKET_PATH_MOST} bytes, this has {size}",
                hint="set RELEASE_RUN_DIR to a shorter directory, for instance /run/"
                + os.environ.get("RELEASE_NAME", "app"),
                code=CONFIG,
            )
        return path


def of(root: str, environ: dict[str, str] | os._Environ[str] = os.environ) -> Paths:
    """The paths for the release at ``root`` under these variables.

    Raises Refusal for an instance name that cannot be a file name, for a relative
    directory, and for a variable that is set but empty: unset but empty are
    different things.
    """
    state = _variable("RELEASE_STATE_DIR", environ) or _default_state(root)
    instance = _variable("RELEASE_INSTANCE", environ)
    if instance:
        long = len(os.fsencode(instance)) > _INSTANCE_MOST
        if "/" in instance or instance.startswith(".") or long or not instance.isprintable():
            raise Refusal(
                f"RELEASE_INSTANCE={instance}: not a plain name",
                hint=f"it is a directory: at most {_INSTANCE_MOST} bytes, without `/` and controls",
                code=USAGE,
            )
        below = os.path.join("instances", instance)
        # Services are given the resolved directory, and may call `bin/<name>` themselves.
        if not state.endswith(f"/{below}"):
            state = os.path.join(state, below)
    run = _variable("RELEASE_RUN_DIR", environ)
    if not run:
        # systemd lists several directories with colons; the first is ours.
        run = environ.get("RUNTIME_DIRECTORY", "").split(":")[0] or os.path.join(state, "run")
    log = _variable("RELEASE_LOG_DIR", environ) or os.path.join(state, "log")
    return Paths(root=root, state=state, run=run, log=log)


def environ(root: str) -> dict[str, str]:
    """This process's variables, the directories resolved: what the application's processes see."""
    return {**os.environ, **of(root).variables()}


def prepare(paths: Paths) -> None:
    """Make the directories; raises Refusal that names the variable to set.

    A directory in which another user could replace a socket or the log is refused.
    """
    for variable, directory, mode in (
        ("RELEASE_STATE_DIR", paths.state, 0o755),
        ("RELEASE_RUN_DIR", paths.run, 0o700),
        ("RELEASE_LOG_DIR", paths.log, 0o755),
    ):
        try:
            os.makedirs(directory, mode=mode, exist_ok=True)
            writable = os.access(directory, os.W_OK | os.X_OK)
            reason = _reason(directory)
        except OSError as error:
            writable, reason = False, os.strerror(error.errno or 0)
        if not writable:
            raise Refusal(
                f"{directory}: {reason} (uid {os.geteuid()})",
                hint=f"set {variable} to a directory that this user can write to",
                code=CONFIG,
            )
        trusted_directory.check(directory, paths.root, variable)


def make_state(paths: Paths) -> str:
    """Have the state directory there, as `start` would create it, for what runs without it.

    Where it cannot be made, the reason, else "": not everything that runs needs it.
    """
    try:
        os.makedirs(paths.state, mode=0o755, exist_ok=True)
    except OSError as error:
        return f"{paths.state}: {error.strerror}"
    return ""


def _reason(directory: str) -> str:
    """Why it cannot be written: whose it is, where it is somebody else's."""
    import pwd

    owner = os.stat(directory).st_uid
    if owner == os.geteuid():
        return "not writable by this user"
    try:
        return f"belongs to user {pwd.getpwuid(owner).pw_name}, not writable by this one"
    except KeyError:
        return f"belongs to user #{owner}, not writable by this one"


def _default_state(root: str) -> str:
    parent = os.path.dirname(root)
    if os.path.basename(parent) == "releases":
        return os.path.join(os.path.dirname(parent), "var")
    return os.path.join(root, "var")


def _variable(name: str, environ: dict[str, str] | os._Environ[str]) -> str | None:
    value = environ.get(name)
    if value is None:
        return None
    if not value:
        raise Refusal(
            f"{name} is set but empty", hint=f"give it a value, or unset {name}", code=USAGE
        )
    if name.endswith("_DIR") and not value.startswith("/"):
        # From another working directory it would be another one, with another lock.
        raise Refusal(
            f"{name}={value}: not an absolute path",
            hint=f"set {name} to the whole path, for instance {os.path.abspath(value)}"
            if not value.startswith("~")
            else "the shell replaces ~ only where it is not quoted",
            code=USAGE,
        )
    return os.path.normpath(value) if name.endswith("_DIR") else value
