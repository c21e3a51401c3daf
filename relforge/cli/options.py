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
        raise typer.BadParameter(f"{name!r} is none of {', '.join(TARGETS)}")
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


def _use_wheelhouse(folder: Path | None) -> Path | None:
    if folder is not None:
        network.use_wheelhouse(folder)
    return folder


def file_to_write(path: Path | None) -> Path | None:
    """Refuse what is no file: it would be read without an end, or replaced."""
    if path is not None and path.exists() and not path.is_file():
        raise typer.BadParameter(f"{path} is there, and is no file")
    return path


def _known_resolver(name: str | None) -> str | None:
    if name not in (None, "auto", "pex", "uv"):
        raise typer.BadParameter(f"{name!r} is none of uv, pex, auto")
    return name


Env = Annotated[
    str, typer.Option("--env", "-e", help="The table of settings to lay over.", metavar="NAME")
]
ProjectDir = Annotated[
    Path,
    typer.Option("--project", "-p", help="The folder of pyproject.toml.", metavar="DIR"),
]
Target = Annotated[
    str | None,
    typer.Option(
        "--target",
        help="What the release is for, such as linux-aarch64.",
        metavar="TARGET",
        callback=_known_target,
        show_default="this host",
    ),
]
Formats = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        help="What to write: tar.gz, tar.zst, ...; may be given several times.",
        metavar="FORMAT",
    ),
]
WarningsAsErrors = Annotated[
    bool, typer.Option("--warnings-as-errors", help="End the build at a warning, too.")
]
Offline = Annotated[
    bool,
    typer.Option(
        "--offline", help="Use no network: RELFORGE_OFFLINE=1 does the same.", callback=_go_offline
    ),
]
Wheelhouse = Annotated[
    Path | None,
    typer.Option(
        "--wheelhouse",
        help="A folder of files that is looked into first.",
        metavar="DIR",
        callback=_use_wheelhouse,
        show_default="`wheelhouse` of the settings",
    ),
]
Resolver = Annotated[
    str | None,
    typer.Option(
        "--resolver",
        help="Who resolves: uv, pex or auto.",
        metavar="NAME",
        callback=_known_resolver,
        show_default="`resolver` of the settings",
    ),
]
ReleaseName = Annotated[
    str | None,
    typer.Argument(help="Which one, of a project that has several releases.", metavar="NAME"),
]
Reproducible = Annotated[
    bool,
    typer.Option("--verify-reproducible", help="Build twice, and compare every file, first."),
]
Attest = Annotated[
    bool, typer.Option("--attest", help="Write digest and provenance beside the artifact.")
]
Sign = Annotated[
    Path | None,
    typer.Option("--sign", help="An SSH key; or `sigstore`, to sign without one.", metavar="KEY"),
]
Smoke = Annotated[bool, typer.Option("--smoke", help="Unpack the artifact elsewhere, and try it.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show what every step does.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing.")]
