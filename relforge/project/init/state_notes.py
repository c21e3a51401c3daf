"""What an application keeps on disk, where an upgrade would lose it: a sentence each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from relforge.project.init.found import Found
from relforge.project.init.written_paths import Written

_STATE = "keep it in $RELEASE_STATE_DIR, which upgrades keep"


def of_state(found: Found) -> Iterator[str]:
    """Databases, uploads, logs; and files that are opened relative to the working directory."""
    for row in found.kept:
        yield f"{row.where} writes {row.what} inside the release ({row.path}): {_STATE}"
    known = {row.where for row in found.kept}
    by_tree = found.contents.trees is not None
    for name, facts in found.names.modules.items():
        if name in found.contents.reached or not by_tree:
            writes = [row for row in facts.written if row.inside or by_tree]
            yield from _written(facts.path, writes, known)
        if any(call.endswith("instance_path") for call in facts.calls | facts.mentions):
            yield f"{facts.path} writes into Flask's instance directory: {_STATE}"
    if found.contents.trees is None:
        rows = [
            f"{facts.path}:{line} ({path})"
            for name, facts in found.names.modules.items()
            for path, line in facts.opens
            if name in found.contents.reached
        ]
        if rows:
            yield (
                f"files are opened relative to the working directory: {', '.join(rows[:3])}; "
                "a service works in its state directory: set `cwd`"
            )


def _written(path: str, rows: Iterable[Written], known: set[str]) -> Iterator[str]:
    """A line for each kind of thing that a module writes."""
    kinds: dict[tuple[str, bool], list[Written]] = {}
    for row in rows:
        if f"{path}:{row.line}" not in known:
            kinds.setdefault((row.what, row.inside), []).append(row)
    for (what, inside), of_kind in kinds.items():
        place = "inside the release" if inside else "in the working directory"
        shown = ", ".join(row.path for row in of_kind[:2])
        more = f" and {len(of_kind) - 2} more" if len(of_kind) > 2 else ""
        yield f"{path}:{of_kind[0].line} writes {what} {place} ({shown}{more}): {_STATE}"
