"""Wheels laid out from trees of their own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from relforge import cache
from relforge.layers.deps import unpack, wheel_trees
from relforge.layers.deps.wheels import Wheel
from relforge.model.release import Interpreter
from relforge.support.errors import UserError
from relforge.tree import bytecode
from relforge.tree.compiler import Compiler

MakeWheel = Callable[..., Path]
PYTHON = Path(sys.executable)


def wheels(*paths: Path) -> list[Wheel]:
    return [Wheel(name="==".join(path.name.split("-")[:2]), path=path) for path in paths]


@pytest.mark.process
def test_the_tree_is_that_of_wheels_laid_out_together(
    make_wheel: MakeWheel, interpreter: Interpreter, tmp_path: Path
) -> None:
    made = wheels(
        make_wheel("one", "1.0", {"one/__init__.py": "x = 1\n", "one/data": "d"}),
        make_wheel("two", "2.0", {"two.py": "y = 2\n", "shared.py": ""}),
        make_wheel("three", "3.0", {"shared.py": ""}, scripts="[console_scripts]\nt = shared:x\n"),
    )
    together, apart = tmp_path / "together", tmp_path / "apart"
    with Compiler(PYTHON) as compiler:
        unpack.unpack(made, interpreter, compiler, together)
    apart.mkdir()
    found = wheel_trees.lay(made, interpreter, PYTHON)
    found.place(apart)
    expected = {row.path: row.sha256 for row in cache.scan(together)}
    assert expected == {row.path: row.sha256 for row in cache.scan(apart)}
    assert cache.scan(apart) == found.entries
    assert any(path.endswith(".pyc") for path in expected)


@pytest.mark.process
def test_a_wheel_that_was_laid_out_before_is_only_linked(
    make_wheel: MakeWheel, interpreter: Interpreter, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = make_wheel("one", "1.0", {"one.py": "x = 1\n"})
    wheel_trees.lay(wheels(one), interpreter, PYTHON)
    two = make_wheel("two", "1.0", {"two.py": "x = 1\n"})
    unpacked: list[Wheel] = []

    def spy(rows: list[Wheel], *rest: Any) -> Any:
        unpacked.extend(rows)
        return unpack.unpack(rows, *rest)

    monkeypatch.setattr(wheel_trees, "unpack", spy)
    wheel_trees.lay(wheels(one, two), interpreter, PYTHON)
    assert ["two==1.0"] == [wheel.name for wheel in unpacked]


@pytest.mark.process
def test_two_wheels_that_claim_one_path_are_both_named(
    make_wheel: MakeWheel, interpreter: Interpreter, tmp_path: Path
) -> None:
    """P31, B6: the later one wins, and what that means is for a rule to say."""
    made = wheels(
        make_wheel("one", "1.0", {"same.py": "x = 1\n", "README.md": "1"}),
        make_wheel("two", "1.0", {"same.py": "x = 2\n", "README.md": "2"}),
    )
    site = interpreter.site_packages
    for order, winner in ((made, "two"), (made[::-1], "one")):
        laid = wheel_trees.lay(order, interpreter, PYTHON, preferred=("one==1.0",))
        found = {row.path: row for row in laid.collisions}
        assert {f"{site}/same.py", f"{site}/README.md"} == set(found)
        row = found[f"{site}/same.py"]
        assert ("module", f"{winner}==1.0") == (row.kind, row.winner)
        assert (winner == "one") == row.wanted
        into = tmp_path / winner
        into.mkdir()
        laid.place(into)
        (module,) = into.rglob("same.py")
        (compiled,) = into.rglob("same.*.pyc")
        header = compiled.read_bytes()[:16]
        assert bytecode.source_hash(header[:4], module.read_bytes()) == header[8:]


def test_a_damaged_wheel_is_named(interpreter: Interpreter, tmp_path: Path) -> None:
    broken = tmp_path / "one-1.0-py3-none-any.whl"
    broken.write_bytes(b"PK")
    with pytest.raises(UserError, match=r"one-1.0-py3-none-any.whl: the wheel is damaged"):
        wheel_trees.lay(wheels(broken), interpreter, PYTHON)


@pytest.mark.process
def test_a_layer_is_found_until_a_tree_of_it_is_damaged(
    make_wheel: MakeWheel, interpreter: Interpreter
) -> None:
    made = wheels(
        make_wheel("one", "1.0", {"one.py": "x = 1\n"}),
        make_wheel("two", "1.0", {"two.py": "x = 1\n"}),
    )
    assert wheel_trees.find("key") is None
    wheel_trees.keep("key", wheel_trees.lay(made, interpreter, PYTHON))
    found = wheel_trees.find("key")
    assert found is not None
    assert found.cached
    (module,) = (
        tree.path / row.path
        for tree in found.trees
        for row in tree.entries
        if row.path.endswith("/two.py")
    )
    module.write_text("y = 2\n")
    assert wheel_trees.find("key") is None
    assert (
        "x = 1\n"
        == (
            wheel_trees.lay(made, interpreter, PYTHON).trees[1].path
            / module.relative_to(found.trees[1].path)
        ).read_text()
    )
