"""What it means that two packages bring one path."""

from __future__ import annotations

from pathlib import Path

import pytest

from relforge import cache
from relforge.layers import collisions

SITE = "python/lib/python3.12/site-packages"
PKGUTIL = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"
RESOURCES = """\
try:
    __import__('pkg_resources').declare_namespace(__name__)
except ImportError:
    from pkgutil import extend_path
    __path__ = extend_path(__path__, __name__)
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (f"{SITE}/README.md", "text"),
        (f"{SITE}/LICENSE", "text"),
        (f"{SITE}/licence.txt", "text"),
        (f"{SITE}/CHANGELOG.rst", "text"),
        ("python/share/doc/x/y.html", "text"),
        ("python/share/man/man1/run.1", "text"),
        ("python/bin/run", "script"),
        ("python/share/scripts/run.py", "script"),
        (f"{SITE}/tests/__init__.py", "stray"),
        (f"{SITE}/docs/conf.py", "stray"),
        (f"{SITE}/html_min/__init__.py", "module"),
        (f"{SITE}/_fast.abi3.so", "module"),
        (f"{SITE}/hook.pth", "module"),
        (f"{SITE}/shop/table.dat", "data"),
        ("python/etc/it.cfg", "data"),
        ("python/include/it.h", "data"),
    ],
)
def test_the_kind_of_a_path(path: str, kind: str) -> None:
    """P31, B6."""
    assert kind == collisions.kind(path, SITE)


def clashes(root: Path, path: str, one: str, other: str) -> list[tuple[str, str, str]]:
    parts = []
    for name, text in (("one", one), ("other", other)):
        file = root / name / path
        file.parent.mkdir(parents=True)
        file.write_text(text)
        entries = cache.scan(root / name)
        parts.append(collisions.Brought(name=name, entries=entries, directory=root / name))
    return [(row.kind, row.loser, row.winner) for row in collisions.among(parts, SITE)]


def test_the_later_one_wins(tmp_path: Path) -> None:
    assert [("module", "one", "other")] == clashes(tmp_path, f"{SITE}/a.py", "x = 1", "x = 2")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (PKGUTIL, f"# a comment\n{PKGUTIL}"),
        (PKGUTIL, RESOURCES),
        (PKGUTIL, ""),
        ("'''a namespace'''\n", RESOURCES),
    ],
)
def test_modules_that_only_declare_a_namespace_are_alike(
    tmp_path: Path, one: str, other: str
) -> None:
    """B6, P31."""
    assert [] == clashes(tmp_path, f"{SITE}/ns/__init__.py", one, other)


def test_a_namespace_that_one_package_fills_is_a_clash(tmp_path: Path) -> None:
    assert 1 == len(clashes(tmp_path, f"{SITE}/ns/__init__.py", PKGUTIL, "VALUE = 1\n"))


def test_comments_do_not_count(tmp_path: Path) -> None:
    assert [] == clashes(tmp_path, f"{SITE}/a.py", "x = 1  # one\n", "# other\nx = 1\n")


def test_what_is_no_python_is_compared_by_its_bytes(tmp_path: Path) -> None:
    assert 1 == len(clashes(tmp_path, f"{SITE}/a.py", "{% x %}", "{% x %} "))
