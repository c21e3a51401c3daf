"""A load balancer and some web hosts, booted by systemd, and a controller that reaches them by ssh.

The hosts have no Python.  Everything that runs "from the controller" is a program of this
machine on the hosts' network.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import TracebackType

from tests.fleet.network import PREFIX, Network
from tests.systemd import image
from tests.systemd.host import Host, eventually

FIRST = 11  # the last octet of the first host's address
_SSH = """\
Host *
  User root
  IdentityFile {directory}/id
  IdentitiesOnly yes
  UserKnownHostsFile {directory}/known_hosts
  StrictHostKeyChecking yes
  BatchMode yes
"""


def web_disk() -> Path:
    """What a web host boots from: systemd, sshd, the tools of a small server."""
    return image.more("fleet-web", "openssh-server", "iproute2", "ca-certificates")


def balancer_disk() -> Path:
    """What the load balancer boots from."""
    return image.more("fleet-lb", "openssh-server", "iproute2", "haproxy", "socat")


class Testbed:
    """Use it as a context manager; ``directory`` is an empty directory of ours.

    ``names`` are the hosts: those that begin with ``lb`` are load balancers.
    """

    __test__ = False  # the name is pytest's, too

    def __init__(
        self, directory: Path, names: Sequence[str] = ("lb", "web1", "web2", "web3")
    ) -> None:
        self.directory = directory
        self.hosts: dict[str, Host] = {}
        self.addresses = {name: f"{PREFIX}.{FIRST + at}" for at, name in enumerate(names)}
        self.network = Network()
        self._stack = ExitStack()

    def __enter__(self) -> Testbed:
        with ExitStack() as stack:
            stack.enter_context(self.network)
            with ThreadPoolExecutor(len(self.addresses)) as pool:
                for host in pool.map(self._boot, *zip(*self._plugs(), strict=True)):
                    self.hosts[host.name] = stack.enter_context(host)
            self._introduce()
            self._stack = stack.pop_all()
        for name in self.addresses:
            eventually(partial(self._answers, name))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Else they live on, and answer for the next hosts of these names.
        for socket in self.directory.glob("cp*/*"):
            self.run("ssh", "-O", "exit", "-o", f"ControlPath={socket}", "any")
        self._stack.close()

    @property
    def webs(self) -> list[str]:
        """The names of the web hosts."""
        return [name for name in self.addresses if name.startswith("web")]

    @property
    def environ(self) -> dict[str, str]:
        """What makes ssh and Ansible find the hosts, by name."""
        return {
            "ANSIBLE_SSH_COMMON_ARGS": f"-F {self.directory}/ssh_config",
            "ANSIBLE_SSH_CONTROL_PATH_DIR": f"{self.directory}/cp",
        }

    def run(
        self,
        *words: object,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        timeout: float = 120,
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of this machine on the hosts' network, to its end."""
        return subprocess.run(
            self.words(*words),
            env={**os.environ, **self.environ, **(env or {})},
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def words(self, *words: object) -> list[str]:
        """The words that run it there."""
        known = ["-F", self.directory / "ssh_config"] if words[0] in ("ssh", "scp") else []
        return self.network.inside("ctl", words[0], *known, *words[1:])

    def _answers(self, name: str) -> bool:
        return self.run("ssh", name, "true").returncode == 0

    def _plugs(self) -> list[tuple[str, int]]:
        """Each host's name, and the process that its network belongs to."""
        return [
            (name, self.network.plug(name, int(address.rpartition(".")[2])))
            for name, address in self.addresses.items()
        ]

    def _boot(self, name: str, network: int) -> Host:
        disk = balancer_disk() if name.startswith("lb") else web_disk()
        work = self.directory / "hosts" / name
        work.mkdir(parents=True)
        return Host(work, name, disk=disk, network=network)

    def _introduce(self) -> None:
        """A key of the controller's on each host, each host's name and key on the controller."""
        key = self.directory / "id"
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "testbed", "-f", str(key)]
        subprocess.run(words, check=True, stdin=subprocess.DEVNULL)
        names = "".join(f"{address} {name}\n" for name, address in self.addresses.items())
        known, blocks = [], [_SSH.format(directory=self.directory)]
        for name, address in self.addresses.items():
            host = self.hosts[name]
            host.write("/root/.ssh/authorized_keys", key.with_suffix(".pub").read_text())
            host.ok("chmod", "700", "/root", "/root/.ssh")
            host.write("/etc/hosts", f"127.0.0.1 localhost\n{names}")
            kind, public = host.ok("cat", "/etc/ssh/ssh_host_ed25519_key.pub").split()[:2]
            known.append(f"{name},{address} {kind} {public}\n")
            blocks.append(f"Host {name}\n  HostName {address}\n")
        (self.directory / "known_hosts").write_text("".join(known))
        (self.directory / "ssh_config").write_text("".join(blocks))
