"""``relforge build`` and ``relforge release``."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.console import Console

from relforge import cache
from relforge.artifacts import sigstore
from relforge.artifacts.formats import find
from relforge.cli import report
from relforge.cli.options import (
    Attest,
    Env,
    Formats,
    Json,
    Offline,
    ProjectDir,
    Quiet,
    ReleaseName,
    Reproducible,
    Sign,
    Smoke,
    Target,
    Verbose,
    WarningsAsErrors,
    Wheelhouse,
)
from relforge.model import layout
from relforge.model.release import Artifact, Release
from relforge.model.spec import BuildRequest
from relforge.pipeline import engine


def build(
    name: ReleaseName = None,
    env: Env = "prod",
    project: ProjectDir = Path(),
    target: Target = None,
    strict: WarningsAsErrors = False,
    offline: Offline = False,
    wheelhouse: Wheelhouse = None,
    as_json: Json = False,
    verbose: Verbose = False,
    quiet: Quiet = False,
) -> None:
    """Assemble and check a runnable tree.

    The tree is written to _build/<env>/<name>-<version>/.
    """
    out = _start(verbose=verbose, quiet=quiet)
    order = BuildRequest(env=env, name=name, target=target, strict=strict)
    built = engine.build(project, order, report.watch(out))
    if as_json:
        _print_json({**_common(built), "tree": str(built.tree), **_tree_facts(built)})
        return
    report.notes(out, built)
    if not quiet:
        _announce_tree(built, report.again("release", name, env, project, target))


def release(
    name: ReleaseName = None,
    env: Env = "prod",
    project: ProjectDir = Path(),
    target: Target = None,
    offline: Offline = False,
    wheelhouse: Wheelhouse = None,
    formats: Formats = None,
    strict: WarningsAsErrors = False,
    smoke: Smoke = False,
    attest: Attest = False,
    sign: Sign = None,
    twice: Reproducible = False,
    as_json: Json = False,
    verbose: Verbose = False,
    quiet: Quiet = False,
) -> None:
    """Build, then pack the tree into dist/."""
    out = _start(verbose=verbose, quiet=quiet)
    order = BuildRequest(
        env=env,
        name=name,
        target=target,
        formats=tuple(formats or ()),
        strict=strict,
        smoke=smoke,
        attest=attest,
        sign=_key(sign),
    )
    if twice:
        # Late: a build that has nothing to do is over before artifacts are read.
        from relforge.pipeline import reproducibility  # noqa: PLC0415 - seldom needed

        reproducibility.verify(project, order, report.watch(out))
    built = engine.release(project, order, report.watch(out))
    if as_json:
        rows = [_artifact(row) for row in built.artifacts]
        first = {key: value for key, value in rows[0].items() if key != "format"}
        _print_json({**_common(built), **first, "artifacts": rows, "layers": _layers(built)})
        return
    report.notes(out, built)
    if not quiet:
        for kind, group in groupby(built.artifacts, key=lambda row: row.format):
            _announce_artifacts(built, kind, tuple(group))


def _key(sign: Path | None) -> str:
    """What signs: a file, from wherever the command was typed, or a word of the settings."""
    if sign is None:
        return ""
    return sigstore.WORD if str(sign) == sigstore.WORD else str(sign.absolute())


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
        "findings": [asdict(row) for row in built.findings],
    }


def _tree_facts(built: Release) -> dict[str, Any]:
    return {
        "sha256": cache.sha256(built.tree / layout.SUMS),
        "size": sum(layer.size for layer in built.layers),
        "layers": _layers(built),
    }


def _artifact(artifact: Artifact) -> dict[str, Any]:
    return {
        "artifact": str(artifact.path),
        "format": artifact.format,
        "sha256": artifact.sha256,
        "size": artifact.size,
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


def _announce_tree(built: Release, release: str) -> None:
    program = report.shown(built.tree / "bin" / built.name)
    print(
        f"\n{report.shown(built.tree)}  {report.human_size(sum(row.size for row in built.layers))}"
    )
    print("\nNext:")
    if built.python.runs_here:
        print(f"  {program} help")
    if built.python.runs_here and built.settings.services:
        print(f"  {program} start")
    print(f"  {release}")


def _announce_artifacts(built: Release, kind: str, artifacts: tuple[Artifact, ...]) -> None:
    """All of one format, and what to do with them."""
    for artifact in artifacts:
        print(f"\n{report.shown(artifact.path)}")
        print(f"  {report.human_size(artifact.size)}, runs on {built.target}")
        print(f"  sha256 {artifact.sha256}")
    heading, *lines = find(kind).next(built, artifacts)
    print(f"\nNext, {heading}:")
    for line in lines:
        print(f"  {line}")
