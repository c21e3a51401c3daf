"""The references of a style sheet to other files, found as CSS reads them.

A reference is ``url(...)``, quoted or not, ``src("...")``, a string of ``image-set(...)``
and that of ``@import``.  Names are written in any case and with escapes; what
stands in comments and other strings is none (CSS Syntax Level 3, section 4).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})(?:\r\n|[ \t\r\n\f])?|\r\n|(.|\n))", re.S)
_STRING = r""""(?:[^"\\\n\r\f]|\\(?:\r\n|.|\n))*"|'(?:[^'\\\n\r\f]|\\(?:\r\n|.|\n))*'"""
_NAME = r"(?:[\w-]|[^\x00-\x7f]|\\[^\n\r\f])+"
# What a quoted or an unquoted address begins with; the latter holds no blank, quote or bracket.
_UNQUOTED = r"""(?:[^"'()\\\s\x00-\x08\x0b\x0e-\x1f\x7f]|\\[^\n\r\f])*"""
_TOKEN = re.compile(
    rf"""(?P<comment>/\*.*?(?:\*/|\Z))
    |(?P<string>{_STRING})
    |(?P<url>(?i:url)\(\s*(?!["'\s])(?P<address>{_UNQUOTED})\s*\))
    |(?P<bad>(?i:url)\(\s*(?!["'\s])(?:[^)\\]|\\.)*\)?)
    |(?P<function>{_NAME})\(
    |@(?P<at>{_NAME})
    |(?P<name>{_NAME})
    |(?P<open>[(\[{{])
    |(?P<close>[)\]}}])
    |(?P<space>\s+)
    |(?P<other>.)""",
    re.S | re.X,
)
_TAKES_STRINGS = ("url", "src", "image-set", "-webkit-image-set")
_SAFE = "/:@!$&*+,;=~-._"  # of an address that no quote and no escape is needed for
_REST = re.compile(r"[?#]")


@dataclass(frozen=True, slots=True)
class _Span:
    """An address as it is written: where, and what it says."""

    start: int
    end: int
    text: str


def references(sheet: str) -> Iterator[str]:
    """The paths that the style sheet names, without query and fragment, as written."""
    for span in _spans(sheet):
        yield _REST.split(span.text, maxsplit=1)[0]


def rewritten(sheet: str, target: Callable[[str], str | None]) -> str:
    """The style sheet with each path that ``target`` knows as that says; queries stay."""
    out, done = [], 0
    for span in _spans(sheet):
        path = _REST.split(span.text, maxsplit=1)[0]
        new = target(path)
        if new is not None:
            rest = quote(span.text[len(path) :], safe=f"{_SAFE}?#%")
            out += [sheet[done : span.start], quote(new, safe=_SAFE), rest]
            done = span.end
    return "".join([*out, sheet[done:]])


def _spans(sheet: str) -> Iterator[_Span]:
    nested: list[str] = []  # the functions and brackets that are open
    imports = False  # behind `@import`, where a string is an address
    for token in _TOKEN.finditer(sheet):
        kind = token.lastgroup if token.lastgroup != "address" else "url"
        if kind == "string":
            if imports or (nested and nested[-1] in _TAKES_STRINGS):
                yield _span(token.start() + 1, token.end() - 1, token[0][1:-1])
        elif kind == "url":
            yield _span(*token.span("address"), token["address"])
        elif kind == "function":
            nested.append(_plain(token["function"]).lower())
        elif kind == "open":
            nested.append("")
        elif kind == "close" and nested:
            nested.pop()
        if kind not in ("comment", "space"):
            imports = kind == "at" and _plain(token["at"]).lower() == "import"


def _span(start: int, end: int, text: str) -> _Span:
    return _Span(start, end, _plain(text))


def _plain(text: str) -> str:
    """The text with its escapes resolved."""

    def resolved(match: re.Match[str]) -> str:
        if match[1]:
            code = int(match[1], 16)
            return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
        return match[2] if match[2] and match[2] != "\n" else ""

    return _ESCAPE.sub(resolved, text)
