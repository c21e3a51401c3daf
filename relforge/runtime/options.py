"""The options of one command, without the cost of argparse."""

from __future__ import annotations

from .errors import USAGE, Refusal


class Options:
    """``flags`` that were given, ``values`` by option, and the other ``words``."""

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


def passed(words: list[str]) -> list[str]:
    """The words that a program gets: behind a first ``--`` any word is its own."""
    return words[1:] if words[:1] == ["--"] else words


def seconds(text: str, option: str) -> float:
    """``3``, ``3s``, ``500ms`` or ``1h30m`` in seconds; raises Refusal that names the option."""
    from .contract import amount
    from .contract.wrong import Wrong

    try:
        found = amount.seconds(text)
    except Wrong as wrong:
        reason = f": it {wrong.problem}" if wrong.problem else ""
    else:
        if found > 0:
            return found
        reason = ": it must be more than 0"
    raise Refusal(
        f"{option} {text}: not a duration{reason}", hint="write 3s, 500ms or 1m", code=USAGE
    )


def most(options: Options, count: int, usage: str) -> None:
    """Refuse more words than the command takes."""
    if len(options.words) > count:
        extra = options.words[count]
        raise Refusal(f"{extra!r} is one argument too many", hint=f"usage: {usage}", code=USAGE)
