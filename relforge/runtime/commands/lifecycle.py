"""``start``, ``foreground``, ``stop``, ``restart``, ``reload``."""

from __future__ import annotations

import os
import sys
import time

from .. import holder, instance, options, paths
from ..contract import manifest
from ..errors import DONE, FORCED, LOCKED, NOT_RUNNING, USAGE, Refusal
from ..wire import frames
from . import usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..instance import Running
    from ..options import Options
    from ..paths import Paths
    from ..supervise.supervisor import Supervisor

_ANSWER = 5.0  # seconds in which a supervisor that is well says that it stops
_WITHOUT = 120.0  # seconds for one that cannot say that it is at work


def start(argv: list[str]) -> int:
    """Return 0 when every required service is ready; else nothing is left running."""
    given = options.parse(argv, flags="--if-stopped", values="--wait")
    options.most(given, 0, usage("start"))
    wait = _wait(given)
    running = instance.running(paths.of(manifest.root()))
    if running is not None:
        _refuse_while_it_stops(running)
    if running is not None and "--if-stopped" in given.flags:
        print(f"already running (pid {running.pid})")
        return DONE
    return _start(wait)


def foreground(argv: list[str]) -> int:
    """Supervise in this very process, for systemd and containers."""
    options.most(options.parse(argv), 0, usage("foreground"))
    instance.running(paths.of(manifest.root()))  # refuses the state directory of another name
    from ..supervise.plan import prepare

    plan = prepare(daemon=False, meanwhile=_supervisor)
    try:
        os.chdir("/")
        outcome = _supervisor()(plan, running=lambda _line: None).run()
    finally:
        plan.close()
    return outcome.code


def stop(argv: list[str]) -> int:
    """Return when all is gone; 3 nothing ran, 4 something had to be killed."""
    given = options.parse(argv, values="--timeout")
    options.most(given, 0, usage("stop"))
    place = paths.of(manifest.root())
    instance.required(place)
    forced = _stop(place, _timeout(given))
    name = os.environ.get("RELEASE_NAME", "app")
    print(f"{name} stopped")
    return _forced(forced)


def restart(argv: list[str]) -> int:
    """Stop what runs, then start, with the configuration read again."""
    given = options.parse(argv, values="--timeout --wait")
    if given.words:
        raise Refusal(
            f"`restart` stops and starts the whole release, not {given.words[0]!r}",
            hint=f"to replace the processes of one service: reload {given.words[0]}",
            code=USAGE,
        )
    wait, timeout = _wait(given), _timeout(given)
    place = paths.of(manifest.root())
    if instance.running(place) is None:
        print("nothing was running", file=sys.stderr)
    else:
        from ..supervise import lock

        if lock.read(place.lock).get("mode") == "foreground":
            raise Refusal(
                "cannot restart a release that runs in the foreground: restart it through its "
                "process manager",
                hint="under systemd: systemctl restart UNIT; here: stop, then start",
            )
        _check()
        _forced(_stop(place, timeout))
    return _start(wait)


def reload(argv: list[str]) -> int:
    """Return 0 when the new configuration is in force everywhere; else nothing has changed.

    ``--all`` also replaces every process, a name those of one service.
    """
    given = options.parse(argv, flags="--all")
    options.most(given, 1, usage("reload"))
    every, only = "--all" in given.flags, "".join(given.words)
    if every and only:
        raise Refusal("--all and a service exclude each other", code=USAGE)
    from ..client.operation import ask
    from ..protocol import supervisor as messages

    answer = ask(instance.here(), messages.reload(every=every, only=only))
    for word, key in (("updated", "told"), ("reloaded", "replaced")):
        if answer.get(key):
            print(f"{word}: {', '.join(answer[key])}")
    if not answer.get("told") and not answer["replaced"]:
        print("nothing has changed" if not answer.get("changed") else "nothing had to be replaced")
    return DONE


def _refuse_while_it_stops(running: Running) -> None:
    """What is stopping is neither running nor to be restarted: it has to be waited for."""
    from ..client.supervisor import ask
    from ..protocol import supervisor as messages

    try:
        state = ask(running, messages.status(), _ANSWER)["state"]
    except Refusal:
        return  # one that does not answer runs as far as anybody knows
    if state == "stopping":
        name = os.environ.get("RELEASE_NAME", "app")
        raise Refusal(
            f"{name} is stopping (pid {running.pid})",
            hint=f"wait until it has stopped, then run: {name} start",
            code=LOCKED,
        )


def _check() -> None:
    """What runs goes on where the configuration is wrong."""
    from ..config import loading

    root = manifest.root()
    os.close(loading.load(root, manifest.load(root), os.environ))


def _wait(given: Options) -> float:
    return options.seconds(given.values.get("--wait", "60s"), "--wait")


def _timeout(given: Options) -> float | None:
    text = given.values.get("--timeout")
    return None if text is None else options.seconds(text, "--timeout")


def _start(wait: float) -> int:
    from ..supervise.plan import prepare

    plan = prepare(daemon=True, meanwhile=_supervisor)
    from ..supervise import daemon

    print(daemon.start(plan, wait))
    return DONE


def _supervisor() -> type[Supervisor]:
    """Import it: while the loader runs, which takes another CPU, this costs no time."""
    from ..supervise.supervisor import Supervisor

    return Supervisor


def _forced(names: list[str]) -> int:
    if not names:
        return DONE
    print(f"killed, because it did not stop: {', '.join(names)}", file=sys.stderr)
    return FORCED


def _stop(place: Paths, timeout: float | None) -> list[str]:
    """Have the supervisor stop; the processes that had to be killed."""
    from ..supervise import lock

    content = lock.read(place.lock)
    if content.get("operation"):
        raise Refusal(
            f"its {content['operation']} is under way (pid {content.get('pid')})",
            hint="wait until it is done, or interrupt it",
            code=LOCKED,
        )
    forced = _ask(place, timeout)
    if forced is None or not lock.wait_free(place, _ANSWER):
        return [*(forced or []), *_kill(place)]
    return forced


def _ask(place: Paths, timeout: float | None) -> list[str] | None:
    """None where the supervisor does not answer, or dies before it has said the last word."""
    import select

    from ..client.supervisor import SocketGone, connect
    from ..protocol import supervisor as messages

    running = instance.running(place)
    if running is None:
        return []
    try:
        sock = connect(running, _ANSWER)
    except SocketGone:
        return _terminate(place, _WITHOUT if timeout is None else timeout)
    except Refusal as error:
        if error.code == NOT_RUNNING and instance.running(place) is None:
            return []  # it ended meanwhile
        return None
    try:
        frames.send(sock, messages.stop(timeout))
        if not select.select([sock], [], [], _ANSWER)[0]:
            return None
        while (answer := frames.receive(sock)) is not None:
            if messages.STOPPED in answer:
                names: list[str] = answer["forced"]
                return names
    except (OSError, frames.FrameError):
        return None
    return None if instance.running(place) is not None else []


def _terminate(place: Paths, seconds: float) -> list[str] | None:
    """Ask a supervisor that has no socket by its signal, which drains; None where that is late."""
    import signal

    from ..supervise import lock

    pid = instance.pid(lock.read(place.lock).get("pid"))
    if pid:
        process = holder.pidfd(place.lock, pid)
        signal.pidfd_send_signal(process, signal.SIGTERM)
        os.close(process)
    return [] if lock.wait_free(place, seconds) else None


def _kill(place: Paths) -> list[str]:
    """End a supervisor that does not answer, and the groups that its lock names."""
    import signal

    from ..procfs import parent
    from ..supervise import lock
    from ..supervise.process import kill_group

    if instance.running(place) is None:
        return []
    content = lock.read(place.lock)
    pid = instance.pid(content.get("pid"))
    if not pid:
        raise Refusal("the lock file does not name its holder", hint=place.lock)
    process = holder.pidfd(place.lock, pid)
    groups = content.get("groups")
    for group in map(instance.pid, groups if isinstance(groups, list) else ()):
        # A number may be somebody else's by now; a child of the supervisor's is not.
        if group and parent(group) == pid:
            kill_group(group)
    signal.pidfd_send_signal(process, signal.SIGKILL)
    os.close(process)
    deadline = time.monotonic() + _ANSWER
    while instance.running(place) is not None:
        if time.monotonic() > deadline:
            raise Refusal(f"the supervisor (pid {pid}) survived SIGKILL")
        time.sleep(0.02)
    return [f"the supervisor (pid {pid})"]
