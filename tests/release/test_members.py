"""Several packages of one repository in one release."""

from __future__ import annotations

import pytest

from tests.release.workshop import Workshop, called

pytestmark = pytest.mark.release

BACKEND = '[build-system]\nrequires = ["flit_core>=3.9"]\nbuild-backend = "flit_core.buildapi"\n'


def _package(shop: Workshop, directory: str, name: str, needs: str, source: str) -> None:
    shop.put(
        f"{directory}/pyproject.toml",
        f'{BACKEND}[project]\nname = "{name}"\nversion = "1.2"\ndescription = "a part"\n'
        f"dependencies = [{needs}]\n",
    )
    shop.put(f"{directory}/{name}/__init__.py", source)


def test_a_release_of_members_and_of_source_trees(shop: Workshop) -> None:
    _package(shop, "packages/core", "core", '"idna>=3"', "import idna\n\nWORD = 'first'\n")
    _package(shop, "packages/web", "web", '"core>=1"', "from core import WORD\n")
    shop.put("shop/ops.py", "import web\n\ndef hello():\n    print(web.WORD)\n")
    shop.replace("[tool.relforge]\n", '[tool.relforge]\nmembers = ["packages/core"]\n')

    shop.replace('["packages/core"]', '["packages/core", "packages/web"]')
    said = shop.refused(1, "build")
    assert "no lockfile" in said
    assert 0 == shop.run("lock").returncode
    lock = (shop.root / "pylock.toml").read_text()
    assert 'name = "idna"' in lock
    assert 'name = "core"' not in lock
    shop.report("build")
    program = shop.tree / "bin" / "shop"
    assert "first\n" == called(program, "hello")
    versions = "[__import__('importlib.metadata').metadata.version(n) for n in ('core', 'web')]"
    assert "['1.2', '1.2']\n" == called(program, "eval", versions)

    shop.put("packages/core/core/__init__.py", "WORD = 'second'\n")
    shop.report("build")
    assert "second\n" == called(program, "hello")
    assert 0 == shop.run("lock", "--check").returncode

    _package(shop, "packages/core", "core", '"idna>=3", "iniconfig"', "WORD = 'third'\n")
    assert 1 == shop.run("lock", "--check").returncode
    assert "iniconfig" in shop.refused(1, "build")
