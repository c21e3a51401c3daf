"""Machines without Python, one per test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rootfs import base
from tests.rootfs.bare import Bare


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Bare]:
    """A minimal Debian without Python."""
    yield from _machine(base.debian(), tmp_path)


@pytest.fixture
def busybox(tmp_path: Path) -> Iterator[Bare]:
    """A machine of glibc and busybox alone."""
    yield from _machine(base.busybox(), tmp_path)


def _machine(lower: Path, tmp_path: Path) -> Iterator[Bare]:
    work = tmp_path / "machine"
    work.mkdir()
    with Bare(lower, work) as machine:
        yield machine
