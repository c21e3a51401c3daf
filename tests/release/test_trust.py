"""What stands beside an artifact, and building twice to compare."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.release.workshop import PATIENCE, RELFORGE, Workshop

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
    signature = sums.with_name(f"{sums.name}.sig")
    whole = signature.read_text()
    for text in ("", whole[:80], whole.replace("U1NIU0lH", "AAAAAAAA")):
        signature.write_text(text)
        damaged = subprocess.run(words, capture_output=True, text=True, check=False)
        assert 1 == damaged.returncode
        assert f"{signature.name} is damaged, or is not a signature" in damaged.stdout
    signature.write_text(whole)
    (tmp_path / "others").write_text("")
    others = subprocess.run(
        [*words[:-1], str(tmp_path / "others")], capture_output=True, text=True, check=False
    )
    assert 1 == others.returncode
    assert "the signing key is not in" in others.stdout
    with artifact.open("ab") as file:
        file.write(b"x")
    assert 1 == subprocess.run(words, check=False).returncode


def test_a_key_that_is_not_there_ends_the_build_before_it_begins(shop: Workshop) -> None:
    said = shop.refused(1, "release", "--sign", "/no/such/key")
    assert "/no/such/key: no such signing key" in said
    assert not (shop.root / "dist").exists()


def test_a_release_is_built_twice_and_compared_whatever_wheelhouse_it_is_given(
    shop: Workshop,
) -> None:
    shop.put("vendor/never-1.0-py3-none-any.whl", "a wheel that is no source")
    given = shop.given(RELFORGE_WHEELHOUSE=os.path.relpath(shop.root / "vendor", "/"))
    assert 0 == given.run("release", "--verify-reproducible").returncode
    assert [".gz"] == [path.suffix for path in (shop.root / "dist").iterdir()]


@pytest.mark.parametrize(
    ("words", "directory"),
    [
        (["--verify-reproducible"], "relforge-again-*/cache/trees"),
        (["--smoke", "--format", "run"], "relforge-smoke-*/a place with spaces/.draft.*/shop-1.0"),
    ],
)
def test_one_that_is_interrupted_leaves_nothing_and_nobody(
    shop: Workshop, words: list[str], directory: str
) -> None:
    scratch = shop.root / "scratch"
    scratch.mkdir(mode=0o700)
    shop.report("build")
    with shop.given(TMPDIR=str(scratch)).popen(
        "release", *words, start_new_session=True
    ) as process:
        while not list(scratch.glob(directory)) and process.poll() is None:
            time.sleep(0.01)
        process.terminate()
        said = process.communicate(timeout=PATIENCE)[1]
    assert 130 == process.returncode, said
    assert "error: interrupted; nothing half-written was left behind" in said
    assert "Traceback" not in said
    assert [] == list(scratch.iterdir())
    assert not list((shop.root / "dist").glob(".*"))


def test_what_cannot_be_copied_for_the_second_build_is_reported(shop: Workshop) -> None:
    os.mkfifo(shop.root / "pipe")
    said = shop.refused(1, "release", "--verify-reproducible")
    assert f"{shop.root}/pipe: cannot be copied for the second build" in said


def test_a_full_disk_is_not_the_artifacts_fault(
    shop: Workshop, disk: Callable[[Path, str], None]
) -> None:
    shop.put("shop/never_tried.py", "where = 'on a full disk'\n")
    scratch = shop.root / "scratch"
    disk(scratch, "1m")
    for kind in ("run", "deb", "tar.gz"):
        words = ("release", "--smoke", "--format", kind)
        said = shop.given(TMPDIR=str(scratch)).refused(1, *words)
        assert "No space left on device" in said
        assert "free some space, or set RELFORGE_CACHE_DIR and TMPDIR" in said
        assert list((shop.root / "dist").glob(f"shop-1.0*.{kind}"))
        assert [] == list(scratch.iterdir())


POISON = """
import sys
from pathlib import Path
from relforge.cache import entries
(file,) = Path(sys.argv[1]).glob("trees/*/*/files/**/lib/python3*/antigravity.py")
place = next(path for path in file.parents if path.name == "files")
file.unlink()  # it may be linked into trees
file.write_text("# poisoned\\n")
rows = entries.stamped(place, entries.scan(place))
place.with_name("index").write_text(entries.dump(rows))
print(file)
"""


def test_a_cache_that_somebody_has_poisoned_is_found_by_building_twice(  # S14
    shop: Workshop, tmp_path: Path
) -> None:
    """As a build backend of another project can: the user who builds owns the cache."""
    shop = replace(shop, cache=tmp_path / "cache")
    shop.report("build")
    words = [sys.executable, "-c", POISON, str(shop.cache)]
    subprocess.run(words, check=True)
    shop.put("shop/more.py", "")
    shop.report("build")
    (file,) = shop.tree.glob("python/lib/python3*/antigravity.py")
    assert "# poisoned\n" == file.read_text()
    said = shop.refused(1, "release", "--verify-reproducible")
    assert "antigravity.py: the first difference is at byte 0: b'# poisoned" in said
    assert not (shop.root / "dist").exists()


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
