"""How a deploy goes: a table of the hosts on a terminal, a line for each change elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.table import Table

from relforge.fleet.events import FAILED, Event
from relforge.runtime.untrusted_text import line

_STYLES = {"changed": "yellow", "failed": "bold red", "unreachable": "bold red", "done": "green"}


class Progress:
    """Hears the events of a playbook."""

    def __init__(self, out: Console, hosts: tuple[str, ...]) -> None:
        self._out = out
        self._live: Live | None = None
        self._play = ""
        self._rows = dict.fromkeys(hosts, ("waiting", ""))

    @contextmanager
    def shown(self) -> Iterator[Progress]:
        """Show it for the time of the ``with``."""
        if not self._out.is_terminal or self._out.quiet:
            yield self
            return
        with Live(self._table(), console=self._out, refresh_per_second=8) as self._live:
            yield self
        self._live = None

    def heard(self, event: Event) -> None:
        """Take an event in, and show it."""
        if event.kind == "play":
            self._play = event.facts.get("name", "")
        if event.kind == "end":
            self._rows = {host: self._end(host, event) for host in self._rows}
        if event.host in self._rows:
            self._rows[event.host] = (line(event.step), event.status)
        if self._live is not None:
            self._live.update(self._table())
        elif event.kind == "task" and event.status in ("changed", *FAILED):
            text = f"  {event.host:<12} {self._play:<9} {event.step}: {event.status}"
            self._out.print(text, markup=False)

    def _end(self, host: str, event: Event) -> tuple[str, str]:
        counts = event.facts["hosts"].get(host, {})
        if counts.get("failures") or counts.get("unreachable"):
            return self._rows[host]
        return f"{counts.get('changed', 0)} changes", "done"

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False, title=self._play, title_justify="left")
        for name in ("HOST", "STEP", "STATE"):
            table.add_column(name, no_wrap=True)
        for host, (step, status) in self._rows.items():
            table.add_row(host, step, status, style=_STYLES.get(status))
        return table
