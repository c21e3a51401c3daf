"""A package that is older than the release's Python."""

from __future__ import annotations

import pytest

from relforge.checks import outdated

OWN = '  File "app/shop/web.py", line 1, in <module>\n'
SITE = '  File "python/lib/python3.11/site-packages/gunicorn/util.py", line 1, in <module>\n'
LIBRARY = '  File "python/lib/python3.11/enum.py", line 1, in x\n'


@pytest.mark.parametrize(
    "last",
    [
        "ImportError: cannot import name 'Mapping' from 'collections' (python/collections.py)",
        "AttributeError: module 'inspect' has no attribute 'getargspec'. Did you mean: ...?",
        "ModuleNotFoundError: No module named 'distutils'",
        "ModuleNotFoundError: No module named 'distutils.version'",
    ],
)
def test_a_package_that_asks_python_for_what_is_gone_is_named(last: str) -> None:
    said = outdated.hint(f"importing 'a' fails:\n{OWN}{SITE}{last}", "3.11")
    assert said.startswith("gunicorn, in the locked version, does not run on Python 3.11")


@pytest.mark.parametrize(
    ("frames", "last"),
    [
        (OWN, "ModuleNotFoundError: No module named 'distutils'"),  # the project's own code
        (SITE, "ModuleNotFoundError: No module named 'simplejson'"),
        (SITE, "ImportError: cannot import name 'x' from 'flask' (python/flask.py)"),
        (SITE, "ModuleNotFoundError: No module named 'tkinter'"),  # left out of the release
        (SITE, "ValueError: collections"),
    ],
)
def test_any_other_failure_has_another_hint(frames: str, last: str) -> None:
    assert "" == outdated.hint(f"{frames}{last}", "3.11")
