"""``schedule``: what is due when, and how the last run went; run, pause and resume a job."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

from .. import columns, instance, options, paths, untrusted_text
from ..client.supervisor import ask
from ..contract.content import read_manifest
from ..contract.manifest import root
from ..errors import DONE, FAILED, USAGE, Refusal
from ..protocol import supervisor as messages
from ..schedule import kept
from ..schedule.job import zone
from . import usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import tzinfo
    from typing import Any

_ANSWER = 5.0  # seconds
_LOOK = 0.2  # seconds between two looks whether a run has ended
_ACTS = {"run": messages.RUN_JOB, "pause": messages.PAUSE_JOB, "resume": messages.RESUME_JOB}


def schedule(argv: list[str]) -> int:
    """Print the jobs; with `run NAME` wait for the end of one, and fail where it fails."""
    given = options.parse(argv, flags="--json --no-wait")
    if not given.words:
        options.most(given, 0, usage("schedule"))
        return _show(as_json="--json" in given.flags)
    act, *names = given.words
    if act not in _ACTS or len(names) != 1:
        raise Refusal(
            "expected run, pause or resume, and a job", hint=usage("schedule"), code=USAGE
        )
    running = instance.here()
    answer = ask(running, messages.job(_ACTS[act], names[0]), _ANSWER)
    if answer.get(messages.CODE):
        raise messages.refusal(answer)
    if act == "run" and "--no-wait" not in given.flags:
        return _wait(names[0], answer["began"])
    print({"run": "has begun", "pause": "is paused", "resume": "is resumed"}[act])
    return DONE


def _wait(name: str, began: float) -> int:
    """Until the run that began then is over; its log has what it prints."""
    while True:
        rows = ask(instance.here(), messages.status(), _ANSWER)["schedule"]
        last = rows.get(name, {}).get("last")
        if last and last["began"] >= began:
            print(last["problem"] or f"{name} ended after {last['ended'] - last['began']:.1f}s")
            return FAILED if last["problem"] else DONE
        time.sleep(_LOOK)


def _show(*, as_json: bool) -> int:
    release = read_manifest(root())
    running = instance.running(paths.of(root()))
    if running is None:
        known = kept.read(paths.of(root()).state)
        rows = {name: known.get(name, {}) for name in release["schedule"]}
    else:
        rows = ask(running, messages.status(), _ANSWER)["schedule"]
    if as_json:
        print(json.dumps(rows, indent=2))
        return DONE
    lines = [("JOB", "WHEN", "NEXT", "LAST", "RESULT")]
    for name, row in rows.items():
        job = release["schedule"].get(name, {})
        place = zone(job.get("timezone", "UTC"), name, root())
        lines.append((name, _when(job), _next(row, place), *_last(row, place)))
    print("\n".join(columns.lines(lines)) if len(lines) > 1 else "this release has no schedule")
    return DONE


def _when(job: dict[str, Any]) -> str:
    return job.get("cron") or f"every {columns.duration(job.get('every', 0.0))}"


def _next(row: dict[str, Any], place: tzinfo) -> str:
    if row.get("running"):
        return "running, one waits" if row.get("queued") else "running"
    if row.get("paused"):
        return "paused"
    return "-" if row.get("next") is None else _moment(row["next"], place)


def _last(row: dict[str, Any], place: tzinfo) -> tuple[str, str]:
    last = row.get("last")
    if not last:
        return "-", "-"
    problem = untrusted_text.line(str(last["problem"]))
    return _moment(last["began"], place), problem or "done"


def _moment(seconds: float, place: tzinfo) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone(place).strftime("%Y-%m-%d %H:%M:%S %Z")
