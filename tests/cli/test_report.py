"""What a build reports holds no credential."""

from __future__ import annotations

import logging

import pytest

from relforge.cli import report
from relforge.support import masking


def test_what_a_step_logs_is_masked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(masking, "_known", {"s3cret-of-alice"})
    logger = logging.getLogger("relforge")
    monkeypatch.setattr(logger, "handlers", [])
    monkeypatch.setattr(logger, "propagate", logger.propagate)
    report.log_to(report.console(quiet=False), verbose=False)
    logging.getLogger("relforge.layers").warning(
        "https://alice:other@host/a does not take s3cret-of-alice"
    )
    assert "  https://****@host/a does not take ****\n" == capsys.readouterr().err
