"""How long hypothesis looks: a moment by default, minutes with ``SOAK=1`` (`make soak`)."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

SOAK = os.environ.get("SOAK") == "1"


def examples(number: int) -> settings:
    """So many examples; a hundred times as many for a soak."""
    return settings(
        max_examples=number * (100 if SOAK else 1),
        deadline=None,
        derandomize=not SOAK,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
