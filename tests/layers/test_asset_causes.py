"""Why a command of the assets failed."""

from __future__ import annotations

from pathlib import Path

import pytest

from relforge.layers.assets import causes

TRACE = 'Traceback (most recent call last):\n  File "m.py", line 3, in <module>\n'


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (
            f"{TRACE}    KEY = os.environ['SECRET_KEY']\nKeyError: 'SECRET_KEY'",
            'env = { SECRET_KEY = "..." }',
        ),
        (
            "django.core.exceptions.ImproperlyConfigured: Set the DB_URL environment variable",
            'env = { DB_URL = "..." }',
        ),
        ("pydantic_core.ValidationError: 1 validation error", "[tool.relforge.check], env"),
        (
            f"{TRACE}FileNotFoundError: [Errno 2] No such file or directory: 'web/a.json'",
            "web/a.json is in the project, but not in `assets.inputs`: it runs in a copy",
        ),
        ("cat: front/b.txt: No such file or directory", "front/b.txt is not in `assets.inputs`"),
        ("Error: Cannot find module './gulp.js'", 'add "gulp.js" to it'),
        ("Error: ENOENT: no such file or directory, open '/w/web/x.ts'", 'add "web/x.ts" to it'),
        (f"{TRACE}KeyError: 'x'", causes.INPUTS),
        ("it went wrong", causes.INPUTS),
    ],
)
def test_the_hint_is_by_the_cause(tmp_path: Path, output: str, expected: str) -> None:
    """P40."""
    (tmp_path / "web").mkdir()
    (tmp_path / "web/a.json").touch()
    assert expected in causes.hint(output, Path("/w"), tmp_path)


def test_of_a_long_traceback_the_end_is_shown() -> None:
    """P40; other programs say what is wrong wherever they like."""
    lines = ["before", "Traceback (most recent call last):", *(f"  frame {n}" for n in range(30))]
    assert lines[-10:] == list(causes.tail(lines))
    assert lines[:1] * 30 == list(causes.tail(lines[:1] * 30))
