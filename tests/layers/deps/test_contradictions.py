"""The places of requirements that contradict each other."""

from __future__ import annotations

import pytest

from relforge.layers.deps import contradictions
from relforge.support.errors import UserError

ROWS = (
    ("requirements.txt:2", "Click==6.7"),
    ("tool.relforge.dependencies.add[0]", "uvicorn[standard]>=0.30"),
    ("requirements.txt:3", "h11"),
    ("requirements.txt:4", "starlette==0.20.4"),
)
UV = (
    "Because uvicorn>=0.30.0 depends on click>=7.0 and you require click==6.7, we can conclude "
    "that your requirements and uvicorn>=0.30.0 are incompatible."
)
PIP = (
    "these requirements contradict each other:\n    The user requested click==6.7\n"
    "    uvicorn 0.54.0 depends on click>=7.0\n    The user requested uvicorn[standard]>=0.30"
)


@pytest.mark.parametrize("said", [UV, PIP])
def test_each_requirement_that_is_named_has_its_place(said: str) -> None:
    found = contradictions.explain(UserError(said), ROWS)
    assert found.message == (
        f"{said}\n    `Click==6.7` is in requirements.txt:2"
        "\n    `uvicorn[standard]>=0.30` is in tool.relforge.dependencies.add[0]"
    )
    assert "loosen one of them" == found.hint


def test_another_error_stays_as_it_was() -> None:
    other = UserError("click==6.7 was not found", hint="look")
    assert other is contradictions.explain(other, ROWS)
    between = UserError("a>=1 and b<2 are incompatible")
    assert between is contradictions.explain(between, ROWS)
