"""What is taken out of wheels; their RECORDs stay true."""

from __future__ import annotations

import base64
import csv
import hashlib
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from relforge import cache
from relforge.elf import symbols
from relforge.layers.deps import bundled_tests, wheel_trees
from relforge.layers.deps.wheels import Wheel
from relforge.model.release import Interpreter
from relforge.model.spec import AS_IT_IS, StripSettings
from tests.elf import fat

MakeWheel = Callable[..., Path]
Lay = Callable[..., Path]
PYTHON = Path(sys.executable)
PACKAGE = {
    "one/__init__.py": "from one import deep\n",
    "one/deep.py": "def fail():\n    raise ValueError('deep')\n",
    "one/tests/__init__.py": "",
    "one/tests/test_one.py": "",
    "one/tests/data.json": "{}",
    "one/sub/__init__.py": "",
    "one/sub/tests/test_sub.py": "",
    "one/scripts/run.py": "x = 1\n",
    "one/migrations/__init__.py": "",
    "one/migrations/versions/0001_first.py": "x = 1\n",
    "single.py": "x = 1\n",
}


@pytest.fixture
def lay(interpreter: Interpreter, tmp_path: Path) -> Lay:
    """The site-packages of wheels that are laid out with these settings."""

    def run(*paths: Path, **wanted: bool) -> Path:
        strip = replace(AS_IT_IS, **wanted)
        into = tmp_path / cache.key(repr(strip), *map(str, paths))
        wheels = [Wheel(name=path.name, path=path) for path in paths]
        wheel_trees.lay(wheels, interpreter, PYTHON, strip).place(into)
        site = into / interpreter.site_packages
        check_record(site)
        return site

    return run


def check_record(site: Path) -> None:
    """Every RECORD lists what is there, with its digest, and nothing else."""
    listed = set()
    for record in site.glob("*.dist-info/RECORD"):
        for path, digest, size in csv.reader(record.read_text().splitlines()):
            listed.add((site / path).resolve())
            if digest:
                data = (site / path).read_bytes()
                found = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode()
                assert (f"sha256={found.rstrip('=')}", str(len(data))) == (digest, size), path
    assert {path.resolve() for path in cache.walk(site)} <= listed
    assert all(path.exists() for path in listed)


def names(site: Path) -> set[str]:
    found = (path.relative_to(site).as_posix() for path in cache.walk(site))
    return {name for name in found if "dist-info" not in name and "__pycache__" not in name}


@pytest.mark.process
def test_as_it_is_everything_goes_in(make_wheel: MakeWheel, lay: Lay) -> None:
    assert {*PACKAGE} == names(lay(make_wheel("one", "1.0", PACKAGE)))


@pytest.mark.process
def test_tests_are_left_out(make_wheel: MakeWheel, lay: Lay) -> None:
    site = lay(make_wheel("one", "1.0", PACKAGE), tests=True)
    assert {name for name in PACKAGE if "tests/" not in name} == names(site)


@pytest.mark.process
@pytest.mark.parametrize(
    "source",
    [
        "from one.tests import helpers",
        "import one.tests.helpers",
        "from .tests import helpers",
        "from . import a, tests",
        "names = ['one.tests']",
    ],
)
def test_tests_that_something_else_refers_to_stay(
    make_wheel: MakeWheel, lay: Lay, source: str
) -> None:
    site = lay(make_wheel("one", "1.0", {**PACKAGE, "one/testing.py": source}), tests=True)
    assert "one/tests/test_one.py" in names(site)
    assert "one/sub/tests/test_sub.py" not in names(site)


def test_a_package_of_that_name_that_holds_no_tests_stays(make_wheel: MakeWheel) -> None:
    files = {"one/__init__.py": "", "one/test/__init__.py": "", "one/test/client.py": ""}
    assert frozenset() == bundled_tests.of(make_wheel("one", "1.0", files))


@pytest.mark.process
def test_byte_code_takes_the_place_of_sources(make_wheel: MakeWheel, lay: Lay) -> None:
    site = lay(make_wheel("one", "1.0", PACKAGE), sources=True)
    there = names(site)
    assert {"one/__init__.pyc", "one/deep.pyc", "single.pyc", "one/sub/__init__.pyc"} <= there
    assert "one/scripts/run.py" in there, "no package: it may be read as a text"
    assert "one/migrations/versions/0001_first.py" in there, "Alembic looks for sources"
    assert not {"one/__init__.py", "one/deep.py", "single.py"} & there
    program = "import one, single; one.deep.fail()"
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(site)!r}); {program}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert 'deep.py", line 2, in fail\nValueError: deep\n' in done.stderr


@pytest.mark.process
def test_two_wheels_that_claim_one_module_are_seen_without_sources(
    make_wheel: MakeWheel, interpreter: Interpreter
) -> None:
    one = make_wheel("one", "1.0", {"shared.py": "x = 1\n"})
    two = make_wheel("two", "1.0", {"shared.py": "x = 2\n"})
    names = ("one==1.0", "two==1.0")
    rows = [Wheel(name=name, path=path) for name, path in zip(names, (one, two), strict=True)]
    strip = StripSettings(symbols=False, sources=True)
    (clash,) = wheel_trees.lay(rows, interpreter, Path(sys.executable), strip).collisions
    assert ("module", True) == (clash.kind, clash.path.endswith("/shared.pyc"))


@pytest.mark.process
def test_libraries_lose_their_symbols(make_wheel: MakeWheel, lay: Lay, tmp_path: Path) -> None:
    module = fat.module(tmp_path)
    wheel = make_wheel("fast", "1.0", {f"fast/{module.name}": module.read_bytes()})
    lean = lay(wheel, symbols=True) / "fast" / module.name
    assert symbols.stripped(module.read_bytes()) == lean.read_bytes()
    assert lean.stat().st_size < module.stat().st_size
    assert module.read_bytes() == (lay(wheel) / "fast" / module.name).read_bytes()
