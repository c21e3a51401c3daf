"""The target as packages see it."""

from __future__ import annotations

import os
import sys
from dataclasses import replace

import pytest
from packaging import markers, tags

from relforge.layers.deps.platform import platform
from relforge.model.release import Interpreter, Target


def texts(interpreter: Interpreter, target: Target) -> list[str]:
    return [str(tag) for tag in platform(interpreter, target).tags]


def test_tags_and_markers_of_this_very_python_are_what_packaging_finds_out(
    interpreter: Interpreter, target: Target
) -> None:
    found = platform(interpreter, target)
    own = {str(tag) for tag in tags.sys_tags()}
    assert {str(tag) for tag in found.tags} == own
    for name, value in found.markers.items():
        if name not in ("platform_release", "platform_version"):
            assert markers.default_environment()[name] == value, name  # type: ignore[literal-required]  # a name from a list
    assert os.uname().machine == found.machine
    assert sys.version_info[:2] == tuple(map(int, found.markers["python_version"].split(".")))


def test_a_target_with_an_older_glibc_takes_no_newer_wheel(interpreter: Interpreter) -> None:
    old = replace(interpreter, version="3.12.4", tag="cp312")
    found = texts(old, Target(system="linux", machine="aarch64", glibc="2.28"))
    assert "cp312-cp312-manylinux_2_28_aarch64" in found
    assert "cp312-cp312-manylinux2014_aarch64" in found
    assert "cp38-abi3-manylinux_2_17_aarch64" in found
    assert "cp312-cp312-manylinux_2_29_aarch64" not in found
    assert not [tag for tag in found if "x86_64" in tag]
    assert found.index("cp312-cp312-manylinux_2_28_aarch64") < found.index("py3-none-any")


@pytest.mark.parametrize("version", ["3.11.7", "3.13.0"])
def test_the_version_is_the_targets(interpreter: Interpreter, target: Target, version: str) -> None:
    found = platform(replace(interpreter, version=version, tag="cp3xx"), target)
    assert version == found.markers["python_full_version"]
    assert version.rsplit(".", 1)[0] == found.markers["python_version"]


def test_a_free_threaded_build_takes_its_own_wheels_and_pure_ones(interpreter: Interpreter) -> None:
    threaded = replace(interpreter, version="3.14.2", tag="cp314t")
    target = Target(system="linux", machine="x86_64", glibc="2.28")
    found = texts(threaded, target)
    assert "cp314-cp314t-manylinux_2_28_x86_64" == found[0]
    assert {"cp314-none-any", "py3-none-any", "py314-none-manylinux_2_17_x86_64"} <= set(found)
    assert not [tag for tag in found if "-cp314-" in tag or "-abi3-" in tag]
    assert set(found) == {
        *map(str, tags.cpython_tags((3, 14), ["cp314t"], _platforms(found))),
        *map(str, tags.compatible_tags((3, 14), "cp314", _platforms(found))),
    }
    markers_there = platform(threaded, target).markers
    assert ("3.14", "3.14.2") == (
        markers_there["python_version"],
        markers_there["python_full_version"],
    )


def _platforms(found: list[str]) -> list[str]:
    rows = (tag.rsplit("-", 1)[1] for tag in found)
    return [row for row in dict.fromkeys(rows) if row != "any"]
