"""Refuse the words that docs/contributing/style.md rules out in strings that users see."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORDS = re.compile(
    r"\b(tell|tells|told|(?<!there )(?<!There )(?:is|are) no(?! longer)|mend|mends|mended|anew|"
    r"besides|whoever|lies|of its own|folders?|harmed|beat|beats|whom)\b"
)
# File and text of what may stay, with the reason.
ALLOWED = {
    ("pipeline/build_record.py", "folders"): "a key of the record in the cache",
    ("project/init/workers.py", "beat"): "the program and package of Celery",
    ("project/init/schedulers.py", "beat"): "the program and package of Celery",
    ("runtime/commands/lifecycle.py", "told"): "a key of the supervisor's protocol",
}


def strings(tree: ast.Module) -> Iterator[ast.Constant]:
    """The strings of a module other than docstrings."""
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    documented = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, owners) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if isinstance(node, ast.Constant) and text and id(node) not in documented:
            yield node


def main() -> int:
    """Print each place of a word that is ruled out; the exit status."""
    package = ROOT / "relforge"
    unused = set(ALLOWED)
    wrong = False
    for path in sorted(package.rglob("*.py")):
        file = str(path.relative_to(package))
        for node in strings(ast.parse(path.read_text())):
            text = str(node.value)
            for word in WORDS.findall(text):
                if (file, word) in ALLOWED:
                    unused.discard((file, word))
                    continue
                print(f"relforge/{file}:{node.lineno}: `{word}` is ruled out: {text[:80]!r}")
                wrong = True
    for file, word in sorted(unused):
        print(f"scripts/words.py: `{word}` no longer occurs in {file}: remove it from ALLOWED")
        wrong = True
    if wrong:
        print("see docs/contributing/style.md")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
