"""Settings as tables of lines: what `relforge init` writes, and what it proposes to add."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from relforge.support import templates

_WIDE = 92


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """``key = value``: TOML of one or several lines, with a ``note`` behind it."""

    key: str
    value: str
    note: str = ""
    off: bool = False  # written as a comment


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """``name`` is such as ``services.web``, "" for the settings' own table.

    With a ``doubt`` all of it is written as a comment, below that sentence.
    """

    name: str
    rows: tuple[Row, ...]
    comments: tuple[str, ...] = ()
    doubt: str = ""


def render(tables: tuple[Table, ...], above: str, *, whole: bool = True) -> str:
    """The text; ``above`` is ``tool.relforge``, or "" for a relforge.toml."""
    template = templates.environment({"lines": lines}).from_string(
        templates.source("init/settings.toml.j2")
    )
    return template.render(tables=tables, above=above, heading=whole and not above)


def header(table: Table, above: str) -> str:
    """``[tool.relforge.services.web]``; "" for the table of a whole relforge.toml."""
    name = ".".join(part for part in (above, table.name) if part)
    return f"[{name}]" if name else ""


def lines(table: Table, above: str = "") -> list[str]:
    """The lines of a table below its header, its comments before that."""
    found = [f"# {line}" for text in table.comments for line in textwrap.wrap(text, _WIDE)]
    if table.doubt:
        sentence = f"Not written as settings: {table.doubt}."
        found += [f"# {line}" for line in textwrap.wrap(sentence, _WIDE)]
    off = "# " if table.doubt else ""
    head = header(table, above)
    if head:
        found.append(f"{off}{head}")
    for row in table.rows:
        mark = "# " if row.off and not off else off
        text = f"{row.key} = {row.value}" if row.key else row.value
        rows = text.splitlines()
        if row.note:
            rows[-1] = f"{rows[-1].ljust(36 - len(mark))}  # {row.note}"
        found += [f"{mark}{line}" for line in rows]
    return found


def toml(value: Any) -> str:
    """A value as TOML: its basic strings escape as JSON's do."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        rows = (f"{key(name)} = {toml(row)}" for name, row in value.items())
        return f"{{ {', '.join(rows)} }}" if value else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(toml(row) for row in value)}]"
    return str(value)


def key(name: str) -> str:
    """A key, in quotes where it needs them."""
    plain = name.replace("_", "").replace("-", "")
    return name if plain.isascii() and plain.isalnum() else toml(name)


def listed(values: tuple[Any, ...]) -> str:
    """A list, a value on each line where one line would be too long."""
    text = toml(values)
    if len(text) < _WIDE - 10:
        return text
    return "[\n" + "".join(f"  {toml(row)},\n" for row in values) + "]"
