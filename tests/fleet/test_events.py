"""What a run of a playbook comes to, from the lines of the collection's callback."""

from __future__ import annotations

import json
from typing import Any

import pytest

from relforge.fleet.events import Outcome, parse
from relforge.support.errors import Exit


def outcome(*rows: dict[str, Any]) -> Outcome:
    made = Outcome()
    for row in rows:
        event = parse(json.dumps(row))
        assert event is not None
        made.add(event)
    return made


def task(status: str, **facts: Any) -> dict[str, Any]:
    row = {"event": "task", "host": "web1", "task": "relforge.deploy.lock : Lock"}
    return {**row, "status": status, **facts}


@pytest.mark.parametrize("line", ["", "PLAY RECAP", "{", '{"event": ', '{"other": 1}'])
def test_other_lines_are_no_events(line: str) -> None:
    assert parse(line) is None


def test_a_step_has_no_name_of_a_role() -> None:
    event = parse(json.dumps(task("ok")))
    assert event is not None
    assert ("web1", "Lock", "ok") == (event.host, event.step, event.status)


@pytest.mark.parametrize(
    ("rc", "code"), [(75, Exit.LOCKED), (78, Exit.CONFIG), (1, Exit.FAILED), (3, Exit.FAILED)]
)
def test_the_first_failure_has_the_status_and_the_last_one_the_words(rc: int, code: Exit) -> None:
    made = outcome(
        task("ok"),
        task("failed", rc=rc, msg="locked by ada"),
        task("failed", msg="Lock: locked by ada"),
        {**task("failed", msg="another host"), "host": "web2"},
    )
    assert (code, "Lock: locked by ada") == (made.code, made.problem)


def test_a_host_that_does_not_answer_is_named() -> None:
    made = outcome(task("unreachable", msg="Connection timed out"))
    assert (Exit.FAILED, "web1: Connection timed out") == (made.code, made.problem)


def test_changes_are_counted_and_states_are_kept() -> None:
    counts = {"web1": {"ok": 3, "changed": 2}, "web2": {"ok": 3, "changed": 0}}
    rows = [
        task("ok", state={"running": "1.0"}),
        task("changed"),
        {"event": "end", "hosts": counts},
    ]
    made = outcome(*rows)
    assert (2, {"web1": {"running": "1.0"}}) == (made.changed, made.states)
    assert [("web1", "Lock")] == made.changes
