"""Durations and sizes as people write them.

The one grammar of settings, of the configuration, of environment variables and
of the options of commands.  What `Wrong` says continues a sentence that began
with the value, which may be secret.

    duration    90  1.5  "90"  "20s"  "500ms"  "1h30m"  "2 h"     seconds
    size        512  "512"  "10 kB"  "1.5 GB"  "2g"  "64MiB"  "64Mi"      bytes
"""

from __future__ import annotations

from .wrong import Wrong

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
LONGEST = 36525 * 86400.0  # 100 years: what calculates with it stays far from any overflow
SIZES = {"": 1, "b": 1} | {
    f"{letter}{suffix}": base**power
    for power, letter in enumerate("kmgt", 1)
    for suffix, base in (("", 1000), ("b", 1000), ("i", 1024), ("ib", 1024))
}
LARGEST = 2**63 - 1  # what a file, and setrlimit(2), can have
DURATION = 'a duration such as "20s", "1h30m" or "500ms"'  # in words
SIZE = 'a size such as "50 MB" or "64MiB"'

_DIGITS = "0123456789"
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MOST_DIGITS = 30


def seconds(value: object) -> float:
    """How long that is: a number of seconds, or a text with units; raises Wrong."""
    if isinstance(value, str):
        number = _alone(value.strip())
        found = _together(value) if number is None else number
    elif isinstance(value, int | float) and not isinstance(value, bool):
        found = value
    else:
        raise Wrong
    if not float("-inf") < found < float("inf"):  # NaN is not either
        raise Wrong("is not a finite number")
    if found < 0:
        raise Wrong("is negative")
    if found > LONGEST:
        raise Wrong("is longer than 100 years")
    return float(found)


def size(value: object) -> int:
    """How many bytes that is: a whole number, or a text with a unit; raises Wrong."""
    if isinstance(value, str):
        found = _bytes(value.strip())
    elif isinstance(value, int) and not isinstance(value, bool):
        found = value
    else:
        raise Wrong
    if found < 0:
        raise Wrong("is negative")
    if found > LARGEST:
        raise Wrong("is more than 8 EiB")
    return found


def _alone(text: str) -> float | None:
    """The number that a text is, such as ``1.5`` or ``1e3``; None where it is more than that."""
    if not text or text.strip("0123456789.+-eE"):
        return None
    try:
        return float(text)
    except ValueError:
        return None


def _together(text: str) -> float:
    total = 0.0
    for number, unit in _parts(text):
        if unit not in SECONDS:
            hint = f"the units are {', '.join(SECONDS)}"
            raise Wrong("has an unknown unit" if unit else "", hint=hint)
        total += float(number) * SECONDS[unit]
    return round(total, 6)


def _bytes(text: str) -> int:
    if text.startswith("-") and text[1:2].isdigit():
        raise Wrong("is negative")
    parts = list(_parts(text))
    if len(parts) != 1:
        raise Wrong
    number, unit = parts[0][0], parts[0][1].lower()
    if unit not in SIZES:
        raise Wrong(
            "has an unknown unit",
            hint="kB, MB, GB, TB count by 1000, KiB, MiB, GiB, TiB (Ki, Mi, Gi, Ti) by 1024",
        )
    whole, _, fraction = number.partition(".")
    found: int
    found, rest = divmod(int(whole + fraction) * SIZES[unit], 10 ** len(fraction))
    if rest:
        raise Wrong("is not a whole number of bytes")
    return found


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """``1h30m`` as pairs of number and unit; raises Wrong for what is not such a text."""
    rest = text.strip()
    if not rest:
        raise Wrong
    while rest:
        after = rest.lstrip(f"{_DIGITS}.")
        number, rest = rest[: len(rest) - len(after)], after.lstrip()
        after = rest.lstrip(_LETTERS)
        unit, rest = rest[: len(rest) - len(after)], after.lstrip()
        if len(number) > _MOST_DIGITS:
            raise Wrong("has too many digits")
        if not number or number.count(".") > 1 or "." in (number[0], number[-1]):
            raise Wrong
        yield number, unit
