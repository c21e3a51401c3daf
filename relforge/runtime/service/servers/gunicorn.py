"""gunicorn on sockets of ours: ready once its workers are, and a drain that loses no request.

gunicorn's own READY comes before a worker has imported the application, and its
SIGTERM drops who waits in the queue; so the workers are its classes with a
little of ours: workers.py.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.config import Config

from ...agent import report
from ...agent import server as agents
from ...agent.server import Agent
from ...errors import CONFIG, Refusal
from ...wire import parent_death
from .. import notify, previous
from ..program import offer
from . import tickets, workers
from .listening import BACKLOG, LAST, checked

# Whose business these are: the supervisor's.
OURS = {
    "backlog",
    "bind",
    "chdir",
    "config",
    "control_socket",
    "control_socket_disable",
    "control_socket_mode",
    "daemon",
    "graceful_timeout",
    "group",
    "initgroups",
    "pidfile",
    "print_config",
    "reload",
    "reload_engine",
    "reload_extra_files",
    "reuse_port",
    "umask",
    "user",
    "wsgi_app",
}


def serve(load: Callable[[], Any], service: dict[str, Any], agent: Agent) -> int:
    """Serve until SIGTERM; gunicorn ends the process itself, with 0 after a drain."""
    application = GunicornApplication(load, service, judge(service), agent)
    offer(len(service["listen"]))
    Master(application).run()
    return 0


class GunicornApplication(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """The settings, and the hooks through which its processes report to us."""

    def __init__(
        self,
        load: Callable[[], Any],
        service: dict[str, Any],
        options: dict[str, Any],
        agent: Agent,
    ) -> None:
        self._load = load
        self._service = service
        self._options = options
        self.watched = bool(service["watchdog"])
        self._agent = agent
        super().__init__()
        self._tickets = tickets.Tickets(int(self.cfg.workers))

    def init(self, _parser: Any, _options: Any, _arguments: Any) -> None:
        """No command line."""

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)
        self.cfg.set("backlog", BACKLOG)
        # The master kills what is left a little before the supervisor would.
        self.cfg.set("graceful_timeout", int(self._service["drain"]) + 2)
        if "control_socket_disable" in self.cfg.settings:
            self.cfg.set("control_socket_disable", True)
        standing = self._service["standing"]
        if "uid" in standing:
            self.cfg.set("user", standing["uid"])
            self.cfg.set("group", standing["gid"])
            self.cfg.set("initgroups", True)
        self.cfg.set("pre_fork", _number)
        self.cfg.set("post_fork", self._forked)
        self.cfg.set("post_worker_init", self._initialised)
        self.cfg.set("worker_exit", _gone)

    def load(self) -> Any:
        """In a worker, or with `preload_app` in the master; 4 is gunicorn's code for no app."""
        try:
            return self._load()
        except Exception as error:
            print(report.error(error), end="", file=sys.stderr, flush=True)
            sys.exit(Arbiter.APP_LOAD_ERROR)

    def _forked(self, _arbiter: Any, worker: Any) -> None:
        """In a worker, before it imports the application: it has an agent of its own."""
        master = self._agent
        path = f"{master.path.removesuffix('.sock')}.{worker.number}.sock"
        info = {**master.info, "instance": f"{self._service['instance']}.{worker.number}"}
        # Until the supervisor gives our names to us, another process may have them.
        waits = master.first if os.path.lexists(master.first) else master.path
        first = f"{waits.removesuffix('.sock')}.{worker.number}.sock"
        own = agents.start(path, info, dict(master.namespace), master.settings, first=first)
        own.secrets = master.secrets
        own.admit(self._service["standing"])
        worker.agent = self._agent = own
        parent_death.tie(worker.ppid)
        worker.drain = float(self._service["drain"])
        worker.tickets = self._tickets

    def _initialised(self, worker: Any) -> None:
        """The application is there; a worker with a loop says itself when it is ready."""
        worker.agent.namespace["app"] = previous.within(worker.wsgi)
        if isinstance(worker, workers.Counted):
            worker.count()
        parent_death.tie(
            worker.ppid
        )  # behind a change of the user, with which the kernel forgets it
        if not workers.reports_ready(worker):
            self._tickets.ready()


class Master(Arbiter):  # type: ignore[misc]  # gunicorn has no types
    """Has our workers, and passes a second SIGTERM on to them."""

    worker_class: type[Any]
    _asked = False

    def setup(self, app: Any) -> None:
        super().setup(app)
        self.worker_class = workers.ours(self.worker_class)

    def murder_workers(self) -> None:
        """The master does it once a second, and looks after its workers itself."""
        if self.app.watched:
            notify.alive()
        super().murder_workers()

    def signal(self, sig: int, frame: FrameType | None) -> None:
        if sig == signal.SIGTERM:
            if self._asked:
                self.kill_workers(signal.SIGTERM)
                # Of one that is amid a request SIGTERM interrupts nothing; SIGQUIT does.
                signal.signal(signal.SIGALRM, lambda *_: self.kill_workers(signal.SIGQUIT))
                signal.setitimer(signal.ITIMER_REAL, LAST / 2)
            else:
                notify.notify("STOPPING=1")
            self._asked = True
        super().signal(sig, frame)


def judge(service: dict[str, Any]) -> dict[str, Any]:
    """What the settings say; raises Refusal for what gunicorn would not take.

    The build asks for it, too.
    """
    where = f"services.{service['name']}.options"
    trial = Config()
    known = {name for name, row in trial.settings.items() if not callable(row.default)}
    options = checked(service, "gunicorn", known, OURS)
    options["worker_class"] = workers.named(options.get("worker_class", "sync"), where)
    for name, value in options.items():
        try:
            trial.set(name, value)
        except (TypeError, ValueError) as error:
            raise Refusal(f"{where}.{name}: {error}", code=CONFIG) from None
    try:
        trial.worker_class  # noqa: B018 - looked up, as the master will
    except (ImportError, RuntimeError) as error:
        last = str(error).rstrip("\n ]").rpartition("\n")[2]
        raise Refusal(
            f"{where}.worker_class: {options['worker_class']!r} cannot be imported: {last}",
            code=CONFIG,
        ) from None
    return options


def _number(arbiter: Any, worker: Any) -> None:
    """The lowest that no living worker has; it names the worker's agent."""
    taken = {row.number for row in arbiter.WORKERS.values()}
    worker.number = next(number for number in range(1, len(taken) + 2) if number not in taken)


def _gone(_arbiter: Any, worker: Any) -> None:
    # The master calls it as well, for some ends; the socket is then another process's.
    if worker.pid == os.getpid():
        worker.agent.close()
