"""Two applications on one host: each command acts on the release that it belongs to."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator

import pytest

from tests.runtime.conftest import MiniRelease

WORKER = """
import time
from relforge.runtime import ready

def main():
    ready()
    while True:
        time.sleep(1)
"""
Make = Callable[..., MiniRelease]

pytestmark = pytest.mark.process


@pytest.fixture
def opsy(mini_release: Make) -> Iterator[MiniRelease]:
    release = mini_release(
        {"shop/worker.py": WORKER}, services={"worker": {}}, name="opsy", at="opsy"
    )
    started = release.run("start")
    assert 0 == started.returncode, started.stderr
    yield release


def test_a_command_that_a_process_of_another_release_runs_acts_on_its_own(
    opsy: MiniRelease, mini_release: Make
) -> None:
    """O2: deployers, CI runners and web terminals are such processes."""
    other = mini_release(
        {"shop/worker.py": WORKER}, services={"worker": {}}, name="other", at="other"
    )

    def inside(how: str, word: str) -> list[object]:
        code = f"['{other.root}/bin/shop', '{word}'], capture_output=True, text=True"
        source = f"(lambda r: [r.returncode, r.stdout])(__import__('subprocess').run({code}))"
        done = opsy.run(how, *(("--json",) if how == "rpc" else ()), source)
        assert 0 == done.returncode, done.stderr
        return list(json.loads(done.stdout.replace("'", '"')))

    assert [3, "other 1.0.0 is stopped\n"] == inside("eval", "status")
    assert [3, ""] == inside("rpc", "stop")
    assert 0 == opsy.run("ping").returncode
    code, line = inside("rpc", "start")
    assert (0, True) == (code, str(line).startswith("other 1.0.0 is running"))
    assert other.runs
    assert (other.state / "lock").exists()
    assert 0 == other.run("stop").returncode
    assert 0 == opsy.run("stop").returncode


def test_python_of_a_release_does_not_take_the_state_directory_of_another(
    opsy: MiniRelease, mini_release: Make
) -> None:
    """O2: scripts of the release (`celery`) and `bin/python` have no launcher."""
    other = mini_release({}, name="other", at="other")
    code = (
        "import sys; sys.path.insert(0, 'runtime')\n"
        "from relforge.runtime.contract import manifest; print(manifest.root())"
    )
    source = f"__import__('subprocess').check_output(['{other.root}/python/bin/python3', '-c', "
    source += f"{code!r}], cwd='{other.root}', text=True)"
    found = opsy.run("eval", source)
    assert str(other.root) in found.stdout, found.stderr


def test_one_state_directory_for_two_applications_is_refused(
    opsy: MiniRelease, mini_release: Make
) -> None:
    """O2: every command says whose it is; nothing of the other application is stopped."""
    other = mini_release(
        {"shop/worker.py": WORKER}, services={"worker": {}}, name="other", at="other"
    )
    env = {"RELEASE_STATE_DIR": str(opsy.state)}
    for words in (["status"], ["stop"], ["start"], ["restart"], ["rpc", "1"], ["reload"]):
        done = other.run(*words, env=env)
        assert (78, "") == (done.returncode, done.stdout), words
        said = f"is the state directory of opsy ({opsy.root}), which is running; this is other"
        assert said in done.stderr
    assert 0 == opsy.run("ping").returncode
    assert os.path.realpath(opsy.state) == str(opsy.state)


def test_an_upgrade_from_another_deploy_root_is_refused(mini_release: Make) -> None:
    """O2: the first root's `current` would go on naming what ran before."""
    services = {"worker": {"ready": "notify"}}
    files = {"shop/worker.py": WORKER}
    first = mini_release(files, services=services, at="one/releases/1.0.0")
    second = mini_release(files, services=services, at="two/releases/2.0.0", version="2.0.0")
    env = {"RELEASE_STATE_DIR": str(first.state)}
    assert 0 == first.run("start").returncode
    done = second.run("upgrade", "2.0.0", env=env)
    assert 78 == done.returncode
    assert f"belongs to the deploy root {first.root.parents[1]}" in done.stderr
    assert "1.0.0" in first.run("status").stdout
