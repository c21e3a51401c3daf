"""What was found out about files that have not changed since."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from relforge import cache

FORMAT = "1"


def remembered(kind: str, signature: str, make: Callable[[], Any]) -> Any:
    """The JSON value that ``make`` once gave for this signature; None is not kept."""
    path = cache.home() / "python" / f"{kind}-{cache.key(FORMAT, kind, signature)}.json"
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        pass
    value = make()
    if value is not None:
        cache.keep(path, json.dumps(value).encode())
    return value


def signature(path: Path) -> str:
    """The file's place, time and size: cheap evidence that it is the file seen before."""
    status = path.stat()
    return f"{path}\0{status.st_mtime_ns}\0{status.st_size}"


def stamps(paths: Iterable[Path]) -> str:
    """The signatures of all of them; "" where one is gone."""
    try:
        return "\n".join([signature(path) for path in paths])
    except OSError:
        return ""


def sha256(path: Path) -> str:
    """The file's digest, computed once as long as it does not change."""
    return str(remembered("sha256", signature(path), lambda: cache.sha256(path)))
