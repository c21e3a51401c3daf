"""By which interface a server calls an application: ASGI or WSGI."""

from __future__ import annotations

import inspect
from typing import Any

from ..calling import signature


def is_wsgi(app: Any) -> bool:
    """A callable of (environ, start_response), and no coroutine."""
    call = app if inspect.isfunction(app) else getattr(app, "__call__", None)  # noqa: B004 - the method itself
    if not callable(app) or inspect.isclass(app) or inspect.iscoroutinefunction(call):
        return False
    try:
        parameters = signature(app).parameters.values()
    except (TypeError, ValueError):
        return False
    needed = [
        row
        for row in parameters
        if row.default is row.empty and row.kind in (row.POSITIONAL_ONLY, row.POSITIONAL_OR_KEYWORD)
    ]
    return len(needed) == 2
