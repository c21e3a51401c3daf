"""What a user sees of the checks, on a project that is built."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.release.workshop import Workshop, called

pytestmark = pytest.mark.release

TOKEN = "gh" + "p_" + "aB3dE6gH9jK2" * 3


def test_a_warning_is_told_at_the_end_and_again_when_nothing_changed(shop: Workshop) -> None:
    shop.put("shop/late.py", "def f():\n    import boto3\n")
    for _ in range(2):
        done = shop.run("build")
        assert 0 == done.returncode, done.stderr
        assert "warning: app/shop/late.py: line 2 imports 'boto3'" in done.stderr
        assert "add boto3 to `project.dependencies`" in done.stderr
    (finding,) = shop.report("build")["findings"]
    assert ("warning", "imports") == (finding["severity"], finding["rule"])
    assert "app/shop/late.py: line 2" in shop.refused(1, "build", "--warnings-as-errors")
    shop.add('[tool.relforge.check]\nallow = ["imports:app/shop/late.py"]')
    assert [] == shop.report("build", "--warnings-as-errors")["findings"]


def test_errors_are_told_together_and_leave_the_tree_that_was_there(shop: Workshop) -> None:
    shop.report("build")
    before = (shop.tree / "release" / "SHA256SUMS").read_bytes()
    shop.put("shop/ops.py", f"import yaml\n\nTOKEN = '{TOKEN}'\n")
    shop.put("shop/.env", "A=1\n")
    said = shop.refused(1, "build")
    for text in (
        "the release has 4 errors",
        "app/shop/.env: its name says that it holds variables of a deployment",
        "app/shop/ops.py: line 3 holds a token of GitHub (ghp_..., 40 bytes)",
        "app/shop/ops.py: line 1 imports 'yaml', which is not in the release",
        "add PyYAML to `project.dependencies`",
        "tool.relforge.commands.hello.call: importing 'shop.ops' fails:",
    ):
        assert text in said
    assert TOKEN not in said
    assert before == (shop.tree / "release" / "SHA256SUMS").read_bytes()
    done = shop.run("release", "--json")
    assert 1 == done.returncode
    assert 4 == len(json.loads(done.stdout)["findings"])
    assert not list((shop.root / "dist").glob("*"))


def test_an_artifact_is_tried_in_a_place_with_a_space_once(shop: Workshop) -> None:
    first = shop.run("release", "--smoke")
    assert 0 == first.returncode, first.stderr
    assert "smoke " in first.stderr
    again = shop.report("release", "--smoke")
    assert [] == again["findings"]
    shop.put("shop/worker.py", "import os\nassert ' ' not in os.path.abspath(__file__)\nmain = 1\n")
    said = shop.refused(1, "release", "--smoke")
    assert "where it was unpacked, tool.relforge.services.worker.run: importing" in said
    assert not Path(again["artifact"]).exists()


def test_a_release_of_byte_code_alone_runs(shop: Workshop) -> None:
    shop.add("[tool.relforge.strip]\nsources = true\ntests = true")
    shop.report("build", "--warnings-as-errors")
    there = {path.name for path in (shop.tree / "app" / "shop").iterdir()}
    assert {"__init__.pyc", "ops.pyc", "worker.pyc"} == there
    assert "hello you\n" == called(shop.tree / "bin" / "shop", "hello", "you")
