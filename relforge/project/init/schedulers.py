"""What does things at times: two of a kind would do everything twice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from relforge.project.init.names import Names

# A word of a line that starts a scheduler: two of them would do everything twice.
_SCHEDULERS = re.compile(
    r"\b(beat|celerybeat|rqscheduler|rq-scheduler|scheduler|apscheduler|run_scheduler|runapscheduler"
    r"|clock|cron|crontab|periodic)\b"
)


def is_scheduler(name: str, words: Iterable[str]) -> bool:
    """Whether a process of that name and these words must not run twice."""
    text = " ".join(words)
    embedded = re.search(r"\bcelery\b.*\bworker\b.*(?:\s-B\b|\s--beat\b)", text)
    return bool(embedded or _SCHEDULERS.search(text.replace("_", " ")) or _SCHEDULERS.search(name))


def blocks(names: Names, module: str) -> bool:
    """Whether a module runs one of APScheduler's schedulers that does nothing else."""
    full = (names.absolute(module, row) for row in names.modules[module].calls)
    kinds = ("BlockingScheduler", "AsyncIOScheduler")
    return any(row.startswith("apscheduler.") and row.endswith(kinds) for row in full)


def embedded_schedulers(names: Names) -> Iterator[str]:
    """Modules that start a scheduler inside the web application: each instance has its own."""
    for module, facts in names.modules.items():
        for call in facts.calls:
            full = names.absolute(module, call)
            if full.startswith("apscheduler.") and full.endswith("BackgroundScheduler"):
                yield module
