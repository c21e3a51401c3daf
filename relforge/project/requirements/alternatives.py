"""Alternatives of version ranges (``^1 || ^3``) as PEP 440 has them, which knows no "or".

They become the range from the lowest to the highest, less the versions between
them: ``>=1,<4,!=2.*``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from packaging.specifiers import Specifier
from packaging.version import Version

MOST = 40  # exclusions: beyond that, no person could read what was asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class _Range:
    """From one version to another; None is without end on that side."""

    low: Version | None = None
    has_low: bool = True  # whether the end belongs to it
    high: Version | None = None
    has_high: bool = False
    excluded: tuple[str, ...] = ()


def union(alternatives: Sequence[Sequence[str]]) -> tuple[str, ...] | None:
    """The specifiers that allow what any of these allows; None where there are no such."""
    if len(alternatives) == 1:
        return tuple(alternatives[0])
    ranges = sorted(map(_range, alternatives), key=_by_low)
    found, excluded = ranges[0], list(ranges[0].excluded)
    for row in ranges[1:]:
        between = _between(found, row)
        if between is None:
            return None
        excluded += [*between, *row.excluded]
        if _reaches_further(row, found):
            found = replace(found, high=row.high, has_high=row.has_high)
    if len(excluded) > MOST:
        return None
    return (*_ends(found), *dict.fromkeys(excluded))


def hull(alternatives: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The specifiers from the lowest to the highest, with what is between the alternatives."""
    ranges = sorted(map(_range, alternatives), key=_by_low)
    found = ranges[0]
    for row in ranges[1:]:
        if _reaches_further(row, found):
            found = replace(found, high=row.high, has_high=row.has_high)
    return _ends(found)


def _range(rows: Iterable[str]) -> _Range:
    found = _Range()
    for row in rows:
        operator, text = Specifier(row).operator, Specifier(row).version
        if operator == "!=":
            found = replace(found, excluded=(*found.excluded, row))
            continue
        version = Version(text.removesuffix(".*"))
        if operator in (">", ">="):
            found = replace(found, low=version, has_low=operator == ">=")
        elif operator in ("<", "<="):
            found = replace(found, high=version, has_high=operator == "<=")
        elif operator == "~=" or text.endswith(".*"):
            kept = len(version.release) - (operator == "~=")
            found = replace(found, low=version, high=_after(version.release[:kept]))
        else:
            found = replace(found, low=version, high=version, has_high=True)
    return found


def _by_low(row: _Range) -> tuple[bool, Version, bool]:
    return row.low is not None, row.low or Version("0"), not row.has_low


def _reaches_further(row: _Range, other: _Range) -> bool:
    if row.high is None or other.high is None:
        return other.high is not None
    return (row.high, row.has_high) > (other.high, other.has_high)


def _ends(found: _Range) -> tuple[str, ...]:
    if found.low is not None and found.low == found.high:
        return (f"=={found.low}",)
    low = f"{'>=' if found.has_low else '>'}{found.low}"
    high = f"{'<=' if found.has_high else '<'}{found.high}"
    return (*((low,) if found.low else ()), *((high,) if found.high else ()))


def _between(one: _Range, other: _Range) -> tuple[str, ...] | None:
    """Specifiers that exclude what lies after the one and before the other."""
    end, start = one.high, other.low
    if end is None or start is None or end > start:
        return ()
    if end == start:
        return () if one.has_high or other.has_low else (f"!={end}",)
    if one.has_high:  # what comes right after a version has no name
        return None
    blocks = tuple(_blocks(end, start))
    if len(blocks) > MOST:
        return None
    return blocks if other.has_low else (*blocks, f"!={start}")


def _blocks(end: Version, start: Version) -> Iterator[str]:
    """``!=2.*``, ``!=3.0.*`` ...: all from the end of one up to the start of another."""
    size = max(len(end.release), len(start.release))
    here, there = _padded(end.release, size), _padded(start.release, size)
    for _ in range(MOST + 1):
        if here >= there:
            return
        for kept in range(1, size + 1):
            beyond = _padded(_after(here[:kept]).release, size)
            if not any(here[kept:]) and beyond <= there:
                yield f"!={'.'.join(map(str, here[:kept]))}.*"
                here = beyond
                break


def _after(release: Sequence[int]) -> Version:
    return Version(".".join(map(str, (*release[:-1], release[-1] + 1))))


def _padded(release: Sequence[int], size: int) -> tuple[int, ...]:
    return (*release, *([0] * (size - len(release))))
