"""PEP 751 locks."""

from __future__ import annotations

from pathlib import Path

import pytest

from relforge.layers.deps import pylock
from relforge.layers.deps.pins import Lock
from relforge.support.errors import UserError

A, B = "a" * 64, "b" * 64
HEAD = 'lock-version = "1.0"\ncreated-by = "test"\n'
CLICK = f"""
[[packages]]
name = "click"
version = "8"
marker = "'web' in extras"

[packages.sdist]
url = "https://host/click-8.0.tar.gz"
hashes = {{sha256 = "{A}"}}

[[packages.wheels]]
path = "wheels/click-8.0-py3-none-any.whl"
hashes = {{sha256 = "{B}"}}
"""


def read(tmp_path: Path, text: str) -> Lock:
    path = tmp_path / "pylock.toml"
    path.write_text(text)
    return pylock.read(path, project="shop")


def test_a_pin_names_its_files_and_their_places(tmp_path: Path) -> None:
    (pin,) = read(tmp_path, HEAD + CLICK).pins
    wheel, sdist = pin.files
    assert "click==8.0" == str(pin)
    assert str(tmp_path / "wheels/click-8.0-py3-none-any.whl") == wheel.path
    assert ("https://host/click-8.0.tar.gz", A) == (sdist.url, sdist.sha256)
    assert "pylock.toml:4 (click)" == pin.where


def test_the_projects_own_entry_is_passed_over(tmp_path: Path) -> None:
    own = '\n[[packages]]\nname = "shop"\ndirectory = {path = "."}\n'
    assert ["click"] == [pin.name for pin in read(tmp_path, HEAD + own + CLICK).pins]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lock-version = \n", ":1: not valid TOML"),
        ('lock-version = "2.0"\ncreated-by = "x"\npackages = []\n', "version 2.0 is not supported"),
        (HEAD + '[[packages]]\nname = "Click"\n', "is not normalized"),
        (HEAD + CLICK.replace("sha256 = ", "md5 = "), "has no sha256 hash"),
        (HEAD + CLICK.replace(f'{{sha256 = "{A}"}}', "{}"), "At least one hash must be provided"),
        (
            HEAD + '[[packages]]\nname = "other"\n[packages.vcs]\ntype = "hg"\n'
            'url = "https://host/x"\ncommit-id = "1"\n',
            ":3 (other): it comes from hg",
        ),
        (
            HEAD + '[[packages]]\nname = "other"\n[packages.vcs]\ntype = "git"\n'
            'url = "https://host/x"\ncommit-id = "main"\n',
            "'main' is not a commit",
        ),
    ],
)
def test_a_lock_that_cannot_be_trusted_is_refused_with_its_place(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(UserError) as caught:
        read(tmp_path, text)
    assert message in caught.value.message
    assert str(tmp_path / "pylock.toml") in caught.value.message
    assert caught.value.hint
