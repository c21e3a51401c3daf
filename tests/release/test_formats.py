"""Several artifacts of one build, as a user asks for them; and the one that unpacks itself."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.release import workshop
from tests.release.workshop import Workshop, called
from tests.rootfs import base
from tests.rootfs.bare import Bare

pytestmark = pytest.mark.release
USER = 1000


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory, warm: Path) -> Workshop:
    made = workshop.make(tmp_path_factory.mktemp("formats") / "shop", warm)
    report = made.report("release", "--format", "tar.zst", "--format", "run", "--format", "tar.zst")
    rows = report["artifacts"]
    assert ["tar.zst", "run"] == [row["format"] for row in rows]
    assert rows[0] == {key: report[key] for key in ("artifact", "sha256", "size")} | {
        "format": "tar.zst"
    }
    for row in rows:
        path = Path(row["artifact"])
        assert path.name == f"shop-1.0-{report['target']}.{row['format']}"
        assert hashlib.sha256(path.read_bytes()).hexdigest() == row["sha256"]
        assert path.stat().st_size == row["size"]
    return made


def single(packed: Workshop) -> Path:
    (found,) = packed.root.glob("dist/*.run")
    return found


def test_another_format_of_the_same_tree_builds_nothing(packed: Workshop) -> None:
    before = packed.tree.stat().st_ino
    done = packed.run("release", "--format", "run", cwd=packed.root)
    assert 0 == done.returncode
    assert ["unchanged", "pack"] == [line.split()[0] for line in done.stderr.splitlines()]
    assert before == packed.tree.stat().st_ino
    assert f"  ./{single(packed).name} start" in done.stdout.splitlines()


def test_a_format_that_does_not_exist_is_refused_before_anything_is_written(
    shop: Workshop,
) -> None:
    said = shop.refused(78, "release", "--format", "dev")
    assert "--format dev: no such format" in said
    assert "did you mean `deb`?" in said
    assert not (shop.root / "_build").exists()


def test_the_single_file_is_the_release(packed: Workshop, tmp_path: Path) -> None:
    program = tmp_path / "a tool"
    shutil.copy(single(packed), program)
    home = tmp_path / "home"
    home.mkdir()
    assert "shop 1.0\n" == called(program, "version", HOME=str(home))
    assert "hello you\n" == called(program, "hello", "you", HOME=str(home))
    assert "42\n" == called(program, "eval", "6 * 7", HOME=str(home))


@pytest.fixture(params=["debian", "busybox"])
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bare]:
    lower = base.debian() if request.param == "debian" else base.busybox()
    work = tmp_path / "machine"
    work.mkdir()
    with Bare(lower, work) as made:
        yield made


@pytest.mark.rootfs
def test_the_single_file_on_a_machine_without_python(packed: Workshop, machine: Bare) -> None:
    machine.bind(single(packed).parent, "/tools")
    program = f"/tools/{single(packed).name}"
    machine.directory("/home/me", user=USER)
    env = {"HOME": "/home/me"}

    def run(*words: str, **more: str) -> tuple[int, str]:
        done = machine.run([program, *words], user=USER, env={**env, **more})
        return done.returncode, done.stdout + done.stderr

    status, said = run("start")
    assert 0 == status, said
    assert "shop 1.0 is running" in run("status")[1]
    assert (0, "42\n") == run("rpc", "6 * 7")
    assert machine.path("/home/me/.local/state/shop/lock").exists()
    assert 0 == run("stop")[0]
    assert [] == machine.processes()
    nowhere = machine.run([program, "version"], user=USER)
    assert (0, "shop 1.0\n", "") == (nowhere.returncode, nowhere.stdout, nowhere.stderr)
    assert machine.path(f"/tmp/relforge-run-{USER}").is_dir()
    assert "another user could change" in run("version", RELEASE_EXTRACT_DIR="/tmp")[1]
