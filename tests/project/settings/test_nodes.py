"""``[tool.relforge.nodes]``."""

from __future__ import annotations

from pathlib import Path

import pytest

from relforge.pipeline.configured import read_settings
from relforge.runtime.contract.tables import Nodes
from relforge.support.errors import SettingsError

PROJECT = """\
[project]
name = "shop"
version = "1.0"
[tool.relforge]
python = { version = "3.12" }
app = []
[tool.relforge.nodes]
%s
[tool.relforge.config.schema]
"nodes.hosts" = { type = "list", items = "str", default = [] }
"""


def nodes(directory: Path, lines: str) -> Nodes:
    (directory / "pyproject.toml").write_text(PROJECT % lines)
    return read_settings(directory, "prod").settings.nodes


def test_a_strategy_with_what_it_needs(tmp_path: Path) -> None:
    found = nodes(tmp_path, 'strategy = "static"\nhosts = ["${nodes.hosts}"]')
    assert ("static", ("${nodes.hosts}",)) == (found.strategy, found.hosts)
    assert "{host}" == found.connect[-1]
    assert "none" == nodes(tmp_path, "").strategy


@pytest.mark.parametrize(
    ("lines", "where", "words"),
    [
        ('strategy = "static"', "nodes.hosts", 'required for strategy = "static"'),
        ('strategy = "dns"\npath = "/x"\nname = "x"', "nodes.path", 'for strategy = "file"'),
        ('hosts = ["a"]', "nodes.hosts", 'for strategy = "static"'),
        ('strategy = "gossip"', "nodes.strategy", "gossip"),
        ('strategy = "static"\nhosts = ["a"]\nconnect = []', "nodes.connect", "a program"),
        ('strategy = "static"\nhosts = ["a"]\nconect = ["ssh"]', "nodes.conect", "unknown key"),
    ],
)
def test_what_does_not_fit(tmp_path: Path, lines: str, where: str, words: str) -> None:
    with pytest.raises(SettingsError) as raised:
        nodes(tmp_path, lines)
    assert f"tool.relforge.{where}: " in raised.value.message
    assert words in raised.value.message + raised.value.hint
