"""``status``, ``pid``, ``version``, ``describe``: without providers, without the application."""

from __future__ import annotations

import json
import os
import time

from .. import columns, drain, instance, options, paths
from ..client.supervisor import connect
from ..contract import manifest
from ..errors import DONE, FAILED, NOT_RUNNING, Refusal
from ..nodes import identity
from ..protocol import supervisor as messages
from ..wire import frames, unix
from ..wire.frames import FrameError
from . import usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SECONDS = 3.0


def status(argv: list[str]) -> int:
    """Services, processes, readiness; 0 running, 1 one gave up, 3 stopped, 5 no answer."""
    given = options.parse(argv, flags="--json")
    options.most(given, 0, usage("status"))
    answer = _status()
    if "--json" in given.flags:
        print(json.dumps(answer, indent=2))
    else:
        print("\n".join(_table(answer)))
    if answer["state"] == "stopped":
        return NOT_RUNNING
    return FAILED if _reasons(answer) else DONE


def pid(argv: list[str]) -> int:
    """The supervisor's process id; 3 where there is none."""
    options.most(options.parse(argv), 0, usage("pid"))
    print(instance.here().pid)
    return DONE


def version(argv: list[str]) -> int:
    """``NAME VERSION``, as the launcher prints it itself."""
    options.most(options.parse(argv), 0, usage("version"))
    release = manifest.load(manifest.root())
    print(release["name"], release["version"])
    return DONE


def describe(argv: list[str]) -> int:
    """What is in this release, running or not."""
    given = options.parse(argv, flags="--json")
    options.most(given, 0, usage("describe"))
    root = manifest.root()
    release = manifest.load(root)
    if "--json" in given.flags:
        print(json.dumps({**release, "root": root}, indent=2, sort_keys=True))
    else:
        print("\n".join(_description(release, root)))
    return DONE


def _status() -> dict[str, Any]:
    """Asked again where the supervisor ends before it has answered: then it is stopped."""
    deadline = time.monotonic() + _SECONDS
    while (answer := _asked()) is None:
        if time.monotonic() > deadline:
            raise Refusal("the supervisor closes the connection", code=NOT_RUNNING)
        time.sleep(0.02)
    state = paths.of(manifest.root()).state
    return {**answer, "draining": os.path.exists(drain.path(state))}


def _asked() -> dict[str, Any] | None:
    """None where the connection ended without an answer."""
    root = manifest.root()
    running = instance.running(paths.of(root))
    if running is None:
        release = manifest.load(root)
        return _without("stopped", release["name"], release["version"], None)
    try:
        with connect(running, _SECONDS) as sock:
            sock.settimeout(_SECONDS)
            frames.send(sock, messages.status())
            return frames.receive(sock)
    except TimeoutError:
        raise unix.silent("the supervisor", _SECONDS) from None
    except ConnectionError:
        return None
    except (OSError, FrameError) as error:
        raise Refusal(f"the supervisor: {error}") from None
    except Refusal as error:
        if error.code != NOT_RUNNING:
            raise
        from ..supervise import lock  # late: only who does not listen is asked for this way

        if lock.read(paths.of(root).lock).get("operation", "start") != "start":
            return None  # it has just ended
        name = os.environ.get("RELEASE_NAME", "app")
        return _without("starting", name, running.version, running.pid)


def _without(state: str, name: str, number: str, holder: int | None) -> dict[str, Any]:
    return {
        "name": name,
        "version": number,
        "node": identity.node(),
        "state": state,
        "pid": holder,
        "uptime": None,
        "services": [],
        "schedule": {},
        "operation": None,
        "coming": [],
        "leaving": [],
    }


def _table(answer: dict[str, Any]) -> list[str]:
    head = f"{answer['name']} {answer['version']} is {answer['state']}"
    if answer["pid"]:
        head += f" (pid {answer['pid']})"
    if answer["uptime"] is not None:
        head += f", up {columns.duration(answer['uptime'])}"
    if answer["draining"]:
        head += "; draining"
    work = answer.get("operation")
    if work:
        head += f"; {work['name']}: {work.get('stage', 'under way')}"
    rows: list[tuple[str, ...]] = [("SERVICE", *columns.PROCESS, "LISTENS ON")]
    parts = (("services", ""), ("coming", "new, "), ("leaving", "old, "))
    for row, part in [(row, part) for key, part in parts for row in answer.get(key, ())]:
        state, *rest = columns.process(row)
        listen = " ".join(row.get("listen", ())) or "-"
        rows.append((f"{row['name']}.{row['instance']}", part + state, *rest, listen))
    if len(rows) == 1:
        return [head]
    return [head, "", *columns.lines(rows), *_reasons(answer)]


def _reasons(answer: dict[str, Any]) -> list[str]:
    """A line for each process that has given up; empty where all is well."""
    rows = [row for row in answer["services"] if row.get("reason")]
    return ["", *(f"failed: {row['reason']}" for row in rows)] if rows else []


def _description(release: dict[str, Any], root: str) -> list[str]:
    target, python = release["target"], release["python"]
    when = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(release["source_date"]))
    revision = release["revision"]
    lines = [
        f"{release['name']} {release['version']} for {release['env']}",
        f"  in         {root}",
        f"  source     {when}" + (f", revision {revision}" if revision else ""),
        f"  target     {target['system']} {target['machine']}, glibc {target['glibc']} or newer",
        f"  python     {python['version']} ({python['source']})",
        f"  made by    relforge {release['relforge']}",
    ]
    for name, row in sorted(release["services"].items()):
        what = " ".join(row["target"]) if row["kind"] == "exec" else row["target"]
        listen = f" on {', '.join(row['listen'])}" if row["listen"] else ""
        times = f" x {row['instances']}" if row["instances"] != 1 else ""
        lines.append(f"  service    {name}{times}: {row['kind']} {what}{listen}")
    for name, row in sorted(release["commands"].items()):
        lines.append(f"  command    {name}: {row['call'] or ' '.join(row['exec'])}")
    for layer in release["layers"]:
        size = f"{layer['size'] / (1 << 20):.1f} MiB"
        lines.append(f"  layer      {layer['name']}: {layer['files']} files, {size}")
    return lines
