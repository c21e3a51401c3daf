"""What becomes of findings: passed over, reported at the end, or the end of the build."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from fnmatch import fnmatchcase

from relforge.checks import grouping
from relforge.model.release import Finding
from relforge.model.spec import CheckSettings
from relforge.support.errors import UserError

MOST = 10  # findings of one rule that an error spells out


class Failed(UserError):
    """The tree has errors.  ``findings`` are all of them, and the warnings."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        errors = [row for row in findings if row.severity == "error"]
        if len(errors) == 1:
            super().__init__(f"{errors[0].path}: {errors[0].message}", hint=errors[0].hint)
        else:
            super().__init__(_summary(errors))
        self.findings = tuple(findings)
        self.facts = {"findings": [asdict(row) for row in findings]}


def judge(findings: tuple[Finding, ...], settings: CheckSettings) -> tuple[Finding, ...]:
    """The warnings among the findings that are not allowed; raises Failed where one is an error.

    Those that say one thing of many files become one.
    """
    left = [row for row in findings if not _is_allowed(row, settings.allow)]
    if settings.warnings_as_errors:
        left = [replace(row, severity="error") for row in left]
    kept = tuple(map(grouping.with_way_out, grouping.grouped(left)))
    if any(row.severity == "error" for row in kept):
        raise Failed(kept)
    return kept


def _is_allowed(finding: Finding, patterns: Sequence[str]) -> bool:
    text = f"{finding.rule}:{finding.path}"
    return any(fnmatchcase(text, pattern) for pattern in patterns)


def _summary(errors: Sequence[Finding]) -> str:
    lines = [f"the release has {len(errors)} errors"]
    for rule in dict.fromkeys(row.rule for row in errors):
        rows = [row for row in errors if row.rule == rule]
        for row in rows[:MOST]:
            lines.append(f"  {row.path}: " + row.message.replace("\n", "\n    "))
            lines += [f"    {row.hint}"] if row.hint else []
        if len(rows) > MOST:
            lines.append(f"  and {len(rows) - MOST} more of the rule {rule}; --json lists them all")
    return "\n".join(lines)
