"""``relforge run``."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from relforge.cli.options import ProjectDir
from relforge.pipeline.configured import read_settings
from relforge.project import development
from relforge.project.development import Checkout

_PROGRAM = "\0--"  # what a `--` before the first word becomes: typer would drop it


class _Words(TyperCommand):
    """A command whose words after the first one are somebody else's."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        at = args.index("--") if "--" in args else len(args)
        found: list[str] = super().parse_args(
            ctx, [*args[:at], *([_PROGRAM] * (at < len(args))), *args[at + 1 :]]
        )
        return found


app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command(
    "run",
    cls=_Words,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "allow_interspersed_args": False,
    },
)
def run(
    words: Annotated[
        list[str],
        typer.Argument(
            help="A service or command from the settings with its arguments, or -- and a program.",
            metavar="SERVICE|COMMAND|-- PROGRAM [ARGS]...",
        ),
    ],
    env: Annotated[
        str,
        typer.Option("--env", "-e", help="The environment whose settings apply.", metavar="NAME"),
    ] = "dev",
    project: ProjectDir = Path(),
    release: Annotated[
        str | None,
        typer.Option("--release", help="Which release, if there are several.", metavar="NAME"),
    ] = None,
    python: Annotated[
        Path | None,
        typer.Option(
            "--python",
            help="An interpreter, or a virtual environment.",
            metavar="PATH",
            show_default="the project's .venv, or the active one",
        ),
    ] = None,
    reload: Annotated[
        bool, typer.Option("--reload/--no-reload", help="Restart when a source file changes.")
    ] = True,
) -> None:
    """Run a service or a command from the sources.

    Or any program, after `--`.
    """
    configured = read_settings(project, env, release)
    found, typed = configured.project, configured.settings
    order: dict[str, Any] = {"kind": "program", "name": "", "row": {}, "words": words[1:]}
    if words[0] != _PROGRAM:
        name, *rest = (("--" if word == _PROGRAM else word) for word in words)
        kind, row = development.find(typed, name)
        if kind == "service" and rest:
            raise typer.BadParameter(f"{name} is a service and takes no arguments: {rest[0]}")
        order = {"kind": kind, "name": name, "row": row, "words": rest}
    elif len(words) == 1:
        raise typer.BadParameter("name a program after the dashes: relforge run -- pytest")
    target = order["row"].get("target", "")
    order |= {
        "release": release or found.settings.get("default"),
        "reload": reload,
        "install": development.installation(found, typed),
        "watch": development.watched(found, typed, target) if isinstance(target, str) else (),
    }
    place = development.python(found.root, os.environ, python)
    checkout = Checkout(project=found, settings=typed, env=env, python=place)
    command = order["name"] if order["kind"] == "command" else "run"
    environ = development.variables(checkout, os.environ, command)
    entry = development.prepare(checkout)
    sys.stdout.flush()
    os.execve(place, [str(place), "-P", str(entry), "develop", json.dumps(order)], environ)
