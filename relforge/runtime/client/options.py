"""The options of one command, without the cost of argparse."""

from __future__ import annotations

from ..errors import USAGE, Refusal

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


class Options:
    """``flags`` that were given, ``values`` by option, and the other ``words``."""

    __slots__ = ("flags", "values", "words")

    def __init__(self) -> None:
        self.flags: set[str] = set()
        self.values: dict[str, str] = {}
        self.words: list[str] = []


def parse(argv: list[str], *, flags: str = "", values: str = "") -> Options:
    """Sort ``argv``; ``flags`` and ``values`` hold the option names, separated by blanks.

    ``--option VALUE`` and ``--option=VALUE`` are the same, ``--`` ends the
    options, ``-`` and negative numbers are words.  Raises Refusal.
    """
    found = Options()
    rest = list(argv)
    while rest:
        word = rest.pop(0)
        if word == "--":
            found.words += rest
            break
        if not word.startswith("-") or word == "-" or word[1:2].isdigit():
            found.words.append(word)
            continue
        name, equals, value = word.partition("=")
        if name in flags.split() and not equals:
            found.flags.add(name)
        elif name in values.split():
            if not equals and not rest:
                raise Refusal(f"{name} needs a value", code=USAGE)
            found.values[name] = value if equals else rest.pop(0)
        else:
            known = ", ".join(sorted(f"{flags} {values}".split())) or "none"
            raise Refusal(f"unknown option {word!r}", hint=f"options: {known}", code=USAGE)
    return found


def seconds(text: str, option: str) -> float:
    """``3``, ``3s``, ``500ms`` or ``1m`` in seconds; raises Refusal that names the option."""
    for unit in ("ms", "s", "m", "h", ""):
        if text.endswith(unit):
            number = text.removesuffix(unit)
            try:
                result = float(number) * _UNITS.get(unit, 1.0)
            except ValueError:
                break
            if 0 < result < float("inf"):
                return result
            break
    raise Refusal(f"{option} {text}: not a duration", hint="write 3s, 500ms or 1m", code=USAGE)


def most(options: Options, count: int, usage: str) -> None:
    """Refuse more words than the command takes."""
    if len(options.words) > count:
        extra = options.words[count]
        raise Refusal(f"{extra!r} is one argument too many", hint=f"usage: {usage}", code=USAGE)
