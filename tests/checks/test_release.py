"""What a user sees of the checks, on a project that is built."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from relforge.cli import main
from tests.release.workshop import Workshop, called

pytestmark = pytest.mark.release

TOKEN = "gh" + "p_" + "aB3dE6gH9jK2" * 3

NO_SPACE = "import os\nassert ' ' not in os.path.abspath(__file__)\nmain = print\n"


def test_a_warning_is_reported_at_the_end_and_again_when_nothing_changed(shop: Workshop) -> None:
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


def test_errors_are_reported_together_and_leave_the_tree_that_was_there(shop: Workshop) -> None:
    shop.report("build")
    before = (shop.tree / "release" / "SHA256SUMS").read_bytes()
    shop.put("shop/ops.py", f"import yaml\n\nTOKEN = '{TOKEN}'\n")
    shop.put("shop/.env", "A=1\n")
    said = shop.refused(1, "build")
    for text in (
        "the release has 4 errors",
        "app/shop/.env: its name suggests that it contains environment variables of a deployment",
        "app/shop/ops.py: line 3 contains a GitHub token (ghp_..., 40 bytes)",
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
    shop.put(
        "shop/worker.py", "import os\nassert ' ' not in os.path.abspath(__file__)\nmain = print\n"
    )
    said = shop.refused(1, "release", "--smoke")
    assert "in the unpacked artifact, tool.relforge.services.worker.run: importing" in said
    assert not Path(again["artifact"]).exists()


def test_every_format_is_unpacked_and_tried(shop: Workshop) -> None:
    formats = 'formats = ["tar.zst", "run", "deb", "oci"]'
    shop.replace("[tool.relforge]\n", f"[tool.relforge]\n{formats}\ncheck = {{ smoke = true }}\n")
    first = shop.report("release", "--attest")
    assert 5 == len(first["artifacts"])
    assert not [note for note in first["notes"] if "not tried" in note]
    for row in first["artifacts"]:
        assert 0 == main(["verify", row["artifact"]])
    there = sorted(path.name for path in (shop.root / "dist").iterdir())
    shop.put(
        "shop/worker.py", "import os\nassert ' ' not in os.path.abspath(__file__)\nmain = print\n"
    )
    said = shop.refused(1, "release", "--attest")
    for row in first["artifacts"]:
        name = Path(row["artifact"]).name
        assert (f"dist/{name}: in the unpacked artifact" in said) == (name != "shop_1.0_amd64.deb")
        assert Path(row["artifact"]).exists() == (name == "shop_1.0_amd64.deb")
    left = sorted(path.name for path in (shop.root / "dist").iterdir())
    assert [name for name in there if name.startswith("shop_1.0_")] == left


def test_a_package_is_not_tried_without_its_program_and_that_is_reported(shop: Workshop) -> None:
    shop.put("shop/never_tried.py", "where = 'without dpkg-deb'\n")
    nothing = shop.root / "nothing"
    nothing.mkdir()
    for name in ("sh", "git", "uname", "dirname", "readlink"):
        (nothing / name).symlink_to(f"/usr/bin/{name}")
    built = shop.given(PATH=str(nothing)).report("release", "--smoke", "--format", "deb")
    (note,) = [note for note in built["notes"] if "shop-1.0_1.0" in note]
    assert note.endswith("shop-1.0_1.0_amd64.deb: dpkg-deb is not installed")


def test_a_release_of_byte_code_alone_runs(shop: Workshop) -> None:
    shop.add("[tool.relforge.strip]\nsources = true\ntests = true")
    shop.report("build", "--warnings-as-errors")
    there = {path.name for path in (shop.tree / "app" / "shop").iterdir()}
    assert {"__init__.pyc", "ops.pyc", "worker.pyc"} == there
    assert "hello you\n" == called(shop.tree / "bin" / "shop", "hello", "you")
