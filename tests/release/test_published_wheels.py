"""Packages of the index as their users have them: locked, built, imported by the release."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.release.workshop import Workshop, called

pytestmark = pytest.mark.release


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Requirements, the module that the application imports, and the findings that are right.

    ``needs`` is a program or header of this host that building it takes.
    """

    requires: tuple[str, ...]
    module: str
    findings: tuple[tuple[str, str], ...] = ()  # severity and rule
    note: str = ""
    needs: str = ""


SMALL = {
    # P27: comes as source only, and its extension gets the run path of the interpreter
    "crcmod": Case(requires=("crcmod==1.7",), module="crcmod._crcfunext"),
    # P29: plugins for devices that few hosts have
    "nvidia-cufile": Case(
        requires=("nvidia-cufile-cu12==1.14.1.1",), module="os", note="libibverbs.so.1, libmlx5"
    ),
    # B6: an entry point and a script of one name in one wheel
    "pecan": Case(requires=("pecan==1.4.2",), module="pecan"),
    # B6: LICENSE and README.md of two wheels at the top of site-packages
    "texts": Case(requires=("rsa==4.8", "requests-aws4auth==1.1.1"), module="rsa", note="LICENSE"),
}
LARGE = {
    # P27
    "psycopg2": Case(requires=("psycopg2==2.9.10",), module="psycopg2", needs="pg_config"),
    "mysqlclient": Case(requires=("mysqlclient",), module="MySQLdb", needs="mysql_config"),
    "python-ldap": Case(
        requires=("python-ldap",),
        module="ldap",
        findings=(("warning", "secrets"),),  # of its tests' server
        needs="/usr/include/ldap.h",
    ),
    # P27: a program that is linked with the interpreter's library
    "uwsgi": Case(requires=("uwsgi",), module="os", findings=(("warning", "build-paths"),)),
    # P28: a run path that is relative to the working directory
    "psycopg2-binary": Case(
        requires=("psycopg2-binary==2.9.9",),
        module="psycopg2",
        findings=(("warning", "run-paths"),),
    ),
    "opencv": Case(requires=("opencv-python-headless",), module="cv2"),
}


def released(shop: Workshop, case: Case) -> None:
    is_there = Path(case.needs).exists() if "/" in case.needs else shutil.which(case.needs or "sh")
    if not is_there:
        pytest.skip(f"this host has no {case.needs}")
    rows = ", ".join(f'"{row}"' for row in case.requires)
    shop.replace('version = "1.0"\n', f'version = "1.0"\ndependencies = [{rows}]\n')
    shop.put("shop/ops.py", f"import {case.module}\n\n\ndef hello():\n    print('imported')\n")
    done = shop.run("lock", "--resolver", "uv")
    assert 0 == done.returncode, done.stderr[-4000:]
    built = shop.report("build")
    found = {(row["severity"], row["rule"]) for row in built["findings"]}
    assert set(case.findings) == found, built["findings"]
    assert all("check.allow = [" in row["hint"] for row in built["findings"])
    assert case.note in " ".join(built["notes"])
    assert "imported\n" == called(shop.tree / "bin/shop", "hello")
    if case.requires == ("uwsgi",):
        assert called(shop.tree / "python/bin/uwsgi", "--version")


@pytest.mark.parametrize("name", SMALL)
def test_a_published_package_is_released_as_it_is(shop: Workshop, name: str) -> None:
    released(shop, SMALL[name])


@pytest.mark.frameworks
@pytest.mark.parametrize("name", LARGE)
def test_a_large_package_or_one_that_a_compiler_builds(shop: Workshop, name: str) -> None:
    released(shop, LARGE[name])
