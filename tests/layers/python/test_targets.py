"""Which archive a release for another CPU takes."""

from __future__ import annotations

import os
import shutil
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from relforge import cache
from relforge.layers import python
from relforge.layers.python.probe import probe
from relforge.model.spec import PythonArchive, PythonSettings
from relforge.support.errors import Exit, SettingsError, UserError

pytestmark = pytest.mark.process

OWN = f"linux-{os.uname().machine}"
OTHER = {"linux-x86_64": "linux-aarch64", "linux-aarch64": "linux-x86_64"}[OWN]
E_MACHINE = {"linux-x86_64": 62, "linux-aarch64": 183}
SHORT = "3.11"


def pack(directory: Path, target: str, version: str = "3.11.4") -> PythonSettings:
    """An archive with nothing but a program and the header with its version."""
    directory.mkdir(exist_ok=True)
    program = directory / "python"
    own = probe(Path("/proc/self/exe"))
    assert own is not None
    shutil.copyfile(own.executable, program)
    with program.open("r+b") as file:
        file.seek(18)
        file.write(E_MACHINE[target].to_bytes(2, "little"))
    (directory / "patchlevel.h").write_text(f'#define PY_VERSION "{version}"\n')
    path = directory / f"{target}.tar.gz"
    with tarfile.open(path, "w:gz", compresslevel=1) as tar:
        tar.add(program, f"python/bin/python{SHORT}")
        tar.add(directory / "patchlevel.h", f"python/include/python{SHORT}/patchlevel.h")
    where, sha256 = "tool.relforge.python.archives.x", cache.sha256(path)
    named = PythonArchive(where=where, place=str(path), sha256=sha256)
    return PythonSettings(version=SHORT, archives=((target, named),))


def test_the_archive_of_the_target_is_taken_whatever_the_source_says(tmp_path: Path) -> None:
    found = python.find(pack(tmp_path, OTHER), Path("/"), OTHER)
    assert ("archive", "3.11.4", "cp311") == (found.source, found.version, found.tag)
    assert (OTHER.removeprefix("linux-"), False) == (found.machine, found.runs_here)
    assert found.helper is None or "3.11" in found.helper.name


def test_for_this_hosts_own_cpu_the_source_counts(tmp_path: Path) -> None:
    own = f"3.{sys.version_info.minor}"
    settings = PythonSettings(version=own, archives=pack(tmp_path, OTHER).archives)
    assert ["host", "host"] == [
        python.find(settings, Path("/"), target).source for target in (None, OWN)
    ]


def test_the_only_archive_decides_the_target_where_none_is_asked_for(tmp_path: Path) -> None:
    settings = replace(pack(tmp_path, OTHER), source="archive")
    assert OTHER == f"linux-{python.find(settings, Path('/')).machine}"


def test_a_target_without_an_archive_is_refused_with_how_to_name_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        python.find(PythonSettings(version=SHORT), Path("/"), OTHER)
    assert Exit.CONFIG == caught.value.code
    assert f"the release is for {OTHER}, this host is {OWN}" in caught.value.message
    assert f"tool.relforge.python.archives.{OTHER} =" in caught.value.hint


def test_an_archive_for_another_target_than_it_is_named_for_is_refused(tmp_path: Path) -> None:
    (_, wrong) = pack(tmp_path, OWN).archives[0]
    settings = PythonSettings(version=SHORT, archives=((OTHER, wrong),))
    with pytest.raises(UserError) as caught:
        python.find(settings, Path("/"), OTHER)
    assert f"is for {OWN}, but the release is for {OTHER}" in caught.value.message


def test_the_digest_of_each_archive_is_checked(tmp_path: Path) -> None:
    (_, good) = pack(tmp_path, OTHER).archives[0]
    for sha256, message in (("", "is required with an archive"), ("0" * 64, "has another digest")):
        bad = PythonArchive(where=good.where, place=good.place, sha256=sha256)
        settings = PythonSettings(version=SHORT, archives=((OTHER, bad),))
        with pytest.raises(UserError) as caught:
            python.find(settings, Path("/"), OTHER)
        assert "tool.relforge.python.archives.x.sha256: " in caught.value.message
        assert message in caught.value.message
