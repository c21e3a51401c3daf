"""``relforge lock``."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import typer

from relforge import cache
from relforge.cache.housekeeping import usage
from relforge.cli import report
from relforge.cli.options import (
    Env,
    Json,
    Offline,
    ProjectDir,
    Quiet,
    Resolver,
    Verbose,
    Wheelhouse,
    file_to_write,
)
from relforge.layers.deps.locking import Change, LockRequest, check, is_foreign, write
from relforge.pipeline.configured import read_settings
from relforge.pipeline.lockable import Lockable, lockable
from relforge.project import lockfile
from relforge.project.requirements import choice

DEFAULT = "pylock.toml"


def lock(
    packages: Annotated[
        list[str] | None,
        typer.Argument(help="With --upgrade: only these packages.", metavar="PACKAGE"),
    ] = None,
    env: Env = "prod",
    project: ProjectDir = Path(),
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="The lockfile to write: PEP 751 if it ends in .toml, else hashed requirements.",
            metavar="FILE",
            callback=file_to_write,
            show_default="`lock` of the settings, else pylock.toml",
        ),
    ] = None,
    upgrade: Annotated[
        bool, typer.Option("--upgrade", "-U", help="Upgrade to the newest versions that fit.")
    ] = False,
    checks: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 if the lockfile is out of date.")
    ] = False,
    release: Annotated[
        str | None,
        typer.Option("--release", help="Which release, if there are several.", metavar="NAME"),
    ] = None,
    resolver: Resolver = None,
    offline: Offline = False,
    wheelhouse: Wheelhouse = None,
    as_json: Json = False,
    verbose: Verbose = False,
    quiet: Quiet = False,
) -> None:
    """Lock the project's dependencies, with hashes."""
    out = report.console(quiet)
    report.log_to(out, verbose=verbose)
    if packages and not upgrade:
        raise typer.BadParameter(f"run: relforge lock --upgrade {' '.join(packages)}")
    if checks and upgrade:
        raise typer.BadParameter("--check and --upgrade cannot be combined: --check writes nothing")
    order = _order(lockable(project, env, None, release), output)
    wanted: Sequence[str] | Literal["all"] = (packages or "all") if upgrade else ()
    changes: tuple[Change, ...] | None = None
    with usage.for_a_build(), report.watch(out)("lock"):
        if checks:
            check(order)
        else:
            who = cast(Literal["auto", "pex", "uv"] | None, resolver)
            changes = write(order, upgrade=wanted, resolver=who)
    if as_json:
        _print_json(order, env, changes)
    elif not quiet:
        _print_result(order, changes, checked=checks)
        if changes is not None:
            taken = read_settings(project, env, release).settings.lock
            _propose(order, taken, report.again("build", release, env, project, None))


def _order(found: Lockable, output: Path | None) -> LockRequest:
    target = output or found.project.root / (found.settings.lock or DEFAULT)
    return LockRequest(
        project=found.project,
        settings=found.settings,
        interpreter=found.python,
        target=found.target,
        output=Path(os.path.abspath(target)),
        is_named=output is not None,
    )


def _print_json(order: LockRequest, env: str, changes: tuple[Change, ...] | None) -> None:
    added = order.added
    facts: dict[str, Any] = {
        "name": order.settings.name,
        "version": order.settings.version,
        "env": env,
        "target": str(order.target),
        **_file(order.output),
        "added": _file(added) if added and added.is_file() else None,
        "changes": [asdict(row) for row in changes or ()],
    }
    json.dump(facts, sys.stdout)
    print()


def _file(lock: Path) -> dict[str, Any]:
    return {"lock": str(lock), "sha256": cache.sha256(lock), "size": lock.stat().st_size}


def _print_result(order: LockRequest, changes: tuple[Change, ...] | None, *, checked: bool) -> None:
    shown = report.shown(order.output)
    asked = order.project.requirements
    if asked is not None:
        print(choice.sentence(asked))
    others = (*lockfile.others(order.project.root, order.settings.lock), *_unused(order))
    if order.settings.lock and others:
        print(f"using the lockfile {order.settings.lock}; ignoring: {', '.join(others)}")
    if is_foreign(order):
        print(f"{shown} is up to date" + ", and is used unchanged" * (not checked))
        _print_added(order, changes, checked=checked)
    elif checked or changes is None:
        print(f"{shown} is up to date")
    else:
        _print_changes(shown, changes)
        if not order.wanted:
            print("  it is empty: the project has no dependencies")


def _print_added(order: LockRequest, changes: tuple[Change, ...] | None, *, checked: bool) -> None:
    """What is locked on top of another tool's lock."""
    added, base = order.added, report.shown(order.output)
    if added is None:
        return
    shown = report.shown(added)
    if not added.is_file():
        if changes:
            _print_changes(shown, changes)
        print(f"{base} already has everything in `dependencies.add`, so {shown} is not needed")
    elif checked or changes is None:
        print(f"{shown}, on top of {base}, is up to date")
    else:
        _print_changes(f"{shown}, on top of {base}", changes)


def _print_changes(shown: str, changes: tuple[Change, ...]) -> None:
    print(f"\n{shown}")
    for row in changes:
        print(f"  {row.name} {row.before or '(new)'} -> {row.after or '(gone)'}")


def _unused(order: LockRequest) -> tuple[str, ...]:
    """The lock of `dependencies.add`, where another one holds that now."""
    name = order.settings.dependencies.add_lock
    stale = order.added is None and name != order.settings.lock
    return (name,) if stale and (order.project.root / name).is_file() else ()


def _propose(order: LockRequest, taken: str | None, build: str) -> None:
    """What to do next; ``taken`` is the lock that a build takes as the settings are now."""
    root = order.project.root
    print("\nNext:")
    if taken is None or (root / taken).resolve() != order.output.resolve():
        written = json.dumps(os.path.relpath(order.output, root), ensure_ascii=False)
        used = taken or "no lockfile"
        print(f"  builds use {used}; to use this one, set: lock = {written}")
    print(f"  {build}")
