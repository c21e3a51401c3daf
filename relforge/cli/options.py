"""The options that several commands share, declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import relforge
from relforge.model.release import TARGETS
from relforge.support import network


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"relforge {relforge.__version__}")
        raise typer.Exit


def _known_target(name: str | None) -> str | None:
    if name is not None and name not in TARGETS:
        raise typer.BadParameter(f"{name!r} is not one of {', '.join(TARGETS)}")
    return name


def version_option(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Turn a Python project into a self-contained release.

    One tarball holds CPython, the application, its locked dependencies, its assets and
    its boot scripts; it is configured at every boot, so one artifact serves every environment.
    """


def _go_offline(wanted: bool) -> bool:
    if wanted:
        network.go_offline()
    return wanted


def _use_wheelhouse(directory: Path | None) -> Path | None:
    if directory is not None:
        network.use_wheelhouse(directory)
    return directory


def file_to_write(path: Path | None) -> Path | None:
    """Refuse what is not a file: it would be read without an end, or replaced."""
    if path is not None and path.exists() and not path.is_file():
        raise typer.BadParameter(f"{path} exists and is not a file")
    return path


def _known_resolver(name: str | None) -> str | None:
    if name not in (None, "auto", "pex", "uv"):
        raise typer.BadParameter(f"{name!r} is not one of uv, pex, auto")
    return name


Env = Annotated[
    str, typer.Option("--env", "-e", help="The environment whose settings apply.", metavar="NAME")
]
ProjectDir = Annotated[
    Path,
    typer.Option("--project", "-p", help="The directory of pyproject.toml.", metavar="DIR"),
]
Target = Annotated[
    str | None,
    typer.Option(
        "--target",
        help="The target platform, such as linux-aarch64.",
        metavar="TARGET",
        callback=_known_target,
        show_default="this host",
    ),
]
Formats = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        help="The format to write: tar.gz, tar.zst, ...; repeatable.",
        metavar="FORMAT",
    ),
]
WarningsAsErrors = Annotated[
    bool, typer.Option("--warnings-as-errors", help="Treat warnings as errors.")
]
Offline = Annotated[
    bool,
    typer.Option(
        "--offline",
        help="Do not use the network, as with RELFORGE_OFFLINE=1.",
        callback=_go_offline,
    ),
]
Wheelhouse = Annotated[
    Path | None,
    typer.Option(
        "--wheelhouse",
        help="A directory of distributions to search first.",
        metavar="DIR",
        callback=_use_wheelhouse,
        show_default="`wheelhouse` of the settings",
    ),
]
Resolver = Annotated[
    str | None,
    typer.Option(
        "--resolver",
        help="The resolver: uv, pex or auto.",
        metavar="NAME",
        callback=_known_resolver,
        show_default="`resolver` of the settings",
    ),
]
ReleaseName = Annotated[
    str | None,
    typer.Argument(help="Which release, if the project has several.", metavar="NAME"),
]
Reproducible = Annotated[
    bool,
    typer.Option("--verify-reproducible", help="First build twice, and compare every file."),
]
Attest = Annotated[
    bool, typer.Option("--attest", help="Write digest and provenance next to the artifact.")
]
Sign = Annotated[
    Path | None,
    typer.Option("--sign", help="Sign with this SSH key, or with `sigstore`.", metavar="KEY"),
]
Smoke = Annotated[bool, typer.Option("--smoke", help="Unpack the artifact elsewhere and try it.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object to stdout.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show the details of each step.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only errors.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Answer yes to every question.")]
