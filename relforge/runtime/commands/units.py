"""``units``: a systemd unit for this release, where it lies."""

from __future__ import annotations

import json
import os
import sys

from .. import manifest, paths
from ..client import options
from ..errors import CONFIG, DONE, USAGE, Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..paths import Paths

LEVELS = ("basic", "standard", "strict")
FOLDER = "/etc/systemd/system"
MARK = "# Written by `units` of"
_MARGIN = 10  # seconds over what the supervisor itself allows

_STANDARD = """
NoNewPrivileges=yes
CapabilityBoundingSet={capabilities}
PrivateTmp=yes
ProtectSystem=strict
ProtectHome={home}
ReadWritePaths={writable}
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
LockPersonality=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
UMask=0027
"""
_STRICT = """
PrivateDevices=yes
ProtectProc=invisible
RemoveIPC=yes
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
"""


def units(argv: list[str]) -> int:
    """Print the unit, or install it for systemd."""
    given = options.parse(argv, flags="--print --install", values="--level")
    use = "units [--level basic|standard|strict] [--print|--install]"
    options.most(given, 0, use)
    level = given.values.get("--level", "standard")
    if level not in LEVELS:
        raise Refusal(f"--level {level}: no such level", hint=f"usage: {use}", code=USAGE)
    if len(given.flags) == 2:
        raise Refusal("--print and --install exclude each other", hint=f"usage: {use}", code=USAGE)
    root = manifest.root()
    release = manifest.load(root)
    text = unit(release, _seat(paths.of(root), release["name"]), level)
    if "--install" not in given.flags:
        print(text, end="")
        return DONE
    name = f"{release['name']}.service"
    _install(os.path.join(FOLDER, name), text)
    print(f"wrote {FOLDER}/{name}; now: systemctl daemon-reload && systemctl enable --now {name}")
    return DONE


def main(argv: list[str]) -> int:
    """Answer the builder (``boot_app.py unit``), which knows where a package will put things.

    ``{"program", "state", "user", "level"}`` on stdin, ``{"unit": TEXT}`` on stdout.
    """
    asked = json.load(sys.stdin)
    seat = Seat(
        program=asked["program"],
        state=asked["state"],
        writable=asked["state"],
        user=[f"User={asked['user']}"],
        home="yes",
    )
    json.dump({"unit": unit(manifest.load(manifest.root()), seat, asked["level"])}, sys.stdout)
    return DONE


class Seat:
    """Where a release is at home: what its unit names of the host."""

    __slots__ = ("home", "program", "state", "user", "writable")

    def __init__(
        self, *, program: str, state: str, writable: str, user: list[str], home: str
    ) -> None:
        self.program = program
        self.state = state
        self.writable = writable
        self.user = user  # lines of the unit
        self.home = home  # systemd's ProtectHome


def unit(release: dict[str, Any], seat: Seat, level: str) -> str:
    """The text of the unit at that level of hardening."""
    services = release["services"].values()
    hooks = {name: row["timeout"] for name, row in release.get("hooks", {}).items()}
    start = max((row["ready_timeout"] for row in services), default=0) + _MARGIN
    start += hooks.get("pre_start", 0)
    stop = max((row["drain"] for row in services), default=0) + _MARGIN
    stop += hooks.get("pre_stop", 0) + hooks.get("post_stop", 0)
    rows = [
        f"{MARK} {release['name']}; level {level}.",
        "[Unit]",
        f"Description={release['name']}",
        "Wants=network-online.target",
        "After=network-online.target",
        "",
        "[Service]",
        "Type=notify",
        "NotifyAccess=main",
        f"ExecStart={_quoted(seat.program)} foreground",
        f"Environment={_quoted(f'RELEASE_STATE_DIR={seat.state}')}",
        f"RuntimeDirectory={release['name']}",
        "RuntimeDirectoryMode=0700",
        "KillMode=mixed",
        f"TimeoutStartSec={start:g}",
        f"TimeoutStopSec={stop:g}",
        "Restart=on-failure",
        "RestartSec=1",
        # A wrong configuration does not mend itself.
        f"RestartPreventExitStatus={CONFIG}",
        "LimitNOFILE=65536",
        *seat.user,
    ]
    if level != "basic":
        low = _low_ports(release)
        hardening = _STANDARD.format(
            capabilities="CAP_NET_BIND_SERVICE" if low else "",
            home=seat.home,
            writable=_quoted(seat.writable),
        )
        rows += hardening.strip().split("\n")
        rows += ["AmbientCapabilities=CAP_NET_BIND_SERVICE"] if low else []
    if level == "strict":
        rows += _STRICT.strip().split("\n")
    return "\n".join([*rows, "", "[Install]", "WantedBy=multi-user.target", ""])


def _seat(places: Paths, name: str) -> Seat:
    """Where this release lies now."""
    return Seat(
        program=os.path.join(_link(places.root), "bin", name),
        state=places.state,
        writable=_existing(places.state),
        user=_user(places),
        home="read-only" if places.root.startswith(("/home/", "/root/")) else "yes",
    )


def _link(root: str) -> str:
    """``<deploy root>/current`` where the release is installed so: an upgrade needs no new unit."""
    releases, _ = os.path.split(root)
    current = os.path.join(os.path.dirname(releases), "current")
    installed = os.path.basename(releases) == "releases" and os.path.islink(current)
    return current if installed else root


def _existing(folder: str) -> str:
    """The folder, or the nearest above it: systemd refuses to open up one that is not there."""
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    return folder


def _user(places: Paths) -> list[str]:
    """Whoever owns the state, else the release: who runs this command may be root."""
    import pwd

    for folder in (places.state, places.root):
        if os.path.isdir(folder) and (uid := os.stat(folder).st_uid):
            try:
                return [f"User={pwd.getpwuid(uid).pw_name}"]
            except KeyError:
                return [f"User={uid}"]
    return ["# It runs as root; a user of its own is better: User=..."]


def _low_ports(release: dict[str, Any]) -> bool:
    ports = [
        text.rpartition(":")[2] for row in release["services"].values() for text in row["listen"]
    ]
    return any(port.isdecimal() and 0 < int(port) < 1024 for port in ports)


def _quoted(text: str) -> str:
    """One word of systemd's syntax, with nothing in it that systemd would put in."""
    for character, instead in (("\\", "\\\\"), ('"', '\\"'), ("%", "%%")):
        text = text.replace(character, instead)
    return f'"{text}"'


def _install(path: str, text: str) -> None:
    try:
        with open(path, encoding="utf-8") as file:
            if not file.read().startswith(MARK):
                raise Refusal(
                    f"{path}: a unit that somebody else wrote",
                    hint="remove it first, or print ours and merge by hand",
                )
    except FileNotFoundError:
        pass
    temporary = f"{path}.{os.getpid()}"
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(temporary, path)
    except OSError as error:
        raise Refusal(
            f"{path}: {error.strerror}", hint="install it as root, or print it: units --print"
        ) from None
