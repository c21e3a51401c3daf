"""Modules come by their names, where nothing else has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from relforge.runtime.agent import modules


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shopkeeping").mkdir()
    (tmp_path / "shopkeeping" / "__init__.py").write_text("")
    (tmp_path / "shopkeeping" / "ops.py").write_text("def count(): return 3\n")
    (tmp_path / "shopkeeping" / "broken.py").write_text("1/0\n")
    monkeypatch.syspath_prepend(tmp_path)


def value(text: str, **namespace: Any) -> Any:
    modules.bring(text, namespace)
    return eval(text, namespace)


@pytest.mark.usefixtures("shop")
def test_a_dotted_name_imports_the_module() -> None:
    assert 3 == value("shopkeeping.ops.count()")


def test_what_is_defined_wins() -> None:
    assert 7 == value("json", json=7)


def test_what_the_text_binds_is_not_imported() -> None:
    namespace: dict[str, Any] = {}
    modules.bring("json = 1\nprint(json)", namespace)
    assert {} == namespace


def test_builtins_and_unknown_names_are_left_alone() -> None:
    namespace: dict[str, Any] = {}
    modules.bring("len(no_such_module_anywhere.x)", namespace)
    assert {} == namespace


def test_a_syntax_error_is_left_to_the_compiler() -> None:
    modules.bring("json.(", {})


@pytest.mark.usefixtures("shop")
def test_a_module_that_does_not_import_raises_its_own_error() -> None:
    with pytest.raises(ZeroDivisionError):
        value("shopkeeping.broken.x")
