"""``relforge cache info``, ``clean`` and ``verify``."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import defaultdict
from typing import Annotated, Any

import typer

from relforge import cache
from relforge.cache.housekeeping.inventory import CacheEntry, entries
from relforge.cache.housekeeping.limit import limit
from relforge.cache.housekeeping.removal import Wanted
from relforge.cache.housekeeping.removal import clean as remove
from relforge.cache.housekeeping.sizes import on_disk
from relforge.cache.housekeeping.verification import repair as remove_damaged
from relforge.cache.housekeeping.verification import verify as check
from relforge.cli import report
from relforge.cli.commands import examples
from relforge.cli.options import Json
from relforge.runtime.contract import amount
from relforge.runtime.contract.wrong import Wrong
from relforge.support.errors import Exit, UserError

app = typer.Typer(
    help="Show, clean and verify the cache.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _group() -> None:
    """Show, clean and verify the cache."""
    home = cache.home()
    if os.path.lexists(home) and not home.is_dir():
        raise UserError(
            f"{home}: the cache must be a directory, and this is a file",
            hint="set RELFORGE_CACHE_DIR to a directory that this user can write to",
        )


@app.command(epilog=examples("relforge cache info"))
def info(as_json: Json = False) -> None:
    """Print the location and size of the cache.

    Also prints its limit, and the size of each kind of entry.
    """
    found = entries()
    kinds: defaultdict[str, list[int]] = defaultdict(list)
    for row, size in on_disk(found).items():
        kinds[row.kind].append(size)
    total = sum(map(sum, kinds.values()))
    oldest = min((row.used for row in found), default=None)
    most = limit()
    if as_json:
        _print_json(
            {
                "path": str(cache.home()),
                "size": total,
                "entries": len(found),
                "oldest": oldest and int(oldest),
                "limit": most,
                "kinds": [
                    {"kind": kind, "entries": len(sizes), "size": sum(sizes)}
                    for kind, sizes in sorted(kinds.items())
                ],
            }
        )
        return
    print(cache.home())
    for kind, sizes in sorted(kinds.items(), key=lambda row: -sum(row[1])):
        print(f"  {kind:<10} {report.human_size(sum(sizes)):>10}  {_entries(len(sizes))}")
    of = "no limit" if most is None else f"of {report.human_size(most)}"
    print(f"  {'total':<10} {report.human_size(total):>10}  {of}")
    if oldest is not None:
        print(f"  least recently used: {time.strftime('%Y-%m-%d', time.localtime(oldest))}")


@app.command(
    epilog=examples("relforge cache clean", "relforge cache clean --older-than 30d --dry-run")
)
def clean(
    older_than: Annotated[
        str | None,
        typer.Option(
            "--older-than", help="Entries not used for this long: 12h, 30d, 8w.", metavar="TIME"
        ),
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            "--kind",
            help="Entries of this kind, as `info` lists them; repeatable.",
            metavar="KIND",
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every entry.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be removed; remove nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Remove entries from the cache.

    Without options: the least recently used ones, until the cache is within its limit.
    """
    if everything and (kind or older_than is not None):
        raise typer.BadParameter("goes with neither --kind nor --older-than", param_hint="--all")
    wanted = Wanted(
        everything=everything,
        kinds=_known(kind or []),
        older_than=None if older_than is None else _seconds(older_than),
    )
    removed = remove(wanted, dry_run=dry_run)
    if as_json:
        rows = [{**_named(row), "size": size} for row, size in removed.sizes.items()]
        _print_json({"dry_run": dry_run, "size": removed.size, "entries": rows})
        return
    if dry_run:
        for row, size in removed.sizes.items():
            print(f"{report.human_size(size):>10}  {row.name}")
    verb = "would be removed" if dry_run else "removed"
    print(f"{_entries(len(removed.sizes))} {verb}, {report.human_size(removed.size)}")


@app.command(epilog=examples("relforge cache verify --repair"))
def verify(
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Remove damaged entries; the next build recreates them."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Compare every entry with its digests."""
    verdict = check()
    gone = remove_damaged(verdict.damaged) if repair and verdict.damaged else ()
    left = len(verdict.damaged) - len(gone)
    if as_json:
        rows = [
            {**_named(row.entry), "why": row.why, "removed": row in gone} for row in verdict.damaged
        ]
        facts = {"checked": verdict.checked, "unchecked": verdict.unchecked, "damaged": rows}
        _print_json(facts)
    else:
        for row in verdict.damaged:
            print(f"{row.entry.name}: {row.why}" + (" (removed)" if row in gone else ""))
        print(f"{_entries(verdict.checked)} checked, {len(verdict.damaged)} damaged")
        if left and not repair:
            print("  to remove damaged entries: relforge cache verify --repair")
    if left and not repair:
        raise typer.Exit(Exit.FAILED)


def _seconds(text: str) -> float:
    """With a unit: nobody means 30 seconds by 30."""
    try:
        if text.strip().isdecimal():
            raise Wrong("has no unit")
        return amount.seconds(text)
    except Wrong as wrong:
        reason = f": it {wrong.problem}" if wrong.problem else ""
        raise typer.BadParameter(
            f"expected a time such as 12h, 30d or 8w, found {text!r}{reason}",
            param_hint="--older-than",
        ) from None


def _known(kinds: list[str]) -> tuple[str, ...]:
    """The kinds, which a mistyped one is not; an empty cache has none to compare with."""
    there = sorted({row.kind for row in entries()})
    for kind in kinds:
        if there and kind not in there:
            raise typer.BadParameter(
                f"the cache has no {kind!r}; it has {', '.join(there)}", param_hint="--kind"
            )
    return tuple(kinds)


def _named(row: CacheEntry) -> dict[str, Any]:
    return {"kind": row.kind, "entry": row.name}


def _entries(count: int) -> str:
    return f"{count} {'entry' if count == 1 else 'entries'}"


def _print_json(value: dict[str, Any]) -> None:
    json.dump(value, sys.stdout)
    print()
