"""Each key with who set it and whom that beat, for `config explain`; secrets are masked."""

from __future__ import annotations

from . import keys
from .judge import plain
from .secret import display

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .judge import Judge
    from .merge import Merged
    from .provider import Setting

    Path = tuple[str, ...]


def explain(
    merged: Merged, judge: Judge, values: dict[str, Any], ways: Callable[[str], list[str]]
) -> list[dict[str, Any]]:
    """A row for each key that is set, or that the schema has, in the order of their names."""
    named = {keys.split(key) for key in judge.schema}
    paths = {*merged.stacks, *(path for path in named if not merged.below(path))}
    return [_row(path, merged, judge, values, ways) for path in sorted(paths)]


def _row(
    path: Path,
    merged: Merged,
    judge: Judge,
    values: dict[str, Any],
    ways: Callable[[str], list[str]],
) -> dict[str, Any]:
    key = keys.show(path)
    row = judge.schema.get(key, {})
    stack = merged.stacks.get(path, [])
    secret = judge.is_secret(stack) if stack else bool(row.get("secret"))
    value: Any = values
    for name in path:
        value = value.get(name, keys.MISSING) if isinstance(value, dict) else keys.MISSING
    if value is keys.MISSING and stack:  # it is not valid: as it was given
        value = plain(stack[-1].value)
    return {
        "key": key,
        "set": bool(stack),
        "value": display(value, secret=secret) if stack else "",
        "type": row.get("type", ""),
        "secret": secret,
        "doc": row.get("doc", ""),
        "refers": bool(stack) and stack[-1].given is not None,
        "origins": [
            {
                "provider": setting.provider,
                "place": setting.place,
                "value": display(plain(_given(setting)), secret=secret),
            }
            for setting in reversed(stack)
        ],
        "ways": [] if stack else ways(key),
    }


def _given(setting: Setting) -> Any:
    """As it was written, its references not yet put in."""
    return setting.value if setting.given is None else setting.given
