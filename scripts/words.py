"""Refuse the words that docs/contributing/style.md rules out in strings that users see.

Usage: words.py [--all]

``words.toml`` beside this file has how often each of them may still occur: a ratchet, which
`words.py --write` lowers.  ``--all`` prints each place.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIMITS = Path(__file__).with_suffix(".toml")
WORDS = re.compile(
    r"\b(tell|tells|told|is no|are no|mend|mends|mended|anew|besides|whoever|lies|of its own|"
    r"folders?|harmed|beat|beats|whom)\b"
)
HEAD = "# How often a word may still occur in strings; scripts/words.py --write lowers it.\n"
Place = tuple[str, int, str, str]


def strings(tree: ast.Module) -> Iterator[ast.Constant]:
    """The strings of a module that are no docstrings."""
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


def places() -> Iterator[Place]:
    """File, line, word and text of each."""
    for path in sorted((ROOT / "relforge").rglob("*.py")):
        for node in strings(ast.parse(path.read_text())):
            text = str(node.value)
            for word in WORDS.findall(text):
                yield str(path.relative_to(ROOT)), node.lineno, word, " ".join(text.split())


def main(arguments: list[str]) -> int:
    """Print what is wrong; the exit status."""
    found = list(places())
    counts = Counter(word for _, _, word, _ in found)
    if "--write" in arguments:
        rows = "".join(f'"{word}" = {count}\n' for word, count in sorted(counts.items()))
        LIMITS.write_text(HEAD + rows)
        return 0
    limits = tomllib.loads(LIMITS.read_text())
    more = {word for word, count in counts.items() if count > limits.get(word, 0)}
    for file, line, word, text in found:
        if "--all" in arguments or word in more:
            print(f"{file}:{line}: {word}: {text[:100]}")
    for word in sorted(more):
        print(f"`{word}` occurs {counts[word]} times, {limits.get(word, 0)} are allowed", end="")
        print(": see docs/contributing/style.md")
    return bool(more)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
