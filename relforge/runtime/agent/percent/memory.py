"""``%mem``: what holds the memory."""

from __future__ import annotations

import gc
import sys
import tracemalloc

from ... import procfs
from . import ConsoleState, size, table, usage

MOST = 15


def mem(console: ConsoleState, words: list[str]) -> None:
    """By type; once ``%mem start`` was asked, also by the line that allocated it."""
    if words == ["start"]:
        tracemalloc.start()
        print("tracing started; it slows the process down, and `%mem stop` ends it")
    elif words == ["stop"]:
        tracemalloc.stop()
        print("tracing stopped")
    elif words:
        raise usage("mem")
    else:
        _by_type()
        if tracemalloc.is_tracing():
            _by_line()
        else:
            print("\n`%mem start` traces allocations, to show them by line")


def _by_type() -> None:
    counts: dict[str, list[int]] = {}
    objects = gc.get_objects()
    for one in objects:
        kind = type(one)
        row = counts.setdefault(f"{kind.__module__}.{kind.__qualname__}", [0, 0])
        row[0] += 1
        try:
            row[1] += sys.getsizeof(one)
        except Exception:  # a `__sizeof__` of the application's
            continue
    resident = size(procfs.resident() or 0)
    print(f"resident {resident}, {len(objects)} objects tracked by the garbage collector\n")
    largest = sorted(counts.items(), key=lambda item: item[1][1], reverse=True)[:MOST]
    rows = [
        (str(number), size(total), name.removeprefix("builtins."))
        for name, (number, total) in largest
    ]
    table([("OBJECTS", "SIZE", "TYPE"), *rows])


def _by_line() -> None:
    snapshot = tracemalloc.take_snapshot()
    mine = (tracemalloc.Filter(False, tracemalloc.__file__), tracemalloc.Filter(False, __file__))
    found = snapshot.filter_traces(mine).statistics("lineno")
    now, peak = tracemalloc.get_traced_memory()
    print(f"\nallocated since `%mem start`: {size(now)}, at most {size(peak)}\n")
    rows = [
        (str(row.count), size(row.size), f"{row.traceback[0].filename}:{row.traceback[0].lineno}")
        for row in found[:MOST]
    ]
    table([("BLOCKS", "SIZE", "LINE"), *rows])
