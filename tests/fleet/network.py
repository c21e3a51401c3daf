"""One network for some hosts: a switch, a controller, and a cable to each.

Each namespace belongs to a process that does nothing else, and that the kernel kills with
the one that made it: nothing is added to this machine's own network, or left behind.
"""

from __future__ import annotations

import subprocess
from types import TracebackType

PREFIX = "10.77.0"  # of a /24 that exists in these namespaces alone
CONTROLLER = 2  # the last octet of the controller's address
_SWITCH = "br0"


class Network:
    """Use it as a context manager."""

    def __init__(self) -> None:
        self._keepers: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Network:
        self._open("switch")
        self._ip("switch", "link", "add", _SWITCH, "type", "bridge", "forward_delay", "0")
        self._ip("switch", "link", "set", _SWITCH, "up")
        self.plug("ctl", CONTROLLER)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for keeper in self._keepers.values():
            keeper.kill()
            keeper.wait()

    def plug(self, name: str, octet: int) -> int:
        """Lay a cable from the switch to a new namespace; the process that it belongs to.

        The network card keeps its address over reboots, so what others know of it stays true.
        """
        pid = self._open(name)
        card = ["address", f"02:00:00:00:00:{octet:02x}", "netns", str(pid)]
        words = ["link", "add", f"p-{name}", "type", "veth", "peer", "name", "eth0", *card]
        self._ip("switch", *words)
        self._ip("switch", "link", "set", f"p-{name}", "master", _SWITCH, "up")
        self._ip(name, "addr", "add", f"{PREFIX}.{octet}/24", "dev", "eth0")
        self._ip(name, "link", "set", "eth0", "up")
        return pid

    def cable(self, name: str, state: str) -> None:
        """Pull it out (``down``), or put it in again (``up``)."""
        self._ip("switch", "link", "set", f"p-{name}", state)

    def inside(self, name: str, *words: object) -> list[str]:
        """The words that run a command of this machine on that end of the network."""
        pid = self._keepers[name].pid
        return ["nsenter", f"--net=/proc/{pid}/ns/net", "--", *map(str, words)]

    def _open(self, name: str) -> int:
        script = "ip link set lo up && echo && exec sleep infinity"
        words = ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "sh", "-c", script]
        keeper = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self._keepers[name] = keeper
        assert keeper.stdout is not None
        assert keeper.stdout.readline(), f"there is no network for {name}"
        return keeper.pid

    def _ip(self, name: str, *words: str) -> None:
        subprocess.run(self.inside(name, "ip", *words), check=True)
