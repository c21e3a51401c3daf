"""O13: `config check` judges the services' settings as `start` does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.runtime.conftest import MiniRelease

pytestmark = pytest.mark.process

Make = Callable[..., MiniRelease]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("127.0.0.1:99999", "a port is a number from 0 to 65535"),
        ("127.0.0.1:http", "has no port after its last colon"),
        ("unix:@name", "is an abstract socket"),
        ("no address", "is not an address"),
    ],
)
def test_an_address_that_start_refuses_is_not_valid(
    mini_release: Make, tmp_path: Path, text: str, problem: str
) -> None:
    """O13: the address is known once the configuration is put in."""
    path = tmp_path / "x.toml"
    path.write_text(f"http.listen = {json.dumps(text)}\n")
    provider = {"use": "toml", "state": {"path": str(path), "optional": False}, "timeout": 9.0}
    config = {"providers": [provider], "strict": False}
    release = mini_release(
        {"shop/worker.py": "def main(): pass\n"},
        services={"web": {"listen": ["${http.listen}"]}},
        config=config,
    )
    for words in (("config", "check"), ("foreground",)):
        done = release.run(*words)
        assert done.returncode == 78, done.stdout
        assert "services.web.listen[0]: " in done.stderr
        assert problem in done.stderr
    answer = release.run("config", "check", "--json")
    assert answer.returncode == 78
    found = json.loads(answer.stdout)
    assert not found["valid"]
    assert problem in found["errors"][0]["message"]
