"""`bin/<name> help`: in groups, as the reference has them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from relforge.runtime.commands import GROUPS, TABLE
from tests.runtime.conftest import MiniRelease


def test_each_command_is_in_one_group() -> None:  # P64
    assert sorted(TABLE) == sorted(command for _, rows in GROUPS for command in rows)


@pytest.mark.process
def test_help_is_in_groups_and_names_every_option(  # P64
    mini_release: Callable[..., MiniRelease],
) -> None:
    release = mini_release(commands={"seed": {"call": "shop.ops:seed", "help": "makes data"}})
    text = release.run("help").stdout
    blocks = dict(block.split("\n", 1) for block in text.split("\n\n")[1:])
    assert [f"{heading}:" for heading, _ in GROUPS] + ["commands of this project:"] == list(blocks)
    assert "  reload " in blocks["starting and stopping:"]
    assert "--service S[.N]" in blocks["the live process:"]
    assert "makes data" in blocks["commands of this project:"]
    assert "usage: shop rpc EXPR" in release.run("rpc", "--help").stdout
