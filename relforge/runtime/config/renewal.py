"""A new configuration in a running process: `config` shows it, and registered functions run.

from relforge.runtime import config, on_config_change

@on_config_change("log.level")
def adapt(changed):
    logging.getLogger().setLevel(config["log.level"])
"""

from __future__ import annotations

import os
import sys

from . import keys, view
from .trace import of_user

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable, Iterable
    from typing import Any

    Hearer = Callable[[frozenset[str]], Any]

PATIENCE = 8.0  # seconds for all functions, before the process counts as one that cannot take it up

_hearers: list[tuple[tuple[str, ...], Hearer]] = []


def on_config_change(*names: Any) -> Any:
    """Have a function called with the keys that a reload has changed, a frozenset.

    With names of keys or of tables it is called only where one of those is
    among them.  A coroutine function runs on the application's event loop, any
    other function in a thread of the agent's.  One that raises makes the reload
    replace the process instead.  Outside a release nothing calls it.
    """
    if len(names) == 1 and callable(names[0]):
        _hearers.append(((), names[0]))
        return names[0]

    def register(hearer: Hearer) -> Hearer:
        _hearers.append((names, hearer))
        return hearer

    return register


def renew(
    result: dict[str, Any], changed: Iterable[str], loop: AbstractEventLoop | None
) -> list[str]:
    """Replace the configuration by a loader's result and call the functions; their errors."""
    view.renew(result, os.environ)
    names = frozenset(changed)
    errors = []
    for wanted, hearer in list(_hearers):
        if wanted and not any(_concerns(key, row) for key in names for row in wanted):
            continue
        try:
            _call(hearer, names, loop)
        except Exception as error:
            label = f"{hearer.__module__}:{getattr(hearer, '__qualname__', hearer)}"
            errors.append(view.scrub(f"{label} raised {type(error).__name__}: {error}"))
            print(view.scrub(of_user(error)), file=sys.stderr)
    return errors


def secrets(result: dict[str, Any]) -> tuple[str, ...]:
    """The secret texts of a loader's result, those in lists and tables too, the numbers not."""
    todo = [keys.lookup(result["values"], key) for key in result["secrets"]]
    found = []
    while todo:
        value = todo.pop()
        if isinstance(value, dict):
            todo += value.values()
        elif isinstance(value, list):
            todo += value
        elif isinstance(value, str) and value:
            found.append(value)
    return tuple(found)


def _concerns(key: str, wanted: str) -> bool:
    return key == wanted or keys.split(key)[: len(keys.split(wanted))] == keys.split(wanted)


def _call(hearer: Hearer, names: frozenset[str], loop: AbstractEventLoop | None) -> None:
    from inspect import isawaitable

    result = hearer(names)
    if not isawaitable(result):
        return
    import asyncio

    from ..calling import whole

    if loop is not None and loop.is_running():
        asyncio.run_coroutine_threadsafe(whole(result), loop).result(PATIENCE)
    else:
        asyncio.run(asyncio.wait_for(whole(result), PATIENCE))
