"""Print by package what `coverage json` has found: statements, branches, and the share reached."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

KEYS = ("num_statements", "covered_lines", "num_branches", "covered_branches")
LEAST = 85.0  # percent: a package below it is marked


def package(file: str) -> str:
    """``checks`` of the builder, ``runtime/agent`` of the runtime."""
    words = Path(file).parts
    words = words[words.index("relforge") + 1 : -1]
    return "/".join(words[:2] if words[:1] == ("runtime",) else words[:1]) or "."


def main(path: str) -> int:
    """Print the table of a report at that path."""
    found: dict[str, Counter[str]] = {}
    for file, row in json.loads(Path(path).read_text())["files"].items():
        numbers = {key: row["summary"][key] for key in KEYS}
        found.setdefault(package(file), Counter()).update(numbers)
    total = sum(found.values(), Counter[str]())
    print(
        f"{'package':<22}{'statements':>11}{'reached':>9}{'branches':>10}{'reached':>9}{'all':>8}"
    )
    for name, row in [*sorted(found.items()), ("together", total)]:
        whole = row["num_statements"] + row["num_branches"]
        share = 100 * (row["covered_lines"] + row["covered_branches"]) / whole if whole else 100.0
        mark = "  below" if share < LEAST else ""
        print(
            f"{name:<22}{row['num_statements']:>11}{row['covered_lines']:>9}"
            f"{row['num_branches']:>10}{row['covered_branches']:>9}{share:>7.1f}%{mark}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
