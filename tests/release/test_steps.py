"""Steps of a project's own, in a real build: the worked example of the documentation."""

from __future__ import annotations

import json
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.release.workshop import Workshop, called

pytestmark = pytest.mark.release

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "write-a-step.md"
PYTHON, TOML = (re.compile(rf"^```{kind}\n(.*?)^```", re.M | re.S) for kind in ("python", "toml"))


@pytest.fixture
def example(shop: Workshop) -> Workshop:
    """The project, with what the page says."""
    page = PAGE.read_text()
    source, settings = PYTHON.search(page), TOML.search(page)
    assert source and settings
    shop.put("release_steps.py", source[1])
    shop.replace("[tool.relforge]\n", settings[1])
    return shop


def test_the_example_of_the_documentation_works(example: Workshop) -> None:
    said = example.refused(1, "build")
    assert "a release for production is built from a commit" in said
    assert "  git commit" in said
    example.add('[[tool.relforge.overlays]]\nmkdir = "app/spool/in"')
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        who = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
        subprocess.run(["git", *who, *words], cwd=example.root, check=True)
    report = example.report("release")
    about = json.loads((example.tree / "app" / "about.json").read_text())
    assert ("1.0", "prod", 40) == (about["version"], about["env"], len(about["revision"]))
    sums = (example.tree / "release" / "SHA256SUMS").read_text()
    assert "  app/about.json\n" in sums
    artifact = example.root / report["artifact"]
    with tarfile.open(artifact) as packed:
        assert packed.getmember("shop-1.0/app/about.json").isfile()
        assert packed.getmember("shop-1.0/app/spool/in").isdir(), "an empty directory is shipped"
    assert artifact.name in artifact.with_name(f"{artifact.name}.fetch").read_text()
    assert not (example.root / "__pycache__").exists()

    # Nobody knows what a step depends on: it runs again.
    (example.root / "release_steps.py").write_text(
        "def stamp(release):\n    raise SystemExit('ran')\n\nannounce = stamp\n"
    )
    assert "tool.relforge.steps[1]: release_steps:stamp: SystemExit: ran" in example.refused(
        1, "build"
    )
    assert "hello\n" == called(example.tree / "bin" / "shop", "hello"), "the tree of before stays"


def test_a_step_that_is_not_there_is_reported_before_anything_is_built(shop: Workshop) -> None:
    shop.replace("[tool.relforge]\n", '[tool.relforge]\nsteps = ["assemble", "none:go", "tar"]\n')
    said = shop.refused(78, "build")
    assert "tool.relforge.steps[1]: no module named 'none'" in said
    assert not shop.tree.exists()


def test_a_step_before_all_others_writes_sources(shop: Workshop) -> None:
    shop.put(
        "generate.py",
        "def version(release):\n"
        "    target = release.project.root / 'shop' / 'version.py'\n"
        "    target.write_text(f'VERSION = {release.version!r}\\n')\n"
        "    return release\n",
    )
    shop.put(
        "shop/ops.py", "from shop.version import VERSION\n\ndef hello():\n    print(VERSION)\n"
    )
    own = '[tool.relforge]\nsteps = ["generate:version", "assemble", "tar"]\n'
    shop.replace("[tool.relforge]\n", own)
    shop.report("build")
    assert "1.0\n" == called(shop.tree / "bin" / "shop", "hello")
