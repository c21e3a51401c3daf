"""P50: `instances = "auto"` is what the release may use, not what the host has."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from relforge.runtime.supervise import cpus, specs
from tests.runtime.conftest import SERVICE

HOST = len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("quota", "above", "expected"),
    [
        ("max 100000", "max 100000", HOST),
        ("100000 100000", "max 100000", 1),
        ("max 100000", "50000 100000", 1),
        ("nonsense", "max 100000", HOST),
        (f"{HOST}50000 100000", "max 100000", HOST),
    ],
)
def test_quotas_of_control_groups_count(
    tmp_path: Path, quota: str, above: str, expected: int
) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "cpu.max").write_text(f"{quota}\n")
    (tmp_path / "a" / "cpu.max").write_text(f"{above}\n")
    own = tmp_path / "own"
    own.write_text("1:cpu:/x\n0::/a/b\n")
    assert expected == cpus.usable(str(tmp_path), str(own))
    assert HOST == cpus.usable(str(tmp_path / "none"), str(tmp_path / "none"))


def test_auto_is_a_number_for_the_supervisor() -> None:
    manifest = {"services": {"web": {**SERVICE, "instances": "auto"}}}
    (spec,) = specs.read(manifest, {}, "/srv/shop", "/srv/var")
    assert cpus.usable() == spec.instances
    manifest = {"services": {"web": {**SERVICE, "instances": "${web.instances}"}}}
    (spec,) = specs.read(manifest, {"web": {"instances": 3}}, "/srv/shop", "/srv/var")
    assert 3 == spec.instances
