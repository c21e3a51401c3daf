"""The other end of a handover: this interpreter goes on with what another supervised."""

from __future__ import annotations

import os
import socket
import traceback

from ..contract.content import read_manifest
from ..errors import Refusal
from ..paths import Paths
from ..schedule import job
from . import handover, report, specs
from .generation import Generation
from .listener import Listener
from .lock import InstanceLock
from .notices import Notices
from .plan import Plan
from .rules import handed_over
from .supervisor import Supervisor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


TAKES = (handed_over.FORMAT,)  # what `main` can go on with


def main(fd: int) -> int:
    """Supervise to the end; where that cannot even begin, the version before goes on."""
    content = handover.take(fd)
    try:
        supervisor = _supervisor(content)
    except BaseException as error:
        if content["error"]:
            raise  # nobody is left who could
        lines = traceback.format_exception(error)
        handover.back(fd, content, f"the new supervisor fails: {lines[-1].strip()}")
    os.close(fd)
    outcome = supervisor.run()
    if content["mode"] == "daemon":
        supervisor.plan.journal.say("stopped")
    supervisor.plan.close()
    return outcome.code


def _supervisor(content: dict[str, Any]) -> Supervisor:
    if content["format"] != handed_over.FORMAT:
        raise Refusal(f"a handover of format {content['format']}, not {handed_over.FORMAT}")
    directories = content["paths"]
    new, old = (_generation(content[name], directories) for name in ("generation", "old"))
    born = old if content["error"] else new
    facts = {"version": born.version, "root": born.paths.root}
    held = InstanceLock(content["lock"], {**content["held"], **facts})
    plan = Plan(
        Paths(root=born.paths.root, **directories),
        new.manifest,
        held,
        log=content["mode"] == "daemon",
    )
    plan.journal.take_over()
    plan.generation = new
    plan.notices = Notices.adopt(plan.paths.socket("notify"), content["notices"], plan.audited)
    plan.control = socket.socket(fileno=content["control"])
    new.listeners = {
        name: [_listener(row) for row in rows] for name, rows in content["listeners"].items()
    }
    supervisor = Supervisor(plan, running=_nobody_waits)
    for row in content["processes"]:
        _process(supervisor, row)
    for row in content.get("jobs", ()):
        supervisor.adopt_job(row)
    supervisor.resume(content, old)
    report.line(supervisor.world)
    return supervisor


def _generation(content: dict[str, Any], directories: dict[str, str]) -> Generation:
    root = content["root"]
    manifest = read_manifest(root)
    born = Generation(
        Paths(root=root, **directories), manifest, content["environ"], content["config"]
    )
    born.specs = specs.of(born.config, manifest, root, directories["state"])
    born.jobs = job.specs(manifest, root)
    return born


def _listener(row: dict[str, Any]) -> Listener:
    sock = socket.socket(fileno=row["fd"])
    found = Listener(sock, row["path"], lent=row["lent"])
    found.text = row["text"]
    return found


def _process(supervisor: Supervisor, row: dict[str, Any]) -> None:
    plan, world = supervisor.plan, supervisor.world
    spec = plan.generation.spec(row["service"])
    assert spec is not None
    process = world.new(plan.generation, spec, row["instance"])
    handed_over.load(process, row)
    output = handover.taken_output(row, str(process), plan.journal)
    supervisor.adopt(process, row, output)


def _nobody_waits(_line: str) -> None:
    """`start` has returned long ago."""
