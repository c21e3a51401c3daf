"""Copy the tables of states of `runtime.supervise.rules` into docs/explanation/supervisor.md.

Each stands between `<!-- states: MODULE -->` and `<!-- /states -->`, and in that module's
docstring.  With `--check` nothing is written, and the status is 1 where the page is stale.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
RULES = ROOT / "relforge" / "runtime" / "supervise" / "rules"
PAGE = ROOT / "docs" / "explanation" / "supervisor.md"
_BLOCK = re.compile(r"(<!-- states: (\w+) -->\n).*?(<!-- /states -->)", re.S)


def table(module: str) -> str:
    """The table in the docstring of a module."""
    text = ast.get_docstring(ast.parse((RULES / f"{module}.py").read_text())) or ""
    return "".join(f"{line}\n" for line in text.splitlines() if line.startswith("|"))


def rendered(page: str) -> str:
    """The page with each table as its module has it."""
    return _BLOCK.sub(lambda found: f"{found[1]}\n{table(found[2])}\n{found[3]}", page)


def main(arguments: list[str]) -> int:
    """The exit status."""
    page = PAGE.read_text()
    if "--check" in arguments:
        if page != rendered(page):
            print(f"{PAGE.relative_to(ROOT)} is stale: make docs-reference")
            return 1
        return 0
    PAGE.write_text(rendered(page))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
