"""Providers asked as a loader asks them, in the process of the test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from relforge.runtime.config import providers
from relforge.runtime.config.resolve import Resolved, resolve

SCHEMA: dict[str, Any] = {
    "http.port": {"type": "int", "default": 8000},
    "http.max-age": {"type": "duration"},
    "db.url": {"type": "url", "secret": True},
    "db.pool": {"type": "int"},
    "name": {"type": "str"},
    "features": {"type": "table"},
}


def run(
    root: Path,
    *rows: dict[str, Any],
    environ: dict[str, str] | None = None,
    schema: dict[str, Any] | None = None,
    **config: Any,
) -> Resolved:
    made = [
        {
            "use": row["use"],
            **providers.prepare(row["use"], {k: v for k, v in row.items() if k != "use"}),
        }
        for row in rows
    ]
    settings = {"providers": made, "schema": SCHEMA if schema is None else schema, **config}
    return resolve(settings, root=str(root), environ=environ or {})


def messages(outcome: Resolved) -> list[str]:
    return [
        f"{row['key']}|{row['message']}|{row['provider']}|{row['place']}"
        for row in outcome.problems
    ]
