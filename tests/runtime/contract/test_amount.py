"""Durations and sizes: one grammar for all that people write."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relforge.project.settings.services import read_service
from relforge.project.settings.table import Table
from relforge.runtime import options
from relforge.runtime.config import attempt, kinds
from relforge.runtime.contract import amount
from relforge.runtime.contract.wrong import Wrong
from relforge.runtime.errors import Refusal
from relforge.support.errors import SettingsError

DURATIONS = [
    (90, 90.0),
    (1.5, 1.5),
    (0, 0.0),
    ("90", 90.0),
    ("1.5", 1.5),
    ("1e3", 1000.0),
    ("500ms", 0.5),
    ("20s", 20.0),
    ("1m", 60.0),
    ("1min", 60.0),
    ("2h", 7200.0),
    ("1h30m", 5400.0),
    ("1 h 30 m", 5400.0),
    (" 1m ", 60.0),
    ("1.5h", 5400.0),
    ("7d", 604800.0),
    ("1w", 604800.0),
]
SIZES = [
    (7, 7),
    ("7", 7),
    ("7 B", 7),
    ("500 MB", 500_000_000),
    ("1.5g", 1_500_000_000),
    ("2k", 2000),
    ("512kB", 512_000),
    ("10MiB", 10 << 20),
    ("1.5KiB", 1536),
    ("10M", 10_000_000),
    ("1 TB", 10**12),
]


@pytest.mark.parametrize(("text", "expected"), DURATIONS)
def test_a_duration_is_read(text: Any, expected: float) -> None:
    assert expected == amount.seconds(text)


@pytest.mark.parametrize(("text", "expected"), [row for row in DURATIONS if row[1]])
def test_it_is_the_same_wherever_it_is_written(text: Any, expected: float) -> None:
    """As a setting, as a value of the configuration, for a provider, as an option."""
    table = Table({"run": "a:b", "drain": text}, ("tool", "relforge", "services", "worker"))
    assert expected == read_service("worker", table).drain
    assert expected == kinds.typed(text, {"type": "duration"})
    assert expected == kinds.text(str(text), {"type": "duration"})
    assert expected == attempt.terms({"timeout": text}, None).timeout
    assert expected == options.seconds(str(text), "--timeout")


@pytest.mark.parametrize(("text", "expected"), SIZES)
def test_a_size_is_read(text: Any, expected: int) -> None:
    assert expected == amount.size(text)
    assert expected == kinds.typed(text, {"type": "bytes"})


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (-5, "is negative"),
        ("-5", "is negative"),
        (math.nan, "is not a finite number"),
        (math.inf, "is not a finite number"),
        (-math.inf, "is not a finite number"),
        ("1e999", "is not a finite number"),
        (1e300, "is longer than 100 years"),
        ("5300w", "is longer than 100 years"),
        ("9" * 40 + "s", "has too many digits"),
        ("5 parsecs", "has an unknown unit"),
        ("1H", "has an unknown unit"),
        *((text, "") for text in ("", " ", "s", "5s3", "1h-2m", "1.2.3s", ".s", "٣s", "1h\0")),
        *((other, "") for other in ("nan", True, None, [""])),
    ],
)
def test_what_is_not_a_duration_is_refused_with_the_reason(value: Any, problem: str) -> None:
    with pytest.raises(Wrong) as caught:
        amount.seconds(value)
    assert problem == caught.value.problem


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (-1, "is negative"),
        ("-1 MB", "is negative"),
        (2**63, "is more than 8 EiB"),
        ("9223372036855 MB", "is more than 8 EiB"),
        ("1.5", "is not a whole number of bytes"),
        ("1.0005 kB", "is not a whole number of bytes"),
        ("9" * 40, "has too many digits"),
        ("1 elephant", "has an unknown unit"),
        *((text, "") for text in ("", "MB", "1e3", "5 m b", "none", "nan", "٣")),
        *((other, "") for other in (True, None, 1.0, math.nan, math.inf, [""])),
    ],
)
def test_what_is_not_a_size_is_refused_with_the_reason(value: Any, problem: str) -> None:
    with pytest.raises(Wrong) as caught:
        amount.size(value)
    assert problem == caught.value.problem


@given(st.one_of(st.text(max_size=12), st.text("0123456789. smhdwkMGib-eE", max_size=12)))
def test_any_text_is_a_finite_amount_or_refused(text: str) -> None:
    for read, most in ((amount.seconds, amount.LONGEST), (amount.size, amount.LARGEST)):
        with suppress(Wrong):
            assert 0 <= read(text) <= most


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("drain", math.nan, "drain: nan is not a finite number"),
        ("drain", math.inf, "drain: inf is not a finite number"),
        ("drain", -1, "drain: -1 is negative"),
        ("drain", 1e300, "drain: 1e+300 is longer than 100 years"),
        ("drain", "soon", 'drain: expected a duration such as "20s", "1h30m" or "500ms"'),
        ("ready_timeout", True, "ready_timeout: expected a duration"),
        ("rlimits", {"as": "-1 GB"}, "rlimits.as: '-1 GB' is negative"),
        ("rlimits", {"as": 2**63}, "rlimits.as: 9223372036854775808 is more than 8 EiB"),
        ("backoff", [math.nan, 1], "backoff: expected [first, longest] in seconds"),
        ("intensity", [1, math.inf], "intensity: expected [restarts, seconds]"),
    ],
)
def test_a_setting_that_is_not_one_is_one_clear_error(key: str, value: Any, said: str) -> None:
    path = ("tool", "relforge", "services", "worker")
    with pytest.raises(SettingsError) as caught:
        read_service("worker", Table({"run": "a:b", key: value}, path))
    assert caught.value.message.startswith(f"tool.relforge.services.worker.{said}")


@pytest.mark.parametrize("text", ["0", "-1s", "soon", "1e999", "nan"])
def test_an_option_that_is_not_one_is_a_usage_error(text: str) -> None:
    with pytest.raises(Refusal, match=f"^--wait {text}: not a duration") as caught:
        options.seconds(text, "--wait")
    assert 2 == caught.value.code


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        ("duration", "-5s", ""),
        ("duration", -5, "it is negative"),
        ("duration", math.nan, "it is not a finite number"),
        ("bytes", "5 hunters", "it has an unknown unit"),
    ],
)
def test_a_reason_never_repeats_a_value_that_may_be_secret(
    kind: str, value: Any, reason: str
) -> None:
    with pytest.raises(kinds.Mismatch) as caught:
        kinds.typed(value, {"type": kind})
    assert reason == str(caught.value)
