"""Text that others wrote, for a terminal."""

from __future__ import annotations


def harmless(text: str) -> str:
    """The text with whatever a terminal would act on escaped: it may quote any file's name."""
    return "".join(
        sign if sign.isprintable() or sign in "\n\t" else repr(sign)[1:-1] for sign in text
    )


def line(text: str) -> str:
    """The same on one line: nobody else's text looks like a line of ours."""
    return harmless(text).replace("\n", "\\n").replace("\t", "\\t")
