"""What is typed, in colors: a lexer of the few kinds that help reading."""

from __future__ import annotations

import builtins
import keyword
import re

from prompt_toolkit.document import Document
from prompt_toolkit.lexers import Lexer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from prompt_toolkit.formatted_text import StyleAndTextTuples

STYLE = [
    ("prompt", "ansigreen bold"),
    ("prompt-continuation", "ansibrightblack"),
    ("keyword", "ansiblue bold"),
    ("string", "ansiyellow"),
    ("number", "ansimagenta"),
    ("comment", "ansibrightblack"),
    ("builtin", "ansicyan"),
    ("percent", "ansigreen"),
]
_TOKENS = re.compile(
    r"""(?P<comment>\#[^\n]*)
    |(?P<string>\b[rbfuRBFU]{0,2}(?:'''.*?(?:'''|\Z)|\"\"\".*?(?:\"\"\"|\Z)
        |'(?:\\.|[^'\\\n])*'?|"(?:\\.|[^"\\\n])*"?))
    |(?P<number>\b\d[\w.]*)
    |(?P<percent>\A\s*%\w+)
    |(?P<word>[^\W\d]\w*)""",
    re.VERBOSE | re.DOTALL,
)
_BUILTINS = frozenset(name for name in dir(builtins) if not name.startswith("_"))


class Python(Lexer):
    """Colors Python and the ``%`` commands; text that is not Python gets some colors, too."""

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        lines: list[StyleAndTextTuples] = [[]]
        for style, text in _pieces(document.text):
            for number, part in enumerate(text.split("\n")):
                if number:
                    lines.append([])
                if part:
                    lines[-1].append((style, part))
        return lambda number: lines[number] if number < len(lines) else []


def _pieces(text: str) -> list[tuple[str, str]]:
    found, end = [], 0
    for match in _TOKENS.finditer(text):
        found.append(("", text[end : match.start()]))
        found.append((_style(match), match[0]))
        end = match.end()
    return [*found, ("", text[end:])]


def _style(match: re.Match[str]) -> str:
    kind = match.lastgroup
    if kind != "word":
        return f"class:{kind}"
    if keyword.iskeyword(match[0]):
        return "class:keyword"
    return "class:builtin" if match[0] in _BUILTINS else ""
