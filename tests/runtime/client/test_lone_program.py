"""P53: a release of programs alone says at once that they have no console."""

from __future__ import annotations

import pytest

from relforge.runtime.client import addresses
from relforge.runtime.wire import unix


@pytest.mark.parametrize(("names", "said"), [(["ex"], "ex:"), (["b", "a"], "a and b:")])
def test_a_program_of_its_own_has_no_console(names: list[str], said: str) -> None:
    refusal = addresses._no_such("web", "web", {}, {name: {"kind": "exec"} for name in names})
    assert f"{said} `exec` services have no console" == refusal.message
    assert 2 == refusal.code
    assert not isinstance(refusal, unix.Absent)
