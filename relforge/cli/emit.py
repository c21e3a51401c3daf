"""``relforge emit``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from relforge.cache import files
from relforge.cli import report
from relforge.cli.options import Env, Json, ProjectDir
from relforge.emit import deployment, render
from relforge.emit.deployment import Choices
from relforge.emit.render import MARK, Emitted, File
from relforge.emit.targets import TARGETS
from relforge.pipeline.configured import read_settings
from relforge.support.errors import UserError


def emit(
    target: Annotated[
        str | None,
        typer.Argument(help="What the files are for; without it, the list.", metavar="TARGET"),
    ] = None,
    name: Annotated[
        str | None,
        typer.Argument(help="Which release, if the project has several.", metavar="NAME"),
    ] = None,
    env: Env = "prod",
    project: ProjectDir = Path(),
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="Write the files there.", metavar="DIR", show_default="stdout"
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace files that this command did not write.")
    ] = False,
    values: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="A value of the configuration; repeatable.", metavar="KEY=VALUE"
        ),
    ] = None,
    domain: Annotated[
        str, typer.Option("--domain", help="The public name.", metavar="NAME")
    ] = "example.com",
    hosts: Annotated[
        str,
        typer.Option(
            "--hosts",
            help="What a proxy passes requests to, separated by commas.",
            metavar="HOST,...",
            show_default="this host",
        ),
    ] = "",
    image: Annotated[
        str,
        typer.Option(
            "--image", help="The image's name.", metavar="IMAGE", show_default="NAME:VERSION"
        ),
    ] = "",
    artifact: Annotated[
        str,
        typer.Option(
            "--artifact", help="Where hosts download the tarball.", metavar="URL", show_default=""
        ),
    ] = "",
    sha256: Annotated[
        str,
        typer.Option("--sha256", help="The digest of the tarball.", metavar="HEX", show_default=""),
    ] = "",
    migrate: Annotated[
        str,
        typer.Option(
            "--migrate",
            help="The command that brings the database up to date.",
            metavar="COMMAND",
            show_default="migrate, where there is one",
        ),
    ] = "",
    as_json: Json = False,
) -> None:
    """Write files for proxies, containers and CI.

    They are made of the settings, are yours to edit, and nothing reads them again.
    """
    if target is None:
        _print_targets(as_json)
        return
    if target not in TARGETS:
        raise typer.BadParameter(f"{target!r} is not one of {', '.join(TARGETS)}")
    configured = read_settings(project, env, name)
    choices = Choices(
        values=dict(map(_pair, values or ())),
        domain=domain,
        hosts=tuple(filter(None, (host.strip() for host in hosts.split(",")))),
        image=image,
        artifact=artifact,
        sha256=sha256,
        migrate=migrate,
    )
    described = deployment.of(configured.settings, env, choices)
    made = render.emit(target, described, configured.settings)
    if out is not None:
        _write(out, made, force=force)
    _print(made, out, as_json=as_json)


def _print_targets(as_json: bool) -> None:
    if as_json:
        json.dump({name: row.about for name, row in TARGETS.items()}, sys.stdout)
        print()
        return
    width = max(map(len, TARGETS))
    for name, row in TARGETS.items():
        print(f"  {name.ljust(width)}  {row.about}")


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise typer.BadParameter(f"{text!r} is not KEY=VALUE", param_hint="'--set'")
    return key, value


def _write(out: Path, made: Emitted, *, force: bool) -> None:
    """All of them or none: files of somebody else are looked for first."""
    for file in made.files:
        place = out / file.path
        if place.exists() and not force and not _is_ours(place, file):
            raise UserError(
                f"{report.shown(place)} exists, and was not written by relforge emit",
                hint="write elsewhere with --out DIR, or replace it with --force",
            )
    for file in made.files:
        files.write(out / file.path, file.text.encode())


def _is_ours(place: Path, file: File) -> bool:
    if not place.is_file():
        return False
    text = place.read_text(encoding="utf-8", errors="replace")
    return text == file.text or MARK in text[:200]


def _print(made: Emitted, out: Path | None, *, as_json: bool) -> None:
    if as_json:
        facts = {
            "files": [{"path": row.path, "text": row.text} for row in made.files],
            "written": [str(out / row.path) for row in made.files] if out else [],
            "notes": list(made.notes),
            "next": list(made.next),
        }
        json.dump(facts, sys.stdout)
        print()
        return
    for note in made.notes:
        print(f"note: {note}", file=sys.stderr)
    if out is None:
        for row in made.files:
            head = f"# ---- {row.path}\n" if len(made.files) > 1 else ""
            print(head + row.text, end="")
        return
    print("wrote " + ", ".join(report.shown(out / row.path) for row in made.files))
    print("\nNext:")
    for line in made.next:
        print(f"  {line}")
