"""What pex says, in words for a user."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import pytest

from relforge.layers.deps import pdm_lock, pex, pex_errors, pipfile_lock, poetry_lock

SAID = """
pid 1 -> /python pex
pip: ERROR: Cannot install flask==3.1.2 and werkzeug<3 \
because these package versions have conflicting dependencies.
pip: ERROR: ResolutionImpossible: for help visit the documentation
pip:
pip: The conflict is caused by:
pip:     The user requested werkzeug<3
pip:     flask 3.1.2 depends on werkzeug>=3.1.0
pip:
pip: To fix this you could try to:
"""


def test_a_contradiction_names_both_sides() -> None:  # P8
    reported = pex_errors.explain(SAID, "resolving the dependencies").message
    assert reported.splitlines() == [
        "resolving the dependencies: these requirements contradict each other:",
        "    The user requested werkzeug<3",
        "    flask 3.1.2 depends on werkzeug>=3.1.0",
    ]


def test_a_long_resolution_says_what_would_be_faster(  # P10
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(pex, "PATIENCE", 0.0)
    with caplog.at_level(logging.WARNING, logger="relforge.layers.deps"), pex.said_when_long():
        end = time.monotonic() + 30
        while not caplog.records and time.monotonic() < end:
            time.sleep(0.01)
    assert "uv does the same" in caplog.text


def test_each_lock_that_cannot_be_read_has_its_command_on_the_page() -> None:  # P9
    page = (Path(__file__).parents[3] / "docs/how-to/bring-a-project.md").read_text()
    for advice in (poetry_lock.EXPORT, pdm_lock.EXPORT, pipfile_lock.EXPORT):
        tool, command = advice.removeprefix("run: ").split()[:2]
        assert f"$ {tool} {command} " in page
    assert "uv export --frozen" in page
    assert "uv pip compile --generate-hashes" in page
