"""A package that an index keeps for those who log in, when nobody has."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.requirements import Requirement

from relforge.layers.deps import refusals
from relforge.layers.deps.index_pages import Offer
from relforge.layers.deps.package_sources import PackageSources
from relforge.layers.deps.platform import platform
from relforge.model.release import Interpreter, Target
from relforge.model.spec import Index
from relforge.support.errors import UserError
from tests.layers.deps import server

network = pytest.mark.network

HERE = platform(
    Interpreter(
        version="3.12.1", tag="cp312", machine="x86_64", source="host", origin=Path("/p"), key=""
    ),
    Target(system="linux", machine="x86_64"),
)
BY_UV = "uv failed: Because corp was not found in the package registry and you require corp"
BY_PEX = "resolving the dependencies: corp cannot be found"


@network
@pytest.mark.parametrize("said", [BY_UV, BY_PEX])
def test_an_index_that_wants_a_login_is_named_when_a_package_is_not_found(
    tmp_path: Path, said: str
) -> None:
    with server.serve(tmp_path, login="user:secret") as index:
        places = PackageSources(indexes=(Index(name="corp", url=index.url),))
        reported = refusals.explain(UserError(said), places, HERE)
    assert reported.message.startswith(said)
    assert f"{index.url}: 401" in reported.message
    assert "RELFORGE_INDEX_CORP_USERNAME" in reported.hint


@network
def test_an_index_that_answered_is_not_blamed(tmp_path: Path) -> None:
    error = UserError(BY_UV, hint="as it was")
    with server.serve(tmp_path) as index:
        places = PackageSources(indexes=(Index(name="corp", url=index.url),))
        assert error is refusals.explain(error, places, HERE)


def file(name: str, python: str = "") -> Offer:
    return Offer(name=name, url="", requires_python=python)


@pytest.mark.parametrize(
    ("offers", "expected"),
    [
        ((), "no configured index or directory has a package named Alpha"),
        (
            (file("alpha-1.0.tar.gz"), file("alpha-1.1-py3-none-any.whl")),
            "no version of Alpha matches `Alpha==2.0`; the newest are 1.0, 1.1",
        ),
        (
            (file("alpha-2.0-py3-none-any.whl", ">=3.13"),),
            "Alpha 2.0 needs Python >=3.13, but the release has 3.12.1",
        ),
        (
            (file("alpha-2.0-cp312-cp312-win_amd64.whl", ">=3.9"),),
            "Alpha 2.0 has neither a file for CPython 3.12.1 on x86_64 Linux",
        ),
    ],
)
def test_the_name_the_version_the_python_and_the_system_are_distinguished(  # P8
    offers: tuple[Offer, ...], expected: str
) -> None:
    assert refusals.reason(Requirement("Alpha==2.0"), offers, HERE).startswith(expected)
