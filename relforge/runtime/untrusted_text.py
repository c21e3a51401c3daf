"""Text that others wrote, for a terminal: names in archives, lines of a log, answers of a process.

Escaped is what a terminal acts on (C0, DEL, C1), what looks like a line end
without being one, and what turns the direction of the text around it or hides in it.
"""

from __future__ import annotations

# Line ends, tabs, spaces of other scripts, and what joins the signs of Persian, Hindi and emoji.
_PASS = frozenset("\n\t\u00a0\u00ad\u1680\u200c\u200d\u202f\u205f\u3000") | {
    chr(code) for code in range(0x2000, 0x200B)
}


def harmless(text: str) -> str:
    """The text with the rest escaped as Python writes it; line ends and tabs stay."""
    if text.isprintable():
        return text
    return "".join(
        sign if sign.isprintable() or sign in _PASS else ascii(sign)[1:-1] for sign in text
    )


def line(text: str) -> str:
    """The same on one line: nobody else's text looks like a line of ours."""
    return harmless(text).replace("\n", "\\n").replace("\t", "\\t")
