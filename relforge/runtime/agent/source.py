"""Source text as people type it: complete or not, and compiled with top-level ``await``."""

from __future__ import annotations

import ast
import codeop
import linecache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType

ONLY_AST: int = ast.PyCF_ONLY_AST
AWAIT = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


def parts(text: str, name: str) -> tuple[list[CodeType], bool]:
    """The code objects of ``text`` in order, and whether the last one has a value.

    Statements come first, then a last expression by itself; code that awaits
    has ``CO_COROUTINE`` set.  Raises SyntaxError.
    """
    # Not ast.parse(), which would stand in the traceback of a syntax error.
    tree: ast.Module = compile(text, name, "exec", ONLY_AST, dont_inherit=True)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    made = []
    if tree.body:
        made.append(compile(tree, name, "exec", flags=AWAIT, dont_inherit=True))
    if isinstance(last, ast.Expr):
        expression = ast.Expression(last.value)
        made.append(compile(expression, name, "eval", flags=AWAIT, dont_inherit=True))
    return made, last is not None


def dedented(text: str) -> str:
    """Without the indentation that all lines share, where the first one is indented.

    A blank before an input keeps it out of the history, and a shell's quotes
    let people indent what they pass on.
    """
    if not text.lstrip("\n").startswith((" ", "\t")):
        return text
    import textwrap

    return textwrap.dedent(text)


def complete(text: str) -> bool:
    """Is there nothing more to type?

    As at Python's own prompt: a compound statement ends with an empty line,
    and what cannot become valid any more is complete, for its error to show.
    """
    compiler = codeop.CommandCompiler()
    compiler.compiler.flags |= AWAIT
    try:
        return compiler(dedented(text), "<console>", "single") is not None
    except (SyntaxError, ValueError, OverflowError):
        return True


def remember(name: str, text: str) -> None:
    """Let tracebacks show the lines of ``text`` under this file name."""
    # Without a time, `linecache` does not look for a file.
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)


def forget(name: str) -> None:
    """Give up what ``remember`` holds."""
    linecache.cache.pop(name, None)
