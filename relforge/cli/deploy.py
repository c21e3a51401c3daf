"""``relforge deploy`` and ``relforge rollback``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from relforge.cli import report
from relforge.cli.fleet_progress import Progress
from relforge.cli.options import Json, ProjectDir, Quiet
from relforge.fleet import deployment, playbook, printed
from relforge.fleet.deployment import Deployment
from relforge.fleet.events import Event, Outcome
from relforge.support.errors import Exit, UserError

LOCKING = ("deploy", "rollback")  # a host that went away cannot give the others' locks up
Name = Annotated[
    str, typer.Argument(help="A deployment: [tool.relforge.deploy.NAME].", metavar="DEPLOYMENT")
]
Hosts = Annotated[
    str | None,
    typer.Option("--hosts", help="Only these of its hosts.", metavar="A,B", show_default="all"),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print what would change; change nothing.")]


def deploy(
    name: Name,
    hosts: Hosts = None,
    version: Annotated[
        str | None,
        typer.Option(
            "--version",
            help="The version in dist/ to deploy.",
            metavar="VERSION",
            show_default="that of the settings",
        ),
    ] = None,
    canary: Annotated[
        bool, typer.Option("--canary", help="Deploy to the first host, and stop there.")
    ] = False,
    dry_run: DryRun = False,
    print_to: Annotated[
        Path | None,
        typer.Option(
            "--print",
            help="Write inventory and playbooks there; deploy nothing.",
            metavar="DIR",
        ),
    ] = None,
    project: ProjectDir = Path(),
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Deploy an artifact of dist/ to the hosts.

    One host after the other: drained, switched, ready, and back in the load balancer.
    A host that fails gets its version back, and the hosts after it stay as they are.
    """
    found = deployment.load(project, name, hosts)
    if print_to is not None:
        for path in printed.write(found, print_to):
            print(report.shown(path))
        return
    path = deployment.artifact(found, version)
    if canary:
        found = first(found)
    given = {"relforge_artifact": str(path), "relforge_serial": [*found.deploy.serial]}
    outcome = follow(found, "deploy", given, quiet=quiet, dry=dry_run)
    wanted = path.name.removeprefix(f"{found.release}-").rpartition("-linux-")[0]
    show(found, outcome, {"version": wanted, "dry_run": dry_run}, as_json)


def rollback(
    name: Name,
    hosts: Hosts = None,
    dry_run: DryRun = False,
    project: ProjectDir = Path(),
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Go back to the version before, on each host."""
    found = deployment.load(project, name, hosts)
    given = {"relforge_serial": [*found.deploy.serial]}
    outcome = follow(found, "rollback", given, quiet=quiet, dry=dry_run)
    show(found, outcome, {"dry_run": dry_run}, as_json)


def first(found: Deployment) -> Deployment:
    """The same for its first host alone."""
    return Deployment(
        project=found.project,
        settings=found.settings,
        deploy=found.deploy,
        hosts=found.hosts[:1],
    )


def follow(
    found: Deployment, name: str, given: dict[str, Any], *, quiet: bool, dry: bool = False
) -> Outcome:
    """Run a playbook and show how it goes; raises UserError where a host fails."""
    progress = Progress(report.console(quiet), found.hosts)
    with progress.shown():
        outcome = playbook.run(found, name, given, progress.heard, dry=dry)
    if outcome.code != Exit.DONE:
        if name in LOCKING:
            playbook.run(found, "unlock", {"relforge_unlock_own": True}, _unheard)
        hint = f"relforge fleet status {found.deploy.name}"
        error = UserError(outcome.problem, hint=hint, code=Exit(outcome.code))
        error.facts = {"deployment": found.deploy.name, "hosts": outcome.hosts}
        raise error
    return outcome


def _unheard(_event: Event) -> None:
    """What has failed has been shown already."""


def show(found: Deployment, outcome: Outcome, more: dict[str, Any], as_json: bool) -> None:
    """The result, in a line or as an object."""
    if as_json:
        row = {"deployment": found.deploy.name, **more, "changed": outcome.changed > 0}
        json.dump({**row, "hosts": outcome.hosts, "states": outcome.states}, sys.stdout)
        print()
        return
    hosts = f"{len(found.hosts)} host{'s' * (len(found.hosts) > 1)}"
    what = more.get("version") or "the version before"
    if more.get("dry_run"):
        for host, step in outcome.changes:
            print(f"  {host}: {step}")
        print(f"{found.deploy.name}: {outcome.changed} changes on {hosts}; nothing was done")
    elif outcome.changed:
        print(f"{found.deploy.name}: {found.release} {what} runs on {hosts}")
    else:
        print(f"{found.deploy.name}: nothing to do on {hosts}")
