"""Names of keys: ``db.url`` for people, a tuple of table names inside."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    Path = tuple[str, ...]

MISSING: Any = object()
DEEPEST = 50  # tables and lists inside one another


def split(key: str) -> Path:
    """The path that a key of the schema names."""
    return tuple(key.split("."))


def show(path: Iterable[str]) -> str:
    """A path as TOML would write it: in quotes a name with a dot, with nothing, or with signs
    that a terminal would act on."""
    return ".".join(name if _is_bare(name) else _quoted(name) for name in path)


def lookup(values: Any, key: str) -> Any:
    """The value at a dotted key, or MISSING."""
    return find(values, key)[1]


def find(values: Any, key: str) -> tuple[Path, Any]:
    """The path and the value at a dotted key; the value is MISSING where nothing is there.

    A name may hold dots itself: ``hosts.example.com`` finds what ``show`` writes
    as ``hosts."example.com"``, which is understood as well.
    """
    if not isinstance(values, dict):
        return (), MISSING
    at = 0
    while at < len(key):
        at = key.find(".", at + 1)
        at = len(key) if at < 0 else at
        quoted = at > 1 and key[0] == key[at - 1] == '"'
        name = key[1 : at - 1] if quoted else key[:at]
        if name not in values:
            continue
        if at == len(key):
            return (name,), values[name]
        path, value = find(values[name], key[at + 1 :])
        if value is not MISSING:
            return (name, *path), value
    return (), MISSING


def put(values: dict[str, Any], path: Path, value: Any) -> None:
    """Set a value in nested tables, making those that lack."""
    for name in path[:-1]:
        values = values.setdefault(name, {})
    values[path[-1]] = value


def leaves(values: Mapping[str, Any], above: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Each value but tables, with its path; an empty table counts as one, and one too deep."""
    for name, value in values.items():
        if isinstance(value, dict) and value and len(above) <= DEEPEST:
            yield from leaves(value, (*above, name))
        else:
            yield (*above, name), value


def place(file: str, lines: Mapping[Path, int], path: Path) -> str:
    """``/etc/x.toml:7``: where a file sets a key, or the table around it."""
    for size in range(len(path), 0, -1):
        if path[:size] in lines:
            return f"{file}:{lines[path[:size]]}"
    return file


def _is_bare(name: str) -> bool:
    return name != "" and name.isprintable() and not any(sign in name for sign in '."')


def _quoted(name: str) -> str:
    return json.dumps(name, ensure_ascii=not name.isprintable())


def nearest(key: str, known: Iterable[str]) -> str:
    """``; did you mean db.url?``, or nothing where no key comes near."""
    near = closest(key, known)
    return f"; did you mean {near}?" if near else ""


def closest(key: str, known: Iterable[str]) -> str:
    """The key that may have been meant, "" where none comes near."""
    from difflib import get_close_matches

    rows = sorted(known)
    near = get_close_matches(key, rows, 1, 0.6)
    if not near:
        # The right name in the wrong table, or with none.
        last = key.rpartition(".")[2]
        near = [row for row in rows if row.rpartition(".")[2] == last][:1]
    return near[0] if near else ""
