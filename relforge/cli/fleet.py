"""``relforge fleet``: what the hosts run, their logs, their locks, commands on each of them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from relforge.cli.commands import HELP, examples
from relforge.cli.deploy import Hosts, Name, follow
from relforge.cli.options import Json, ProjectDir, Quiet
from relforge.fleet import deployment
from relforge.fleet.deployment import Deployment
from relforge.fleet.events import Outcome
from relforge.support.errors import UserError

app = typer.Typer(
    help="Look at the hosts of a deployment.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings=HELP,
)


@app.callback()
def _group() -> None:
    """Look at the hosts of a deployment."""


@app.command(epilog=examples("relforge fleet status prod", "relforge fleet status prod --json"))
def status(
    name: Name, hosts: Hosts = None, project: ProjectDir = Path(), as_json: Json = False
) -> None:
    """Print what each host runs, and what differs.

    Exits with 1 if the hosts run different versions, or if one is not ready.
    """
    found = deployment.load(project, name, hosts)
    states = follow(found, "status", {}, quiet=True).states
    facts = {"deployment": name, "hosts": states}
    if not as_json:
        print("\n".join(table(found, states)))
    problem = drift(name, states)
    if problem is not None:
        problem.facts = facts
        raise problem
    if as_json:
        json.dump(facts, sys.stdout)
        print()


def drift(name: str, states: dict[str, dict[str, Any]]) -> UserError | None:
    """What differs between the hosts, or is not as it should be."""
    versions = sorted({row["running"] or "nothing" for row in states.values()})
    ill = ", ".join(host for host, row in states.items() if not row["ready"])
    if len(versions) > 1:
        said = f"{name}: the hosts run different versions: {', '.join(versions)}"
        return UserError(said, hint=f"relforge deploy {name}")
    if ill:
        return UserError(f"{name}: not ready: {ill}", hint=f"relforge fleet logs {name}")
    return None


@app.command(epilog=examples("relforge fleet logs prod", "relforge fleet logs prod --lines 200"))
def logs(
    name: Name,
    lines: Annotated[int, typer.Option("--lines", "-n", help="How many lines of each host.")] = 50,
    hosts: Hosts = None,
    project: ProjectDir = Path(),
) -> None:
    """Print the end of each host's journal."""
    found = deployment.load(project, name, hosts)
    unit = f"{found.release}.service"
    words = ["journalctl", "--unit", unit, "--lines", str(lines), "--no-pager"]
    _print(found, follow(found, "run", {"relforge_argv": words}, quiet=True))


@app.command(
    epilog=examples(
        "relforge fleet run prod status", "relforge fleet run prod rpc 'len(app.routes)'"
    ),
    context_settings={**HELP, "ignore_unknown_options": True, "allow_interspersed_args": False},
)
def run(
    name: Name,
    words: Annotated[
        list[str], typer.Argument(help="A command of the release.", metavar="COMMAND [ARGS]...")
    ],
    hosts: Hosts = None,
    project: ProjectDir = Path(),
) -> None:
    """Run a command of the release on each host."""
    found = deployment.load(project, name, hosts)
    program = f"{found.root}/current/bin/{found.release}"
    _print(found, follow(found, "run", {"relforge_argv": [program, *words]}, quiet=True))


@app.command(epilog=examples("relforge fleet lock prod"))
def lock(
    name: Name, hosts: Hosts = None, project: ProjectDir = Path(), quiet: Quiet = False
) -> None:
    """Keep deploys away until `unlock`."""
    found = deployment.load(project, name, hosts)
    follow(found, "lock", {}, quiet=quiet)
    print(f"{name}: locked; relforge fleet unlock {name} ends it")


@app.command(
    epilog=examples("relforge fleet unlock prod", "relforge fleet unlock prod --of ada@desk")
)
def unlock(
    name: Name,
    holder: Annotated[
        str | None,
        typer.Option("--of", help="Break the lock of this holder.", metavar="NAME"),
    ] = None,
    hosts: Hosts = None,
    project: ProjectDir = Path(),
    quiet: Quiet = False,
) -> None:
    """Give up your own lock, or break that of another one."""
    found = deployment.load(project, name, hosts)
    given = {"relforge_unlock": holder} if holder else {}
    follow(found, "unlock", given, quiet=quiet)
    print(f"{name}: unlocked")


def table(found: Deployment, states: dict[str, dict[str, Any]]) -> list[str]:
    """A line for each host, in the order of the settings."""
    rows = [("HOST", "RUNS", "CURRENT", "IS", "LOCKED BY")]
    for host in found.hosts:
        row = states.get(host)
        if row is None:
            continue
        words = ["ready" if row["ready"] else "not ready", *(["draining"] * row["draining"])]
        holder = (row["lock"] or {}).get("by", "-")
        rows.append((host, row["running"] or "-", row["current"] or "-", ", ".join(words), holder))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def _print(found: Deployment, outcome: Outcome) -> None:
    """The output of each host, below its name where there are several."""
    for host in found.hosts:
        if len(found.hosts) > 1:
            print(f"== {host}")
        print(outcome.output.get(host, "").rstrip())
