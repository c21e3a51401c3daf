"""What a release makes of what its project needs in development: export, relforge-runtime."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from relforge.layers.deps import pex
from tests.release.workshop import Workshop, called

pytestmark = pytest.mark.release

RUNTIME = Path(__file__).parents[2] / "packages" / "relforge-runtime"
CONFIG = """
[tool.relforge.config]
providers = [{ use = "env", prefix = "SHOP_" }]
export = { HOSTS = "hosts" }
schema.hosts = { required = true }
"""
ASK = "import os; print(os.environ.get('HOSTS'))"


@pytest.mark.skipif(sys.version_info >= pex.VENDORED_UNTIL, reason="pex would have to fetch a pip")
def test_p57_p58_bin_python_exports_and_the_copy_of_the_release_wins(
    shop: Workshop, tmp_path: Path
) -> None:
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "build",
        "--no-isolation",
        "--wheel",
        "-o",
        tmp_path,
        RUNTIME,
    ]
    subprocess.run(command, check=True, capture_output=True)
    shop.replace('requires-python = ">=3.11"', 'dependencies = ["relforge-runtime"]')
    shop.add(CONFIG)
    shop.add('[tool.relforge.check]\nconfig = { hosts = "x" }\n')
    here = shop.given(RELFORGE_OFFLINE="1")
    locked = here.run("lock", "--resolver", "pex", "--wheelhouse", str(tmp_path))
    assert 0 == locked.returncode, locked.stderr
    report = here.report("build", "--wheelhouse", str(tmp_path))

    assert [] == report["findings"]
    python = shop.tree / "bin" / "python"
    where = "from relforge.runtime import config; import relforge.runtime as r; print(r.__file__)"
    assert f"{shop.tree}/runtime/relforge/runtime/__init__.py\n" == called(python, "-c", where)
    for program, words in ((python, ("-c", ASK)), (shop.tree / "bin/shop", ("eval", ASK))):
        assert "a.example\n" == called(program, *words, SHOP_HOSTS="a.example")
    inner = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {ASK!r}])"
    assert "a.example\n" == called(python, "-c", inner, SHOP_HOSTS="a.example")
    bare = subprocess.run(
        [python, "-c", ASK], env={"PATH": os.defpath}, capture_output=True, text=True, check=False
    )
    assert (0, "None\n") == (bare.returncode, bare.stdout)
    assert "the variables of `export` are not set" in bare.stderr
    assert "SHOP_HOSTS" in bare.stderr
