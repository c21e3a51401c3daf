"""Where the cache is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from relforge.cache import keys


def test_a_relative_directory_is_absolute_for_the_programs_that_a_build_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RELFORGE_CACHE_DIR", os.path.join("..", "cache"))
    assert tmp_path / ".." / "cache" == keys.home()


def test_the_directory_of_the_xdg_specification(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RELFORGE_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert tmp_path / "relforge" == keys.home()
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert tmp_path / ".cache" / "relforge" == keys.home()
