"""``install``, ``releases``, ``upgrade``, ``rollback``, ``uninstall``, ``prune``."""

from __future__ import annotations

import json
import os

from .. import columns, options
from ..contract import manifest
from ..errors import DONE, USAGE, Refusal
from ..versions import place as places
from ..versions.book import Book
from ..versions.place import DeployRoot
from . import usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..options import Options
    from ..versions.switch import How


def upgrade(argv: list[str]) -> int:
    """Switch to an installed version, without losing a request where one runs."""
    given = options.parse(argv, flags="--dry-run --on-restart --json")
    version = _one(given, usage("upgrade"))
    from ..versions import switch

    with Book(_here(), f"upgrade to {version}") as book:
        result = switch.to(book, version, "upgrade", _how(given))
    return _print(given, result, _switched(result))


def rollback(argv: list[str]) -> int:
    """Switch to the version that served before the current one."""
    given = options.parse(argv, flags="--dry-run --on-restart --json")
    options.most(given, 0, usage("rollback"))
    from ..versions import listing, switch

    with Book(_here(), "rollback") as book:
        version = listing.target(book.place, book.journal)
        if version is None:
            raise Refusal(
                "no version to go back to",
                hint="`releases` lists the installed versions; `upgrade VERSION` switches to one",
            )
        result = switch.to(book, version, "rollback", _how(given))
    return _print(given, result, _switched(result))


def install(argv: list[str]) -> int:
    """Verify an artifact and unpack it beside what is there; nothing is switched."""
    given = options.parse(argv, flags="--json", values="--root --sha256 --allowed-signers")
    what = _one(given, usage("install"))
    from ..versions.fetch import label
    from ..versions.install import InstallRequest, install

    root = given.values.get("--root")
    place = _here() if root is None else DeployRoot(os.path.abspath(root))
    name = manifest.load(manifest.root())["name"]
    wanted = InstallRequest(
        what, given.values.get("--sha256", ""), given.values.get("--allowed-signers"), name
    )
    with Book(place, f"install of {label(what)}") as book:
        result = install(book, wanted)
    version = result["version"]
    line = f"{version} is installed" + ("" if result["changed"] else " already")
    return _print(given, result, line)


def releases(argv: list[str]) -> int:
    """What is installed; nothing is changed or repaired."""
    given = options.parse(argv, flags="--json")
    options.most(given, 0, usage("releases"))
    from ..versions import listing
    from ..versions.journal import DeployJournal

    place = _here()
    journal = DeployJournal(place)
    rows = listing.rows(place, journal)
    result = {
        "root": place.root,
        "current": place.pointed(),
        "rollback": listing.target(place, journal),
        "unfinished": journal.unfinished(),
        "releases": rows,
    }
    return _print(given, result, "\n".join(_table(result)))


def uninstall(argv: list[str]) -> int:
    """Remove a version that nothing needs."""
    given = options.parse(argv, flags="--json")
    version = _one(given, usage("uninstall"))
    from ..versions import listing
    from ..versions.install import uninstall

    with Book(_here(), f"uninstall of {version}") as book:
        was = listing.target(book.place, book.journal)
        result = uninstall(book, version)
        now = listing.target(book.place, book.journal)
    line = f"{version} was removed" if result["changed"] else f"{version} is not installed"
    if result["changed"] and was == version:
        line += (
            f"; `rollback` now goes to {now}"
            if now
            else ("; `rollback` has no version to go back to now")
        )
    return _print(given, result, line)


def prune(argv: list[str]) -> int:
    """Remove all but the newest, and never what is needed."""
    given = options.parse(argv, flags="--dry-run --json", values="--keep")
    options.most(given, 0, usage("prune"))
    keep = given.values.get("--keep", "")
    if not keep.isdecimal():
        raise Refusal("--keep needs a number", hint="prune --keep 3", code=USAGE)
    from ..versions import listing
    from ..versions.install import uninstall

    dry = "--dry-run" in given.flags
    with Book(_here(), "prune") as book:
        spare = listing.spare(book.place, book.journal, int(keep))
        for version in [] if dry else spare:
            uninstall(book, version)
    result = {"removed": spare, "changed": bool(spare) and not dry, "dry": dry}
    what = "would be removed" if dry else "removed"
    return _print(given, result, f"{what}: {', '.join(spare) or 'nothing'}")


def _how(given: Options) -> How:
    from ..versions.switch import How

    return How(dry="--dry-run" in given.flags, on_restart="--on-restart" in given.flags)


def _here() -> DeployRoot:
    return places.of(manifest.root())


def _one(given: Options, known: str) -> str:
    options.most(given, 1, known)
    if not given.words:
        raise Refusal(f"usage: {os.environ.get('RELEASE_NAME', 'app')} {known}", code=USAGE)
    return given.words[0]


def _table(result: dict[str, Any]) -> list[str]:
    lines = [("", "VERSION", "INSTALLED", "IS")]
    for row in result["releases"]:
        words = [name for name in ("current", "running") if row[name]]
        words += ["rollback goes here"] if row["version"] == result["rollback"] else []
        words += [f"failed: {row['failed']['why']}"] if row["failed"] else []
        at = row["installed"].partition(".")[0].replace("T", " ")
        lines.append(("*" if row["current"] else "", row["version"], at, ", ".join(words)))
    table = columns.lines(lines)
    if result["unfinished"]:
        begun = result["unfinished"]
        table.append(f"unfinished: {begun['op']} of {begun['version']}")
    return table


def _switched(result: dict[str, Any]) -> str:
    version, old = result["version"], result["old"]
    if "services" in result:
        rows = [f"  {row['change']} {row['name']}" for row in result["services"]]
        return "\n".join([f"{version} can take over from {old}:", *rows])
    if result["dry"]:
        return f"{version} can become the current version"
    if not result["changed"]:
        return (
            f"{version} is running already"
            if result["running"]
            else f"{version} is current already"
        )
    if result["running"] and result["on_restart"]:
        return f"{version} is current, and runs from the next restart on; {old} is running"
    if result["running"]:
        return f"upgraded from {old} to {version}"
    return f"{version} is current; it is not running"


def _print(given: Options, result: dict[str, Any], line: str) -> int:
    print(json.dumps(result, indent=2) if "--json" in given.flags else line)
    return DONE
