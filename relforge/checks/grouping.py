"""One finding for many files, and the line of settings that passes it over."""

from __future__ import annotations

import glob
import json
import os
import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import replace

from relforge.model.release import Finding

SHOWN = 3  # files that a finding of many names
SETTING = "tool.relforge."  # how the path of a finding begins that is not a file


def grouped(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings that say one thing of several files of one package or directory, as one.

    They keep the place of the first of them.
    """
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for index, row in enumerate(findings):
        own = (str(index),) if not row.topic else _group(row)
        groups.setdefault(own, []).append(row)
    return tuple(_joined(rows) for rows in groups.values())


def with_way_out(finding: Finding) -> Finding:
    """The finding, whose hint ends with the setting that passes it over."""
    way = f"to ignore it: check.allow = [{', '.join(map(_quoted, _patterns(finding)))}]"
    return replace(finding, hint=f"{finding.hint}; {way}" if finding.hint else way)


def _patterns(finding: Finding) -> list[str]:
    """What `check.allow` says for it."""
    is_setting = finding.path.startswith(SETTING)
    if is_setting and finding.files:
        return [f"{finding.rule}:{path}" for path in finding.files]
    if finding.files:
        return [f"{finding.rule}:{finding.path}"]
    return [f"{finding.rule}:{glob.escape(finding.path)}"]


def _quoted(pattern: str) -> str:
    return json.dumps(pattern, ensure_ascii=False)


def _group(row: Finding) -> tuple[str, ...]:
    """What findings have in common that are one."""
    if row.path.startswith(SETTING):
        return row.severity, row.rule, row.topic
    return row.severity, row.rule, row.topic, _top(row.path)


def _top(path: str) -> str:
    """The package, or the topmost directory of the application, that a pattern never leaves."""
    parts = path.split("/")
    depth = parts.index("site-packages") + 2 if "site-packages" in parts[:-2] else 2
    return "/".join(parts[:depth])


def _joined(rows: Sequence[Finding]) -> Finding:
    first = rows[0]
    if len(rows) == 1:
        return first
    files = tuple(row.path for row in rows)
    if first.path.startswith(SETTING):
        others = "\n".join(f"  {path}" for path in files[1:])
        return replace(
            first, message=f"{first.message}\nthe same error for:\n{others}", files=files
        )
    directory = posixpath.commonpath([posixpath.dirname(path) for path in files])
    suffixes = {os.path.splitext(path)[1] for path in files}
    suffix = glob.escape(suffixes.pop()) if len(suffixes) == 1 else ""
    named = [_of_one(row, directory) for row in rows[:SHOWN]]
    more = f" and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
    return replace(
        first,
        path=f"{glob.escape(directory)}/*{suffix}",
        message=f"each of {len(rows)} files {first.topic}: {', '.join(named)}{more}",
        files=files,
        detail="",
    )


def _of_one(row: Finding, directory: str) -> str:
    name = posixpath.relpath(row.path, directory)
    return f"{name} ({row.detail})" if row.detail else name
