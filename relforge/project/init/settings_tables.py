"""The settings that fit a project, as tables with comments."""

from __future__ import annotations

from collections.abc import Iterator

from relforge.project.init import completing, config_tables, judge, service_tables
from relforge.project.init.assets import assets
from relforge.project.init.contents import Tree
from relforge.project.init.document import Row, Table, listed, toml
from relforge.project.init.found import Found


def of(found: Found) -> tuple[Table, ...]:
    """All of them, in the order in which a reader wants them."""
    return (
        _top(found),
        *_dependencies(found),
        *assets(found),
        *(service_tables.service(row) for row in found.services),
        *(service_tables.example(found) if not found.services else ()),
        *(service_tables.command(found, row) for row in found.commands),
        config_tables.config(found),
        *config_tables.schema(found),
        *config_tables.check(found),
    )


def _top(found: Found) -> Table:
    rows = []
    if not found.name_is_written:
        rows.append(Row(key="name", value=toml(found.name)))
    if not found.version_is_written:
        rows.append(Row(key="version", value='"0.1.0"', note='or { git = "describe" }'))
    choice = found.python
    rows.append(Row(key="python", value=toml({"version": choice.version}), note=choice.why))
    if found.dependencies.named:
        rows.append(Row(key="requirements", value=toml(found.dependencies.named)))
    if found.lock:
        note = "found in the project; all dependencies come from it"
        if completing.of(found).add:
            note += ", except those in `add`"
        rows.append(Row(key="lock", value=toml(found.lock), note=note, off=True))
    else:
        comment = "# There is no lock with hashes yet: `relforge lock` writes pylock.toml."
        rows.append(Row(key="", value=comment))
    if found.contents.trees is not None:
        comment = "# What goes into the release, as it is, below app/."
        rows += [
            Row(key="", value=comment),
            Row(key="app", value=_trees(found.contents.trees)),
        ]
    if found.overlays:
        comment = "# Beside the project's wheel, below app/."
        copies = tuple({"copy": path, "to": f"app/{path}"} for path in found.overlays)
        rows += [Row(key="", value=comment), Row(key="overlays", value=listed(copies))]
    elif found.state_directories:
        comment = (
            "# The sources keep a database there: move it to $RELEASE_STATE_DIR before you deploy."
        )
        made = tuple({"mkdir": f"app/{path}"} for path in found.state_directories)
        rows += [Row(key="", value=comment), Row(key="overlays", value=listed(made))]
    return Table(name="", rows=tuple(rows))


def _dependencies(found: Found) -> Iterator[Table]:
    """What the project's own dependencies lack."""
    keys = completing.of(found).keys
    if keys:
        rows = tuple(Row(key=name, value=toml(value)) for name, value in keys.items())
        names = " and ".join(judge.lacking(found))
        text = f"The services need {names}, which the project's dependencies lack."
        if not names:
            text = (
                "No file that relforge reads has dependencies; these are what the sources import."
            )
        yield Table(name="dependencies", rows=rows, comments=(text,))


def _trees(trees: tuple[Tree, ...]) -> str:
    """``app``: a list of paths, a table of a root, or a list of both."""
    plain = [path for row in trees if not row.root for path in row.include]
    tables = [{"root": row.root, "include": list(row.include)} for row in trees if row.root]
    if not tables:
        return listed(tuple(plain))
    if len(tables) == 1 and not plain:
        return toml(tables[0])
    return listed((*tables, *plain))
