"""``relforge push``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from relforge.artifacts.push import image
from relforge.artifacts.push import name as names
from relforge.cli import report
from relforge.cli.options import Env, Json, ProjectDir, Quiet
from relforge.pipeline.configured import read_settings
from relforge.support import network
from relforge.support.errors import UserError


def push(
    where: Annotated[
        str, typer.Argument(help="REGISTRY/REPOSITORY, with :TAG or the version.", metavar="IMAGE")
    ],
    artifact: Annotated[
        Path | None,
        typer.Argument(
            help="The image archive.", metavar="ARTIFACT", show_default="the one in dist/"
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--release", help="Which release, if there are several.", metavar="NAME"),
    ] = None,
    env: Env = "prod",
    project: ProjectDir = Path(),
    plain: Annotated[
        bool, typer.Option("--plain-http", help="Use HTTP, as for a registry of this host.")
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Push an image to a registry.

    Only the layers that the repository lacks are sent. Logins are those of `podman login` and
    `docker login`, or RELFORGE_REGISTRY_USERNAME and RELFORGE_REGISTRY_PASSWORD.
    """
    # Late: urllib3 is slow to import, and looks for IPv6 as it is.
    from relforge.artifacts.push import send  # noqa: PLC0415 - slow to import
    from relforge.artifacts.push.registry import Registry  # noqa: PLC0415 - slow to import

    version = ""
    if artifact is None or ":" not in where.rpartition("/")[2]:
        configured = read_settings(project, env, name)
        version = configured.settings.version
        artifact = artifact or _newest(
            configured.project.root / "dist", configured.settings.name, version
        )
    target = names.read(where, version)
    found = image.read(artifact)
    if network.offline():
        raise UserError(f"{target}: not pushed: RELFORGE_OFFLINE forbids the network")
    registry = Registry(name=target, plain=plain or target.is_local)
    watch = report.watch(report.console(quiet or as_json))
    with watch("push"):
        done = send.send(found, registry)
    if as_json:
        facts = {"image": str(target), "digest": found.digest, "sent": done.sent, "size": done.size}
        json.dump(facts, sys.stdout)
        print()
    elif not quiet:
        sent, size = report.human_size(done.sent), report.human_size(done.size)
        print(f"\n{target}\n  {found.digest}\n  sent {sent} of {size}")


def _newest(directory: Path, name: str, version: str) -> Path:
    """The image of this version that was written last."""
    rows = [*directory.glob(f"{name}-{version}-linux-*.oci.tar")]
    if not rows:
        raise UserError(
            f"{report.shown(directory)}: there is no image of {name} {version}",
            hint="write one: relforge release --format oci",
        )
    return max(rows, key=lambda row: row.stat().st_mtime_ns)
