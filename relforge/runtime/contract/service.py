"""A service: a long-running process of the release."""

from __future__ import annotations

from .record import key
from .run import Run
from .service_shapes import (
    FlagOrReference,
    KeyPatterns,
    Listen,
    Pair,
    ReadyShape,
    ResourceLimits,
    SignalShape,
)
from .shapes import (
    Anything,
    Choice,
    Flag,
    OrReference,
    Seconds,
    ServerOptions,
    Text,
    Whole,
    Words,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar, Literal

AUTO = "auto"
KINDS = ("app", "run", "exec")
SERVERS = ("uvicorn", "gunicorn", "hypercorn")


class Service(Run):
    """One row of ``services``; in the manifest durations are seconds."""

    TARGETS: ClassVar[dict[str, str]] = {
        "app": 'an ASGI or WSGI application, `"pkg.module:name"`',
        "run": 'a callable, `"pkg.module:name"`',
        "exec": "a program: a list of words",
    }
    FROM_CWD = True

    name: str = key(Text(), doc="", setting=False)
    kind: Literal["app", "run", "exec"] = key(Choice(*KINDS), doc="", setting=False)
    target: str | tuple[str, ...] = key(Anything(), doc="", references=True, setting=False)
    args: tuple[str, ...] = key(
        Words(),
        default=(),
        kinds=("run",),
        references=True,
        doc="the arguments of a `run`, in `sys.argv[1:]` as for a console script; "
        "`sys.argv[0]` is the name of the service",
    )
    server: str = key(
        Choice(*SERVERS),
        default="uvicorn",
        other="",
        kinds=("app",),
        doc='the server of an `app`: `"uvicorn"`, `"gunicorn"`, `"hypercorn"`; '
        "[choose a server](../how-to/choose-a-server.md)",
    )
    options: dict[str, Any] = key(
        ServerOptions(),
        default={},
        kinds=("app",),
        references=True,
        doc="options of the server, by its own names",
    )
    listen: tuple[str, ...] = key(
        Listen(),
        default=(),
        required=("app",),
        references=True,
        hint='for instance listen = ["${http.host}:${http.port}"]',
        shown="`[]`; required for `app`",
        doc='`"host:port"`, `"[v6]:port"`, `":port"` or `"*:port"` (all of IPv4), `"unix:/path"`; '
        "a relative path is in the run directory, port 0 is any free port; the supervisor opens "
        "the sockets. A Unix socket has the mode 0666, so that its directory decides who may "
        'connect, or `"unix:/path,mode=0660,group=www-data"`',
    )
    instances: int = key(
        OrReference(Whole(1), AUTO),
        default=1,
        references=True,
        doc='how many processes; `"auto"`: one for each CPU that the release may use',
    )
    restart: Literal["always", "on-failure", "never"] = key(
        Choice("always", "on-failure", "never"),
        default="always",
        doc='`"always"`, `"on-failure"`, `"never"`',
    )
    backoff: tuple[float, float] = key(
        Pair("[first, longest] in seconds", float, lambda first, most: first <= most),
        default=(0.2, 10.0),
        doc="seconds before the first restart, and the most before a later one",
    )
    intensity: tuple[int, float] = key(
        Pair("[restarts, seconds]", int, lambda _restarts, seconds: seconds > 0),
        default=(5, 30.0),
        doc="after more restarts of one instance within so many seconds, the service gives up: see "
        "`required`. A process that ends by itself with status 0 is restarted and not counted",
    )
    drain: float = key(
        OrReference(Seconds()),
        default=20.0,
        references=True,
        doc="how long the service may take to finish its work when it stops",
    )
    kill_after: float = key(Seconds(), default=3.0, doc="how long after `drain` it is killed")
    stop_signal: str = key(
        SignalShape(), default="SIGTERM", doc="the signal that asks a `run` or `exec` to stop"
    )
    ready: str | dict[str, Any] = key(
        ReadyShape(),
        default="notify",
        required=("exec",),
        references=True,
        hint=ReadyShape.words,
        shown='`"notify"`; required for `exec`',
        doc="how it reports that it is ready; see below",
    )
    ready_timeout: float = key(
        OrReference(Seconds()), default=60.0, references=True, doc="how long that may take"
    )
    required: bool | None = key(
        Flag(),
        default=None,
        shown="`start` alone needs it",
        doc="`start` waits for the service, and fails if the service fails, unless this is "
        "`false`; `true`: the release also stops when the service gives up. By default the "
        "others keep running, and `status` shows it as failed",
    )
    enabled: bool | str = key(
        FlagOrReference(),
        default=True,
        references=True,
        doc='`false`, or `"${key}"` of a bool: whether the release runs it',
    )
    depends: tuple[str, ...] = key(
        Words(),
        default=(),
        doc="services that are ready before it starts; it is started again after one of them was, "
        "and stopped before them. In a reload or an upgrade it is started after their "
        "replacements are ready, and the old ones serve meanwhile",
    )
    singleton: bool = key(
        Flag(),
        default=False,
        doc="only one at a time, even during a replacement: the old one ends before the new "
        "one starts",
    )
    watchdog: float = key(
        Seconds(
            least=1.0,
            reason="under a second, a slow process cannot be distinguished from a hung one",
        ),
        default=0.0,
        shown="`0`: none",
        doc="how long it may give no sign of life, at least a second; then its stacks are "
        "printed, and it is killed and restarted; see below",
    )
    user: str = key(
        Text(),
        default="",
        shown="the supervisor's",
        doc="the user that the service runs as, in a release that root starts; `HOME`, `USER` and "
        "`LOGNAME` are set for it",
    )
    group: str = key(
        Text(), default="", shown="the user's, or the supervisor's", doc="the group it runs as"
    )
    config: tuple[str, ...] | None = key(
        KeyPatterns(),
        default=None,
        shown="all keys; with `user`: none",
        doc='the keys of the configuration that it gets, for instance `["http.*", "db.url"]`; of '
        "other keys it gets neither the values nor the variables that they are exported to, nor "
        'those that the `env` provider read them from. `["*"]` is everything',
    )
    nice: int = key(
        OrReference(Whole(-20, 19)), default=0, references=True, doc="its priority, -20 to 19"
    )
    rlimits: dict[str, int] = key(
        ResourceLimits(),
        default={},
        references=True,
        doc="limits by the names of setrlimit(2), such as "
        '`{ nofile = 4096, as = "2 GB", core = 0, nproc = 200 }`; `"none"` for no limit',
    )

    @property
    def awaited(self) -> bool:
        """Do a start and an upgrade wait for it, and fail with it?"""
        return self.required is not False

    @property
    def handed(self) -> tuple[str, ...] | None:
        """What it is handed of the configuration, None for everything.

        A service that is another user's is handed what its settings name, and nothing else.
        """
        return () if self.config is None and self.user else self.config

    @property
    def target_key(self) -> str:
        return self.kind

    @property
    def function(self) -> str:
        return self.target if isinstance(self.target, str) else ""

    @property
    def words(self) -> tuple[str, ...]:
        return () if isinstance(self.target, str) else self.target

    def put_words(self, words: tuple[str, ...]) -> dict[str, object]:
        return {"target": words}

    def place(self, name: str) -> str:
        return self.kind if name == "target" else name
