"""A release that uses its host's own Python, as an operator meets it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.release import workshop
from tests.release.workshop import Workshop, called

pytestmark = pytest.mark.release

BASE = Path(sys.executable).resolve()  # plays the interpreter of the target
EXACT = sys.version.split()[0]
SHORT = f"3.{sys.version_info.minor}"
OPS = """\
import json
import multiprocessing
import subprocess
import sys


def hello():
    print("hello", *sys.argv[1:])


def tell():
    child = [sys.executable, "-I", "-m", "shop.ops"]
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        result = pool.map(abs, [-1])
    code = subprocess.run(child, env={}).returncode
    print(json.dumps([sys.executable, sys.prefix, code, result]))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    shop: Workshop
    artifact: Path
    tree: Path

    @property
    def program(self) -> Path:
        return self.tree / "bin" / "shop"


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory, warm: Path) -> Deployed:
    """Built for this host's Python, and unpacked somewhere else."""
    shop = workshop.make(tmp_path_factory.mktemp("system") / "shop", warm)
    shop.put("shop/ops.py", OPS)
    shop.replace(
        f'python = {{ version = "{SHORT}" }}',
        f'python = {{ version = "{EXACT}", source = "system", path = "{BASE}" }}',
    )
    shop.add('[tool.relforge.commands.tell]\ncall = "shop.ops:tell"')
    report = shop.report("release")
    place = tmp_path_factory.mktemp("a b (ü)")
    subprocess.run(["tar", "-xzf", report["artifact"], "-C", place], check=True)
    return Deployed(shop=shop, artifact=Path(report["artifact"]), tree=place / "shop-1.0")


@pytest.fixture
def running(deployed: Deployed, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Its variables while it runs."""
    env = {"RELEASE_STATE_DIR": str(tmp_path / "state")}
    called(deployed.program, "start", "--wait", "30s", **env)
    yield env
    subprocess.run([deployed.program, "stop"], env={"PATH": "/usr/bin:/bin", **env}, check=False)


def test_nothing_of_python_goes_in(deployed: Deployed) -> None:
    assert deployed.artifact.stat().st_size < 2_500_000  # the runtime and the console's libraries
    inside = deployed.tree / "python"
    assert ["bin", "lib", "pyvenv.cfg"] == sorted(os.listdir(inside))
    assert ["site-packages"] == os.listdir(inside / "lib" / f"python{SHORT}")
    line = f"system {EXACT} cpython-{SHORT.replace('.', '')}-{os.uname().machine}-linux-gnu {BASE}"
    assert line in (deployed.tree / "release/launch").read_text().splitlines()


def test_the_application_and_what_it_starts_run_in_the_releases_environment(
    deployed: Deployed,
) -> None:
    own = deployed.tree / "python"
    reported = called(deployed.program, "tell")
    assert f'["{own}/bin/python{SHORT}", "{own}", 0, [1]]' in reported.encode().decode(
        "unicode-escape"
    )
    code = "import shop.ops, sys; print(sys.prefix)"
    link = deployed.tree.parent / "link"
    link.symlink_to(deployed.tree / "bin/python")
    for program in (deployed.tree / "bin/python", link):
        assert f"{own}\n" == called(program, "-c", code)


def test_it_starts_and_is_asked_in_the_live_process(
    deployed: Deployed, running: dict[str, str]
) -> None:
    own = f"{deployed.tree}/python/bin/python{SHORT}"
    question = "__import__('sys').executable"
    assert f"{own!r}\n" == called(deployed.program, "rpc", question, **running)
    assert f"{own!r}\n" == called(deployed.program, "eval", question, **running)
    assert "worker.1" in called(deployed.program, "status", **running)


def test_a_host_with_another_python_is_refused(deployed: Deployed, tmp_path: Path) -> None:
    launch = deployed.tree / "release/launch"
    text = launch.read_text()
    for old, new, said in (
        (EXACT, f"{SHORT}.99", f"needs CPython {SHORT} ({SHORT}.99 or newer) at {BASE}, "),
        (EXACT, "3.99.1", f"and it is {EXACT}"),
    ):
        launch.write_text(text.replace(old, new, 1))
        done = subprocess.run(
            [deployed.program, "start"], capture_output=True, text=True, check=False
        )
        assert (1, "") == (done.returncode, done.stdout)
        assert said in done.stderr
    launch.write_text(text)


def test_without_that_python_here_one_alike_tries_the_release_out(
    deployed: Deployed, tmp_path: Path
) -> None:
    """The build host has another patch, in another place: entry points are still imported."""
    shop = workshop.make(tmp_path / "shop", deployed.shop.cache)
    shop.replace(
        f'python = {{ version = "{SHORT}" }}',
        f'python = {{ version = "{SHORT}", source = "system", path = "/nonexistent/python" }}',
    )
    assert shop.report("build")["tree"]
    shop.put("shop/worker.py", "import not_there\n")
    assert "not_there" in shop.refused(1, "build")
