"""The texts of systemd's units for a release: a service, one for instances, a socket."""

from __future__ import annotations

from .contract import address
from .errors import CONFIG, Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LEVELS = ("basic", "standard", "strict")
MARK = "# Written by `units` of"
_RELOADS = 253  # the first systemd that knows notify-reload
_SETS_STORE = 254  # and the first that sets $FDSTORE
_STORE = 64  # sockets; more than any release listens on
_MARGIN = 10  # seconds over what the supervisor itself allows
_WATCHDOG = 30  # seconds in which the supervisor's loop has to come around
_USUAL = {"ready_timeout": 60.0, "drain": 20.0}
_BACKLOG = 2048  # as in supervise.sockets

_STANDARD = """
NoNewPrivileges=yes
CapabilityBoundingSet={capabilities}
PrivateDevices=yes
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
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
UMask=0027
"""
# After the lines of `standard`.
# Of a supervisor whose services are other users.
_OTHERS = ("CAP_CHOWN", "CAP_KILL", "CAP_SETGID", "CAP_SETUID")
_STRICT = """
ProtectProc=invisible
RemoveIPC=yes
SystemCallFilter=~@privileged @resources
UMask=0077
"""


class Seat:
    """Where a release is at home: what its unit names of the host.

    ``systemd`` is the version that runs there, 0 for one that is not known.
    """

    def __init__(
        self, *, program: str, state: str, writable: str, user: list[str], home: str, systemd: int
    ) -> None:
        self.program = program
        self.state = state
        self.writable = writable
        self.user = user  # lines of the unit
        self.home = home  # systemd's ProtectHome
        self.systemd = systemd


class Kind:
    """What is asked for: a level, for each instance a unit of its own, with a socket unit."""

    def __init__(self, level: str, *, instances: bool = False, socket: bool = False) -> None:
        self.level = level
        self.instances = instances
        self.socket = socket


def service(release: dict[str, Any], seat: Seat, kind: Kind) -> str:
    """The text of ``<name>.service``, or of ``<name>@.service``."""
    name = release["name"]
    below = f"{name}/%i" if kind.instances else name
    rows = [
        f"{MARK} {name}; level {kind.level}.",
        "[Unit]",
        f"Description={name} %i" if kind.instances else f"Description={name}",
        "Wants=network-online.target",
        "After=network-online.target",
        *([f"Requires={name}.socket", f"After={name}.socket"] if kind.socket else []),
        "",
        "[Service]",
        *_main(seat),
        f"Environment={_quoted(f'RELEASE_STATE_DIR={seat.state}')}",
        *(["Environment=RELEASE_INSTANCE=%i"] if kind.instances else []),
        *([f"EnvironmentFile=-/etc/{name}/%i.env"] if kind.instances else []),
        f"SyslogIdentifier={name}",
        f"RuntimeDirectory={below}",
        "RuntimeDirectoryMode=0700",
        f"RuntimeDirectoryPreserve={'yes' if kind.socket else 'restart'}",
        *_store(seat),
        *_times(release),
        "LimitNOFILE=65536",
        *seat.user,
        *_hardening(release, seat, kind.level),
        "",
        "[Install]",
        "WantedBy=multi-user.target",
        "",
    ]
    return "\n".join(rows)


def socket(
    release: dict[str, Any],
    level: str,
    addresses: list[str],
    access: tuple[int, int] | None = None,
) -> str:
    """The text of ``<name>.socket``; ``addresses`` as ``ListenStream=`` has them.

    ``access`` is the mode and the group (-1: root's) of the Unix sockets among them.
    """
    mode, group = access or (0, -1)
    ports = [text.rpartition(":")[2] for text in addresses if not text.startswith(("[", "/"))]
    both = any(text.rpartition(":")[2] in ports for text in addresses if text.startswith("["))
    rows = [
        f"{MARK} {release['name']}; level {level}.",
        "[Unit]",
        f"Description={release['name']}, its socket",
        "",
        "[Socket]",
        *(f"ListenStream={text.replace('%', '%%')}" for text in addresses),
        # `[::]:80` beside `0.0.0.0:80` is for IPv6 only; alone, it is for both.
        *(["BindIPv6Only=ipv6-only"] if both else []),
        *([f"SocketMode={mode:04o}"] if access else []),
        *([f"SocketGroup={group}"] if group >= 0 else []),
        f"Backlog={_BACKLOG}",
        f"Service={release['name']}.service",
        "",
        "[Install]",
        "WantedBy=sockets.target",
        "",
    ]
    return "\n".join(rows)


def _main(seat: Seat) -> list[str]:
    if seat.systemd >= _RELOADS:
        kind, how = "notify-reload", []
    else:
        kind, how = "notify", [f"ExecReload={_quoted(seat.program)} reload"]
    return [
        f"Type={kind}",
        "NotifyAccess=main",
        f"ExecStart={_quoted(seat.program)} foreground",
        *how,
        "KillMode=mixed",
        "Restart=on-failure",
        "RestartSec=1",
        # A wrong configuration does not fix itself.
        f"RestartPreventExitStatus={CONFIG}",
        # One process that needs too much memory is the supervisor's affair.
        "OOMPolicy=continue",
    ]


def _store(seat: Seat) -> list[str]:
    """The sockets are kept while the supervisor is started again."""
    variable = [f"Environment=FDSTORE={_STORE}"] if seat.systemd < _SETS_STORE else []
    return [f"FileDescriptorStoreMax={_STORE}", *variable]


def _written(row: dict[str, Any], name: str) -> float:
    """A duration of a service; the default where the configuration has it.

    The supervisor asks systemd for more time where it needs more.
    """
    value = row[name]
    return _USUAL[name] if isinstance(value, str) else float(value)


def _times(release: dict[str, Any]) -> list[str]:
    services = release["services"].values()
    hooks = {name: row["timeout"] for name, row in release["hooks"].items()}
    waits = (_written(row, "ready_timeout") for row in services)
    start = max(waits, default=0) + _MARGIN
    start += hooks.get("pre_start", 0)
    ends = (_written(row, "drain") + row["kill_after"] for row in services)
    stop = max(ends, default=0) + _MARGIN
    stop += hooks.get("pre_stop", 0) + hooks.get("post_stop", 0)
    return [
        f"TimeoutStartSec={start:g}",
        f"TimeoutStopSec={stop:g}",
        # A supervisor that hangs does not drain anything.
        f"TimeoutAbortSec={_MARGIN}",
        f"WatchdogSec={_WATCHDOG}",
    ]


def _hardening(release: dict[str, Any], seat: Seat, level: str) -> list[str]:
    if level == "basic":
        return []
    low = _low_ports(release)
    others = any(row["user"] or row["group"] for row in release["services"].values())
    if others and level == "strict":
        raise Refusal(
            "services with `user` or `group` cannot run at the level strict: its filter "
            "forbids switching users",
            hint="units --level standard, or one user for all of the unit: User=",
        )
    needed = [*(_OTHERS if others else ()), *(["CAP_NET_BIND_SERVICE"] if low else [])]
    text = _STANDARD.format(
        capabilities=" ".join(needed),
        home=seat.home,
        writable=_quoted(seat.writable),
    )
    rows = text.strip().split("\n")
    rows += ["AmbientCapabilities=CAP_NET_BIND_SERVICE"] if low else []
    if level == "strict":
        rows.remove("UMask=0027")
        rows += _STRICT.strip().split("\n")
    return rows


def _low_ports(release: dict[str, Any]) -> bool:
    texts = (text for row in release["services"].values() for text in row["listen"])
    return any(found and 0 < found[1] < 1024 for found in map(address.outright, texts))


def _quoted(text: str) -> str:
    """One word of systemd's syntax, with nothing in it that systemd would put in."""
    for character, instead in (("\\", "\\\\"), ('"', '\\"'), ("%", "%%")):
        text = text.replace(character, instead)
    return f'"{text}"'
