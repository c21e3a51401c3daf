"""A release's own launcher and loader, run beside us: the next generation, or why there is none.

The launcher of that release is started as it would be to start it, in the
supervisor's environment.  So it checks CPU and glibc, reads its ``env.sh`` and
runs its own interpreter; `commands.generation` answers with the variables and
the configuration.  Nothing here waits: the supervisor goes on meanwhile.
"""

from __future__ import annotations

import json
import os
import socket
import time

from ..config import loading
from ..contract.content import read_manifest
from ..errors import Refusal
from ..paths import Paths
from ..protocol import roles, startup
from ..schedule import job
from ..wire.descriptors import high, high_socket
from ..wire.spawn import FIRST, spawn
from . import sockets, specs
from .edge import Edge
from .generation import Generation
from .plan import Plan
from .poller import READ
from .process import kill_group
from .rules.events import Loaded, NotLoaded
from .systemd import VARIABLES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .rules.effects import Load

TIMEOUT = 90.0  # seconds beside what the providers may take; the loader's own limit says more
_CHUNK = 1 << 16
_MOST = 64 << 20  # bytes of an answer


class GenerationLoader:
    """One such process; posts `Loaded` or `NotLoaded` once, with the key of ``request``.

    ``due`` is when it will have taken too long.  Without ``listen`` no socket is
    opened for the generation, which can only be looked at.  Raises Refusal.
    """

    def __init__(self, edge: Edge, request: Load) -> None:
        self._edge = edge
        self._key = request.key
        self._root = root = request.root
        self._listen = request.listen
        self._data = b""
        self._config = -1
        self._said = os.memfd_create("relforge-said", os.MFD_CLOEXEC)
        self._limit = TIMEOUT + _providers(root)
        self.due = time.monotonic() + self._limit
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._child = _spawn(edge.plan, root, high_socket(theirs), self._said)
        except OSError as error:
            ours.close()
            os.close(self._said)
            raise Refusal(f"{root}: {error.strerror}", hint="install it again") from None
        ours.setblocking(False)
        edge.poller.add(ours.fileno(), READ, lambda _events: self._read(ours))
        edge.watch(self._child, lambda status: self._ended(ours, status))

    def kill(self) -> None:
        """End it."""
        kill_group(self._child)

    def late(self) -> None:
        """It has taken too long."""
        self.due = float("inf")
        self.kill()

    def _read(self, ours: socket.socket) -> bool:
        try:
            data, fds, _, _ = socket.recv_fds(ours, _CHUNK, 1)
        except BlockingIOError:
            return False
        except OSError:
            data, fds = b"", []
        for fd in fds:
            if self._config >= 0:
                os.close(self._config)
            self._config = high(fd)
        self._data += data
        if len(self._data) > _MOST:
            self.kill()
            return False
        if not data:
            self._edge.poller.remove(ours.fileno())
        return bool(data)

    def _ended(self, ours: socket.socket, status: int) -> None:
        while self._read(ours):
            pass
        self._edge.poller.remove(ours.fileno())
        ours.close()
        said = os.pread(self._said, 1 << 14, 0).decode(errors="replace").strip()
        os.close(self._said)
        try:
            born = self._born(said, status)
        except Refusal as error:
            self._refuse(error)
        except Exception as error:
            # Another version answers whatever it likes: no reason for this one to end.
            text = f"{self._root}: its answer cannot be used: {type(error).__name__}: {error}"
            self._refuse(Refusal(text, hint="install it again"))
        else:
            self._edge.post(Loaded(self._key, born))

    def _refuse(self, error: Refusal) -> None:
        if self._config >= 0:
            os.close(self._config)
        self._edge.post(NotLoaded(self._key, error.message, error.code, error.hint))

    def _born(self, said: str, status: int) -> Generation:
        try:
            answer = json.loads(self._data)
        except (ValueError, RecursionError):
            answer = {}
        startup.check(answer)
        if "environ" not in answer or self._config < 0:
            if self.due == float("inf"):
                said = f"{said}\nno answer within {self._limit:g}s".strip()
            reason = said or f"its launcher ended with {os.waitstatus_to_exitcode(status)}"
            raise Refusal(reason.removeprefix(f"{self._edge.plan.generation.manifest['name']}: "))
        if said:
            self._edge.plan.journal.say(said)
        paths, manifest = self._edge.plan.paths, read_manifest(self._root)
        born = Generation(
            Paths(root=self._root, state=paths.state, run=paths.run, log=paths.log),
            manifest,
            answer["environ"],
            self._config,
        )
        born.changes = answer.get("changes")
        born.exports = answer.get("exports", True)
        born.takes = tuple(answer.get("takes", ()))
        born.specs = specs.of(self._config, manifest, self._root, paths.state)
        born.jobs = job.specs(manifest, self._root)
        born.health = specs.health(self._config, manifest, self._root, paths.state)
        if not self._listen:
            return born
        # Last: what is opened here has nobody else who would close it.
        born.listeners = sockets.adopt(born.specs, paths.run, self._edge.plan.generation.listeners)
        return born


def _providers(root: str) -> float:
    try:
        return loading.longest(read_manifest(root)["config"])
    except Refusal:
        return 0.0  # the next step refuses it


def _spawn(plan: Plan, root: str, theirs: socket.socket, said: int) -> int:
    old = plan.generation.paths.root
    environ = {
        name: value
        for name, value in plan.generation.environ.items()
        if not name.startswith("RELFORGE_")
        and name not in VARIABLES
        # The launcher's, for the release that it belonged to.
        and not (name.startswith("SSL_CERT_") and value.startswith(f"{old}/"))
    }
    words = environ.get("PATH", "").split(":")
    environ["PATH"] = ":".join(word for word in words if word != f"{old}/python/bin")
    environ.update(plan.paths.variables(), **{roles.REPLY: str(FIRST), roles.OLD: str(FIRST + 1)})
    name = plan.generation.manifest["name"]
    program = os.path.join(root, "bin", name)
    with theirs:
        return spawn(
            [program, "foreground" if plan.journal.path is None else "start", roles.LOAD],
            environ,
            descriptors=(theirs.fileno(), plan.generation.config),
            output=said,
        )
