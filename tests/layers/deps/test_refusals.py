"""A package that an index keeps for those who log in, when nobody has."""

from __future__ import annotations

from pathlib import Path

import pytest

from relforge.layers.deps import refusals
from relforge.layers.deps.package_sources import PackageSources
from relforge.model.spec import Index
from relforge.support.errors import UserError
from tests.layers.deps import server

pytestmark = pytest.mark.network

BY_UV = "uv failed: Because corp was not found in the package registry and you require corp"
BY_PEX = "resolving the dependencies: corp is not to be had: no index"


@pytest.mark.parametrize("said", [BY_UV, BY_PEX])
def test_an_index_that_wants_a_login_is_named_when_a_package_is_not_found(
    tmp_path: Path, said: str
) -> None:
    with server.serve(tmp_path, login="user:secret") as index:
        places = PackageSources(indexes=(Index(name="corp", url=index.url),))
        told = refusals.explain(UserError(said), places)
    assert told.message.startswith(said)
    assert f"{index.url}: 401" in told.message
    assert "RELFORGE_INDEX_CORP_USERNAME" in told.hint


def test_an_index_that_answered_is_not_blamed(tmp_path: Path) -> None:
    error = UserError(BY_UV, hint="as it was")
    with server.serve(tmp_path) as index:
        places = PackageSources(indexes=(Index(name="corp", url=index.url),))
        assert error is refusals.explain(error, places)
