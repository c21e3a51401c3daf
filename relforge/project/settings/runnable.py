"""Something that is run, of a service, a command or a hook: judged here, whichever it is of."""

from __future__ import annotations

from typing import Any

from relforge.project.settings.table import Table
from relforge.runtime.contract.record import keys as record_keys
from relforge.runtime.contract.run import Run
from relforge.runtime.contract.shapes import CommandLine, Target
from relforge.support.errors import SettingsError

Found = tuple[str, str | tuple[str, ...]]


def read_target(table: Table, record: type[Run], what: str) -> Found:
    """The one of its targets that the table has: the key, and the callable or the words.

    ``what`` is such as ``a service``.  Raises SettingsError.
    """
    keys = tuple(record.TARGETS)
    given = [key for key in keys if key in table.data]
    if not given:
        table.refuse_unknown((*keys, *(row.name for row in record_keys(record) if row.setting)))
    if len(given) != 1:
        either = f"{', '.join(f'`{key}`' for key in keys[:-1])} and `{keys[-1]}`"
        has = " and ".join(f"`{key}`" for key in given) or "none of them"
        raise SettingsError(
            f"{table.where()}: {what} needs exactly one of {either}, but this one has {has}",
        )
    table.asked.update(keys)
    key = given[0]
    value: Any = table.read(key, CommandLine() if key == "exec" else Target())
    return key, value
