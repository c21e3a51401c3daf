"""The page of the documentation that holds the tables, each between two marks of its name."""

from __future__ import annotations

from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "explanation" / "benchmarks.md"


def put(name: str, text: str) -> None:
    """Put a text in the place of the one between ``<!-- NAME -->`` and its end."""
    start, end = f"<!-- {name} -->\n", f"<!-- end of the {name} -->\n"
    before, rest = PAGE.read_text().split(start)
    PAGE.write_text(before + start + text + end + rest.split(end)[1])
