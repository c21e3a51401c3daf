"""What every test gets: a cache of its own; what this host cannot run is named, not skipped."""

from __future__ import annotations

import os
import signal
from collections import Counter
from pathlib import Path

import hypothesis
import pytest

from tests import needs
from tests import sample as samples
from tests.rootfs import base


def pytest_configure(config: pytest.Config) -> None:
    # What a shell starts with `&` ignores it, and so would all that the tests interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    config.pluginmanager.register(needs.Auditor())
    # No test fails because a machine is busy.
    hypothesis.settings.register_profile(
        "relforge", suppress_health_check=[hypothesis.HealthCheck.too_slow], deadline=None
    )
    hypothesis.settings.load_profile("relforge")


def pytest_report_header() -> list[str]:
    missing = base.missing()
    return [f"LEFT OUT: the tests marked rootfs: {missing}"] if missing else []


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what this host cannot run; in CI nothing is left out, it fails there."""
    if base.missing() and os.environ.get("CI") != "true":
        left_out = [item for item in items if item.get_closest_marker("rootfs")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what did not run, by its reason: a skip is no success."""
    skipped = [report.longrepr for report in terminalreporter.getreports("skipped")]
    reasons = Counter(
        row[2].removeprefix("Skipped: ") for row in skipped if isinstance(row, tuple | list)
    )
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"NOT RUN, {count} of the tests: {reason}", yellow=True)


@pytest.fixture
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache that only this test sees."""
    directory = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("RELFORGE_CACHE_DIR", str(directory))
    return directory


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> samples.Sample:
    """The sample application's release; one build for all workers of a run."""
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    return samples.build(shared / "sample")
