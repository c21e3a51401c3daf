"""``relforge verify``, ``inspect`` and ``diff``: looking at what was built."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from relforge.artifacts import signing, sigstore
from relforge.artifacts.reading import difference, foreign_manifest, reader, summary
from relforge.artifacts.reading import verify as judge
from relforge.artifacts.reading.contents import Problem, ReleaseContents
from relforge.cli.options import Json, Offline
from relforge.cli.report import human_size
from relforge.runtime.untrusted_text import line
from relforge.support.errors import Exit

Place = Annotated[
    Path,
    typer.Argument(help="An artifact, or the directory of an unpacked release.", metavar="RELEASE"),
]
FEW = 10  # changed files that are shown of each kind


def verify(
    place: Place,
    allowed: Annotated[
        Path | None,
        typer.Option(
            "--allowed-signers",
            help="Who may sign, a file as in ssh-keygen(1); makes a signature mandatory.",
            metavar="FILE",
        ),
    ] = None,
    signer: Annotated[
        str, typer.Option("--signer", help="Who must have signed.", metavar="IDENTITY")
    ] = "",
    revoked: Annotated[
        Path | None,
        typer.Option(
            "--revoked-keys",
            help="A list of keys that no longer count; needs --allowed-signers.",
            metavar="FILE",
        ),
    ] = None,
    identity: Annotated[
        str,
        typer.Option(
            "--sigstore-identity",
            help="Who must have signed with sigstore; makes its bundle mandatory.",
            metavar="IDENTITY",
        ),
    ] = "",
    issuer: Annotated[
        str,
        typer.Option(
            "--sigstore-issuer", help="The issuer that vouches for that identity.", metavar="URL"
        ),
    ] = "",
    trust: Annotated[
        Path | None,
        typer.Option(
            "--sigstore-trust",
            help="The client trust configuration of a sigstore instance, as JSON.",
            metavar="FILE",
            show_default="RELFORGE_SIGSTORE_TRUST, else the public instance",
        ),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            "--against",
            help="Compare an unpacked release with the artifact that it came from.",
            metavar="ARTIFACT",
        ),
    ] = None,
    _offline: Offline = False,
    as_json: Json = False,
) -> None:
    """Check every file against its digest.

    For an artifact, also check that it is safe to unpack.
    """
    _check_keys(signer, allowed, revoked)
    _check_sigstore(identity, issuer, trust)
    found = reader.read(place)
    rows = list(judge.problems(found))
    if against is not None:
        artifact = reader.read(against)
        if found.sha256 or not artifact.sha256:
            raise typer.BadParameter("--against compares an unpacked release with an artifact")
        rows += [*judge.problems(artifact), *judge.differences(found, artifact)]
        place, found = against, artifact  # whose signature it is
    if allowed is not None and (
        objection := signing.objection(place, found.sha256, allowed, signer, revoked)
    ):
        rows.append(Problem(path=place.name, message=objection))
    if identity and (objection := sigstore.objection(place, identity, issuer, trust=trust)):
        rows.append(Problem(path=place.name, message=objection))
    if as_json:
        findings = [{"path": row.path, "message": row.message} for row in rows]
        _print_json({"ok": not rows, "findings": findings, "sha256": found.sha256 or None})
    else:
        for row in rows:
            print(line(str(row)))
        if not rows:
            print(line(f"{_named(found)}: {len(found.files)} files, all unchanged since the build"))
    if rows:
        raise typer.Exit(Exit.FAILED)


def _check_keys(signer: str, allowed: Path | None, revoked: Path | None) -> None:
    if signer and allowed is None:
        raise typer.BadParameter(
            "--signer needs --allowed-signers, the file that lists who has which key"
        )
    if revoked is not None and allowed is None:
        raise typer.BadParameter("--revoked-keys needs --allowed-signers, the keys that count")


def _check_sigstore(identity: str, issuer: str, trust: Path | None) -> None:
    if trust is not None and not identity:
        raise typer.BadParameter("--sigstore-trust needs --sigstore-identity, the expected signer")
    if bool(identity) != bool(issuer):
        raise typer.BadParameter("--sigstore-identity and --sigstore-issuer must be given together")


def inspect(
    place: Place,
    sizes: Annotated[
        bool, typer.Option("--sizes", help="Print what takes up space, largest first.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Print what is in a release."""
    found = reader.read(place, measured=sizes)
    facts = summary.describe(found)
    if as_json:
        _print_json(facts)
    elif not found.is_release:
        _print_package(facts)
    elif sizes:
        _print_sizes(found)
    else:
        _print_summary(facts)


def diff(old: Place, new: Place, as_json: Json = False) -> None:
    """Compare two releases; exit 1 if they differ."""
    found = difference.between(reader.read(old), reader.read(new))
    if as_json:
        _print_json(found)
    else:
        for name, (before, after) in found["packages"].items():
            print(line(f"package {name}: {before or 'not inside'} -> {after or 'not inside'}"))
        for key, (before, after) in found["settings"].items():
            print(line(f"{key}: {_shown(before)} -> {_shown(after)}"))
        for kind, paths in found["files"].items():
            for path in paths[:FEW]:
                print(line(f"{kind} {path}"))
            if len(paths) > FEW:
                print(f"{kind} {len(paths) - FEW} more (--json lists all)")
    if not difference.is_empty(found):
        raise typer.Exit(Exit.FAILED)


def _named(found: ReleaseContents) -> str:
    """What it is: a release's name and version, or a package's."""
    if found.is_release:
        facts = foreign_manifest.read(found)
        return f"{facts['name']} {facts['version']}"
    return f"{found.control.get('Package')} {found.control.get('Version')}"


def _print_summary(facts: dict[str, Any]) -> None:
    python, target, lock = facts["python"], facts["target"], facts["lock"]
    floor = f", glibc {target['glibc']} or newer" if target.get("glibc") else ""
    rows = {
        "release": f"{facts['name']} {facts['version']} ({facts['env']})",
        "revision": facts["revision"] or "none",
        "runs on": f"{target['system']}-{target['machine']}{floor}",
        "python": f"{python['version']} ({python['source']})",
        "lock": f"{lock['file']}, sha256 {lock['sha256']}" if lock else "none",
        **_added_lock(lock or {}),
        "services": ", ".join(facts["services"]) or "none",
        "commands": ", ".join(facts["commands"]) or "none",
        "size": f"{human_size(facts['unpacked'])} in {facts['files']} files",
    }
    if facts["size"]:
        rows["packed"] = (
            f"{human_size(facts['size'])} ({facts['format']}), sha256 {facts['sha256']}"
        )
    _print_rows(rows)
    print()
    wide = max((len(f"{row['name']} {row['version']}") for row in facts["packages"]), default=0)
    for row in facts["packages"]:
        name = f"{row['name']} {row['version']}"
        print(line(f"{name:<{wide}}  {human_size(row['size']):>9}  {row['licence']}"))


def _added_lock(lock: dict[str, Any]) -> dict[str, str]:
    """The row of the lock that relforge wrote beside another tool's, where there is one."""
    name, digest = lock.get("added"), lock.get("added_sha256")
    return {"added lock": f"{name}, sha256 {digest}"} if name else {}


def _print_package(facts: dict[str, Any]) -> None:
    """A Debian package that leads to a version, and holds none."""
    says = facts["package"]
    _print_rows(
        {
            "package": f"{says.get('Package')} {says.get('Version')}, no release inside",
            "depends": says.get("Depends", "nothing"),
            "packed": f"{human_size(facts['size'])} (deb), sha256 {facts['sha256']}",
        }
    )
    print()
    for path in facts["files"]:
        print(line(f"/{path}"))


def _print_rows(rows: dict[str, str]) -> None:
    for name, text in rows.items():
        print(line(f"{name:<10} {text}"))


def _print_sizes(found: ReleaseContents) -> None:
    """Parts, the largest first, then the layers; what a part takes of an artifact is about so."""
    packed = summary.packed_parts(found)
    total = sum(file.size for file in found.files.values())
    print("  unpacked" + ("    packed, about" if packed else ""))
    for name, size in summary.parts(found).items():
        share = f"{100 * size / (total or 1):5.1f} %"
        taken = f"  {human_size(packed[name]):>9}" if packed else ""
        print(line(f"{human_size(size):>9}  {share}{taken}  {name}"))
    taken = f"  {human_size(found.size):>9}" if found.size else ""
    print(f"{human_size(total):>9}  100.0 %{taken}  total")
    print()
    for row in summary.layers(found):
        print(line(f"{human_size(row['size']):>9}  layer {row['name']}, {row['files']} files"))


def _shown(value: Any) -> str:
    return "none" if value is None else json.dumps(value)


def _print_json(value: dict[str, Any]) -> None:
    json.dump(value, sys.stdout)
    print()
