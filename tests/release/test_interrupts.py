"""Killed anywhere, a build leaves the last tree as it was; the next build is none the worse."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from relforge.pipeline.steps import STEPS
from tests.release.workshop import PATIENCE, Workshop, called

pytestmark = pytest.mark.release

NAMES = [row.name for row in STEPS]
ROUNDS = [  # the step during which the signal comes
    ("python", signal.SIGKILL),
    ("deps", signal.SIGINT),
    ("app", signal.SIGKILL),
    ("assets", signal.SIGTERM),
    ("runtime", signal.SIGKILL),
    ("manifest", signal.SIGKILL),
    ("check", signal.SIGINT),
    ("publish", signal.SIGKILL),
    ("pack", signal.SIGKILL),
]


def interrupt(shop: Workshop, step: str, number: signal.Signals) -> int:
    """Run a release and send the signal when the step before that one has ended."""
    with shop.popen("release") as process:
        assert process.stderr
        if step == NAMES[0]:
            lock = shop.root / "_build" / "prod"
            while not list(lock.glob(".*.draft")) and process.poll() is None:
                time.sleep(0.005)
        else:
            for line in process.stderr:
                if line.split()[:1] == [NAMES[NAMES.index(step) - 1]]:
                    break
        process.send_signal(number)
        said = process.stderr.read()
        status = process.wait(PATIENCE)
    if number in (signal.SIGINT, signal.SIGTERM) and status:
        assert 130 == status, said
        assert "error: interrupted; nothing half-written was left behind" in said
        assert "Traceback" not in said
    return status


def verified(shop: Workshop) -> None:
    """Every file of the tree is as the tree says."""
    subprocess.run(
        ["sha256sum", "--quiet", "--strict", "-c", "release/SHA256SUMS"],
        cwd=shop.tree,
        check=True,
        timeout=60,
    )


def test_a_release_is_interrupted_at_each_step(shop: Workshop) -> None:
    first = shop.report("release")
    artifact = next((shop.root / "dist").iterdir())
    (shop.tree / "var").mkdir()
    (shop.tree / "var" / "shop.db").write_text("tickets")
    old = (shop.root / "shop" / "ops.py").read_text()
    for step, number in ROUNDS:
        shop.put("shop/ops.py", f"{old}# {step}\n")
        interrupt(shop, step, number)
        verified(shop)
        assert "hello you\n" == called(shop.tree / "bin" / "shop", "hello", "you")
        assert "tickets" == (shop.tree / "var" / "shop.db").read_text()
        if step not in ("publish", "pack"):
            assert old == (shop.tree / "app" / "shop" / "ops.py").read_text(), step
        if step != "pack":
            assert first["size"] == artifact.stat().st_size
    shop.put("shop/ops.py", old)
    again = shop.report("release")
    assert first["sha256"] == again["sha256"]
    verified(shop)
    assert [artifact] == list((shop.root / "dist").iterdir())
    left = {path.name for path in (shop.root / "_build" / "prod").iterdir()}
    kept = {name for name in left if not name.endswith(".json")}
    assert {".lock", "shop-1.0"} == kept


def test_a_first_build_that_is_killed_leaves_no_tree_and_no_cache_that_looks_whole(
    shop: Workshop, built: Workshop
) -> None:
    cold = replace(shop, cache=shop.root.parent / "cold")
    with cold.popen("release") as process:
        while not list(cold.cache.glob("trees/python/.*/files/*/*")) and process.poll() is None:
            time.sleep(0.01)
        time.sleep(0.5)
        process.kill()
    assert not cold.tree.exists()
    cold.report("release")
    expected = next((built.root / "dist").iterdir()).read_bytes()
    assert expected == next((cold.root / "dist").iterdir()).read_bytes()
    assert [] == list(cold.cache.glob("trees/python/.*"))


WAIT = """\
[tool.relforge.assets]
run = [["sh", "-c", "touch '{root}/waits'; while ! [ -e '{root}/go' ]; do sleep 0.05; done; mkdir o"]]
inputs = ["shop/**"]
outputs = {{ "o" = "app/static" }}
"""  # noqa: E501 - a command


@contextmanager
def waiting(shop: Workshop) -> Iterator[subprocess.Popen[str]]:
    """A build in the middle of its asset command, which ends when there is a file `go`."""
    shop.add(WAIT.format(root=shop.root.parent))
    with shop.popen("build") as process:
        try:
            deadline = time.monotonic() + PATIENCE
            while not (shop.root.parent / "waits").exists():
                assert process.poll() is None, process.communicate()
                assert time.monotonic() < deadline
                time.sleep(0.02)
            yield process
        finally:
            process.kill()


def test_two_builds_at_once(shop: Workshop) -> None:
    with waiting(shop) as process:
        said = shop.refused(75, "build")
        assert f"{shop.root}/_build/prod: another build of this environment is running" in said
        assert "wait for it" in said
        (shop.root.parent / "go").touch()
        _, said = process.communicate(timeout=PATIENCE)
        assert 0 == process.returncode, said
    verified(shop)


def test_an_interrupt_ends_the_command_that_runs(shop: Workshop) -> None:
    with waiting(shop) as process:
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
        assert 130 == process.returncode
        assert "error: interrupted" in said
    place = str(shop.root.parent)
    found = subprocess.run(["pgrep", "-f", f"touch '{place}"], check=False, timeout=30)
    assert 1 == found.returncode, "the command of the assets still runs"


def test_a_tree_that_runs_is_not_replaced(shop: Workshop) -> None:
    shop.report("build")
    program = shop.tree / "bin" / "shop"
    # A socket's path is short, and that of a test's directory is not.
    run = {"RELEASE_RUN_DIR": f"/tmp/shop-{shop.root.stat().st_ino}"}
    called(program, "start", **run)
    shop.put("shop/new.py", "")
    try:
        said = shop.refused(75, "build")
        assert f"{shop.tree}: this release is running; a build would replace it" in said
        assert f"stop it first: {program} stop" in said
        assert "running" in called(program, "status", **run)
    finally:
        called(program, "stop", **run)
    log = set((shop.tree / "var").iterdir())
    assert log
    shop.report("build")
    assert log == set((shop.tree / "var").iterdir()), "what the release wrote is still there"
