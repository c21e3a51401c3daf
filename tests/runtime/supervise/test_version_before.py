"""Upgrades between this runtime and the one before it, which is kept in ``before/runtime.tar.xz``.

That is `relforge/runtime` as it was before its messages and processes had one
place each: its supervisor says `start` where this one says `start _load` and
`start _resume`, and each of the two has to understand the other.
"""

from __future__ import annotations

import json
import shutil
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.conftest import MiniRelease
from tests.runtime.supervise.asking import Asking
from tests.runtime.supervise.test_upgrade import SERVER, WORKER, current, started, version
from tests.runtime.supervise.waiting import eventually, log, service, status

pytestmark = [pytest.mark.process, pytest.mark.network]

Make = Callable[..., MiniRelease]

BEFORE = Path(__file__).parent / "before" / "runtime.tar.xz"
SERVICES = {"web": {**SERVER, "instances": 2}, "worker": {"singleton": True}}
KEEPER = """
from relforge.runtime import handoff, ready
count = [0]

@handoff.export(schema=1)
def state():
    return count[0] + 1

@handoff.import_(accepts=[1])
def take(state, schema):
    count[0] = state

""" + WORKER.replace("from relforge.runtime import ready\n", "")


def made(make: Make, number: str, *, before: bool, **parts: Any) -> MiniRelease:
    """A version of the shop, with the one runtime or the other."""
    if before and sys.version_info >= (3, 14):
        pytest.skip("the runtime before supported CPython 3.11 to 3.13")
    release = version(make, number, services=SERVICES, files={"shop/worker.py": KEEPER}, **parts)
    if before:
        package = release.root / "runtime" / "relforge"
        shutil.rmtree(package / "runtime")  # hard links: it is shared with the other versions
        with tarfile.open(BEFORE) as archive:
            for member in archive:
                content = archive.extractfile(member)
                assert content is not None
                path = package / member.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content.read())
    return release


def words(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_text().split("\0")[:-1]


def test_they_upgrade_to_each_other_under_load(mini_release: Make) -> None:
    one = made(mini_release, "1.0.0", before=True)
    two = made(mini_release, "2.0.0", before=False)
    three = made(mini_release, "3.0.0", before=False)
    address = started(one)
    pid = status(one)["pid"]
    with Asking(address) as single, Asking(address, keep=True) as kept:
        eventually(lambda: single.answers and kept.answers)
        path = [(one, two), (two, one), (one, two), (two, three), (three, one), (one, three)]
        for count, (source, target) in enumerate(path, 1):
            done = source.run("upgrade", target.root.name, "--json")
            assert done.returncode == 0, done.stderr
            assert json.loads(done.stdout)["changed"]
            assert (pid, target.root.name) == (status(one)["pid"], status(target)["version"])
            assert target.root.name == current(one)
            assert all(row["ready"] for row in status(target)["services"])
            # The state of what may run once only went along, by the helper of the new version.
            state = target.run("rpc", "shop.worker.count[0]", "--service", "worker")
            assert f"{count}\n" == state.stdout, state.stderr
        seen = len(single.answers), len(kept.answers)
        eventually(lambda: len(single.answers) > seen[0] and len(kept.answers) > seen[1])
    assert [] == single.failed + kept.failed
    assert {"1.0.0", "2.0.0", "3.0.0"} == set(single.answers) | set(kept.answers)
    assert 0 == three.run("stop").returncode


def test_commands_of_either_ask_what_runs(mini_release: Make) -> None:
    one = made(mini_release, "1.0.0", before=True)
    two = made(mini_release, "2.0.0", before=False)
    started(one)
    for source, target in ((one, two), (two, one)):
        for release in (one, two):
            assert "pong\n" == release.run("ping").stdout
            assert "2\n" == release.run("rpc", "1 + 1").stdout
            assert "MainThread" in release.run("stacks", "worker").stdout
            assert 0 == release.run("reload").returncode
        assert 0 == source.run("upgrade", target.root.name).returncode
    assert 0 == two.run("stop").returncode


def test_one_that_cannot_go_on_gives_back_to_the_other(mini_release: Make) -> None:
    one = made(mini_release, "1.0.0", before=True)
    two = made(mini_release, "2.0.0", before=False)
    address = started(one)
    pid = status(one)["pid"]
    with Asking(address) as asking:
        eventually(lambda: asking.answers)
        repair = broken(two)
        assert 1 == (done := one.run("upgrade", "2.0.0")).returncode
        assert "the new supervisor fails: MemoryError: none left" in done.stderr
        assert (pid, "1.0.0") == (status(one)["pid"], status(one)["version"])
        repair()
        assert 0 == one.run("upgrade", "2.0.0").returncode
        broken(one)
        assert 1 == (done := two.run("upgrade", "1.0.0")).returncode
        assert "the new supervisor fails: MemoryError: none left" in done.stderr
        assert (pid, "2.0.0") == (status(two)["pid"], status(two)["version"])
    assert [] == asking.failed
    assert 0 == two.run("stop").returncode


def broken(release: MiniRelease) -> Callable[[], None]:
    """Have its supervisor fail as soon as it resumes; call the result to repair it."""
    resume = release.root / "runtime/relforge/runtime/supervise/resume.py"
    text = resume.read_text()

    def replace(content: str) -> None:
        for path in [resume, *resume.parent.glob("__pycache__/resume.*")]:
            path.unlink()  # it is shared with the other versions
        resume.write_text(content)

    # Of the version before, and of this one.
    for last in ("supervisor.describe()", "report.line(supervisor.world)"):
        broken = text.replace(last, "raise MemoryError('none left')")
        if broken != text:
            replace(broken)
    return lambda: replace(text)


def test_the_roles_of_a_supervisor_are_words_that_ps_shows(mini_release: Make) -> None:
    one = version(mini_release, "1.0.0")
    two = version(mini_release, "2.0.0", fault="hang")
    env_sh = two.root / "release" / "env.sh"
    env_sh.write_text('echo "asked by $RELEASE_COMMAND" >&2; sleep 0.3\n')
    three = version(mini_release, "3.0.0")
    started(one)
    pid = status(one)["pid"]
    assert words(pid)[-1] == "start"
    assert 1 == one.run("upgrade", "2.0.0").returncode
    assert "asked by start" in log(one), "what env.sh finds is a start"
    assert 0 == one.run("upgrade", "3.0.0").returncode
    assert ["start", "_resume"] == words(pid)[-2:]
    assert service(three, "web")["ready"]
    refused = three.run("start", "_load")
    assert (2, "shop: '_load' is one argument too many\n") == (
        refused.returncode,
        refused.stderr[: refused.stderr.index("  ")],
    )
    assert 0 == three.run("stop").returncode
