"""Print the tables of `relforge.runtime.contract` into docs/reference/settings.md.

Each stands between `<!-- contract: NAME -->` and `<!-- /contract -->`; what is around them is
written manually.  With `--check` nothing is written, and the status is 1 where the page is stale.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from relforge.model.deploy import Deploy  # noqa: E402 - after the path
from relforge.runtime.contract import reference  # noqa: E402 - after the path
from relforge.runtime.contract.command import Argument, Command  # noqa: E402 - after the path
from relforge.runtime.contract.hook import TURNS, Hook  # noqa: E402 - after the path
from relforge.runtime.contract.job import Job  # noqa: E402 - after the path
from relforge.runtime.contract.record import Key, Record, keys  # noqa: E402 - after the path
from relforge.runtime.contract.run import Run  # noqa: E402 - after the path
from relforge.runtime.contract.service import Service  # noqa: E402 - after the path
from relforge.runtime.contract.tables import Console, Log, Nodes, Upgrade  # noqa: E402 - after the path

PAGE = ROOT / "docs" / "reference" / "settings.md"
_BLOCK = re.compile(r"(<!-- contract: ([a-z-]+) -->\n).*?(<!-- /contract -->)", re.S)


def rendered(page: str) -> str:
    """The page with each table as the contract has it."""
    return _BLOCK.sub(lambda found: f"{found[1]}\n{BLOCKS[found[2]]()}\n{found[3]}", page)


def blocks(page: str) -> dict[str, str]:
    """The tables that a page has, by name."""
    return {found[2]: found[0] for found in _BLOCK.finditer(page)}


def settings_of(record: type[Record]) -> list[Key]:
    """The keys that a user writes: first the table's own, then those that it shares."""
    rows = [key for key in keys(record) if key.setting]
    return sorted(rows, key=lambda key: key.name in vars(Run))


def _table(record: type[Record]) -> str:
    rows = [f"| `{key.name}` | {_default(key)} | {_cell(key.doc)} |" for key in settings_of(record)]
    if issubclass(record, Run):
        targets = record.TARGETS.items()
        rows = [*(f"| `{name}` | | {_cell(doc)} |" for name, doc in targets), *rows]
    lines = ["| key | default | meaning |", "|---|---|---|", *rows, *_notes(record)]
    return "".join(f"{line}\n" for line in lines)


def _notes(record: type[Record]) -> Iterator[str]:
    """Which keys may hold a reference."""
    own = [key.name for key in settings_of(record) if key.references]
    if issubclass(record, Run):
        own.append("exec")
    if not own:
        return
    listed = " and ".join(", ".join(f"`{name}`" for name in sorted(own)).rsplit(", ", 1))
    yield ""
    yield f"`${{key}}` in {listed} is the configuration at boot."


def _turns() -> str:
    rows = (f"| `{name}` | {when} | {failure} |" for name, (when, failure) in TURNS.items())
    lines = ["| key | when | a failure |", "|---|---|---|", *rows]
    return "".join(f"{line}\n" for line in lines)


def _directories() -> str:
    rows = (f"| `${{{name}}}` | {meaning} |" for name, meaning in reference.RELEASE.items())
    lines = ["| reference | directory |", "|---|---|", *rows]
    return "".join(f"{line}\n" for line in lines)


def _default(key: Key) -> str:
    return _cell(key.shape.shown(key.default) if key.shown is None else key.shown)


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


BLOCKS: dict[str, Callable[[], str]] = {
    "services": lambda: _table(Service),
    "commands": lambda: _table(Command),
    "arguments": lambda: _table(Argument),
    "turns": _turns,
    "hooks": lambda: _table(Hook),
    "log": lambda: _table(Log),
    "upgrade": lambda: _table(Upgrade),
    "console": lambda: _table(Console),
    "deploy": lambda: _table(Deploy),
    "nodes": lambda: _table(Nodes),
    "schedule": lambda: _table(Job),
    "directories": _directories,
}


def main(argv: list[str]) -> int:
    page = PAGE.read_text(encoding="utf-8")
    wanted = rendered(page)
    if argv == ["--check"]:
        if page != wanted:
            print(f"{PAGE.relative_to(ROOT)} is stale: make docs-reference", file=sys.stderr)
        return int(page != wanted)
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
