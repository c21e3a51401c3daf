"""What stands beside an artifact, and building twice to compare."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.release.workshop import RELFORGE, Workshop

pytestmark = pytest.mark.release


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="it needs ssh-keygen")
def test_a_signed_release_is_verified(shop: Workshop, tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    allowed = tmp_path / "allowed"
    allowed.write_text(f"ops@example.org {key.with_suffix('.pub').read_text()}")
    report = shop.report("release", "--sign", str(key))
    artifact = Path(report["artifact"])
    beside = {path.name.removeprefix(artifact.name) for path in artifact.parent.iterdir()}
    assert {"", ".sha256", ".sha256.sig", ".provenance.json"} == beside
    sums = artifact.with_name(f"{artifact.name}.sha256")
    subprocess.run(["sha256sum", "-c", sums.name], cwd=sums.parent, check=True)
    words = [*RELFORGE, "verify", str(artifact), "--allowed-signers", str(allowed)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)
    assert "shop 1.0:" in done.stdout
    (statement,) = [json.loads(sums.with_suffix(".provenance.json").read_text())]
    assert [{"name": artifact.name, "digest": {"sha256": report["sha256"]}}] == statement["subject"]
    with artifact.open("ab") as file:
        file.write(b"x")
    assert 1 == subprocess.run(words, check=False).returncode


def test_a_key_that_is_not_there_ends_the_build_before_it_begins(shop: Workshop) -> None:
    said = shop.refused(1, "release", "--sign", "/no/such/key")
    assert "/no/such/key: there is no such key to sign with" in said
    assert not (shop.root / "dist").exists()


def test_a_release_is_built_twice_and_compared(shop: Workshop) -> None:
    assert 0 == shop.run("release", "--verify-reproducible").returncode
    assert [".gz"] == [path.suffix for path in (shop.root / "dist").iterdir()]


def test_what_is_not_reproducible_is_named(shop: Workshop) -> None:
    program = "import os, pathlib; pathlib.Path('out').mkdir(); "
    program += "pathlib.Path('out/where.txt').write_text(os.environ['TZ'])"
    shop.put("assets/in.txt", "")
    shop.add(
        f"[tool.relforge.assets]\nrun = [['{sys.executable}', '-c', \"{program}\"]]\n"
        "inputs = ['assets/**']\noutputs = { out = 'app/static' }\n"
    )
    said = shop.given(TZ="UTC").refused(1, "release", "--verify-reproducible")
    assert "app/static/where.txt: the first difference is at byte 0: b'UTC'" in said
    assert not (shop.root / "dist").exists()
