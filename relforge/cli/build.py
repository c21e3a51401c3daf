"""``relforge build`` and ``relforge release``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from relforge import cache, layout, steps
from relforge.cli import report
from relforge.cli.options import Env, Json, ProjectDir, Quiet, Target, Verbose
from relforge.config import configure
from relforge.release import Release


def build(
    env: Env = "prod",
    project: ProjectDir = Path(),
    target: Target = None,
    as_json: Json = False,
    verbose: Verbose = False,
    quiet: Quiet = False,
) -> None:
    """Assemble and check a runnable tree in _build/<env>/<name>-<version>/."""
    out = _start(verbose=verbose, quiet=quiet)
    wanted = configure(project, env, target)
    built = steps.run(wanted, steps.building(wanted), report.watch(out))
    if as_json:
        _print_json({**_common(built), "tree": str(built.tree), **_tree_facts(built)})
        return
    report.notes(out, built)
    if not quiet:
        _announce_tree(built)


def release(
    env: Env = "prod",
    project: ProjectDir = Path(),
    target: Target = None,
    as_json: Json = False,
    verbose: Verbose = False,
    quiet: Quiet = False,
) -> None:
    """Build, then pack the tree into dist/<name>-<version>-<target>.tar.gz."""
    out = _start(verbose=verbose, quiet=quiet)
    wanted = configure(project, env, target)
    built = steps.run(wanted, steps.releasing(wanted), report.watch(out))
    artifact = built.artifact
    assert artifact is not None
    if as_json:
        facts = {"artifact": str(artifact.path), "sha256": artifact.sha256, "size": artifact.size}
        _print_json({**_common(built), **facts, "layers": _layers(built)})
        return
    report.notes(out, built)
    if not quiet:
        _announce_artifact(built)


def _start(*, verbose: bool, quiet: bool) -> Console:
    out = report.console(quiet)
    report.log_to(out, verbose=verbose)
    return out


def _common(built: Release) -> dict[str, Any]:
    return {
        "name": built.name,
        "version": built.version,
        "env": built.env,
        "target": str(built.target),
        "notes": list(built.notes),
    }


def _tree_facts(built: Release) -> dict[str, Any]:
    return {
        "sha256": cache.sha256(built.tree / layout.SUMS),
        "size": sum(layer.size for layer in built.layers),
        "layers": _layers(built),
    }


def _layers(built: Release) -> list[dict[str, Any]]:
    return [
        {
            "name": layer.name,
            "key": layer.key,
            "cached": layer.cached,
            "seconds": round(layer.seconds, 3),
        }
        for layer in built.layers
    ]


def _print_json(value: dict[str, Any]) -> None:
    json.dump(value, sys.stdout)
    print()


def _announce_tree(built: Release) -> None:
    program = report.shown(built.tree / "bin" / built.name)
    print(
        f"\n{report.shown(built.tree)}  {report.human_size(sum(row.size for row in built.layers))}"
    )
    print("\nNext:")
    if built.python.runs_here:
        print(f"  {program} help")
    if built.python.runs_here and built.settings.services:
        print(f"  {program} start")
    print(f"  relforge release --env {built.env}")


def _announce_artifact(built: Release) -> None:
    artifact = built.artifact
    assert artifact is not None
    top = f"{built.name}-{built.version}"
    print(f"\n{report.shown(artifact.path)}")
    print(f"  {report.human_size(artifact.size)}, runs on {built.target}")
    print(f"  sha256 {artifact.sha256}")
    print("\nNext, on any such host, with or without Python:")
    print(f"  tar -xzf {artifact.path.name}")
    print(f"  {top}/bin/{built.name} {'start' if built.settings.services else 'help'}")
