"""What did not change is loaded ahead of a check, and never decides it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.release.conftest import shop, warm
from tests.release.workshop import Workshop

__all__ = ["shop", "warm"]

pytestmark = pytest.mark.release

AHEAD = "-X faulthandler -c ..."  # how an interpreter is begun, in what a verbose build tells
ASKED = "boot_app.py check"


def told(shop: Workshop) -> tuple[bool, bool]:
    """Whether a build began an interpreter ahead, and whether it asked another one."""
    done = shop.run("build", "--verbose")
    assert 0 == done.returncode, done.stderr
    return AHEAD in done.stderr, ASKED in done.stderr


def test_a_changed_line_is_checked_by_what_was_begun_ahead(shop: Workshop) -> None:
    ops = "import decimal\n\n\ndef hello(*names):\n    print('hello', decimal.Decimal(1), *names)\n"
    shop.put("shop/ops.py", ops)
    assert (False, True) == told(shop)
    shop.put("shop/ops.py", ops.replace("Decimal(1)", "Decimal(2)"))
    assert (True, False) == told(shop)


def test_another_import_statement_is_checked_without(shop: Workshop) -> None:
    ops = (shop.root / "shop" / "ops.py").read_text()
    shop.put("shop/ops.py", f"import xml.dom.minidom\n\nDOM = xml.dom.minidom\n{ops}")
    told(shop)
    shop.put("shop/ops.py", f"import xml\n\nDOM = xml.dom.minidom\n{ops}")
    said = shop.refused(1, "build")
    assert "AttributeError: module 'xml' has no attribute 'dom'" in said


def test_what_fails_after_it_is_asked_once_more_without(shop: Workshop) -> None:
    told(shop)
    ops = (shop.root / "shop" / "ops.py").read_text()
    state = shop.root.parent / "seen"
    probe = f"import pathlib\n\nPLACE = pathlib.Path({str(state)!r})\n"
    shop.put("shop/ops.py", probe + ops)
    told(shop)
    count = "PLACE.write_text((PLACE.read_text() if PLACE.exists() else '') + 'x')\n"
    shop.put("shop/ops.py", f"{probe}{count}assert len(PLACE.read_text()) > 1\n{ops}")
    assert (True, True) == told(shop)
    assert "xx" == state.read_text()


def test_nothing_is_left_waiting_where_a_build_fails(shop: Workshop) -> None:
    told(shop)
    shop.add("[[tool.relforge.overlays]]\ntemplate = 'note.j2'\nto = 'app/note'")
    shop.put("note.j2", "{{ nobody_knows }}")
    shop.put("shop/ops.py", (shop.root / "shop" / "ops.py").read_text() + "A = 1\n")
    shop.refused(1, "build")
    assert [] == running_below(shop.root)


def running_below(folder: Path) -> list[str]:
    """The command lines of processes whose program lies in the folder."""
    found = []
    for row in Path("/proc").glob("[0-9]*"):
        try:
            if str((row / "exe").readlink()).startswith(f"{folder}/"):
                found.append((row / "cmdline").read_text())
        except OSError:
            continue
    return found
