"""The rules import nothing that waits, asks the clock or touches the system."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from relforge.runtime.supervise import rules
from relforge.runtime.supervise.performer import _METHODS
from relforge.runtime.supervise.rules import decide, effects, events
from relforge.runtime.supervise.rules.values import Value

MODULES = sorted(Path(rules.__file__).parent.glob("*.py"))
# Beside each other, and the types of what they are given.
ALLOWED = {"__future__", "collections.abc", "signal", "typing"}
LAYERS = {"errors", "protocol", "stack_signals", "generation", "specs", "config.portion"}
LAYERS |= {"contract.job", "schedule.job"}


def imports(path: Path) -> set[tuple[int, str]]:
    """Level and module of each import."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {(0, name.name) for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.level, node.module or ""))
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_rule_is_pure(path: Path) -> None:
    for level, module in imports(path):
        if level == 0:
            assert module in ALLOWED, f"{path.name} imports {module}"
        elif level > 1:
            assert {module, module.split(".")[0]} & LAYERS, f"{path.name} imports {module}"


def kinds(module: object) -> set[type]:
    return {
        kind
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Value) and kind is not Value
    }


def test_every_event_has_its_rule_and_every_effect_its_method() -> None:
    assert kinds(events) == set(decide._RULES)
    assert kinds(effects) == set(_METHODS)
