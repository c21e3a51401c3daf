"""Free-threaded builds: a `t` after the version, and directories, wheels and an ABI of its own.

Hardly a host has one.  Those that are marked `process` compile a program that answers as the one
of CPython 3.14 does; where there is a real one, the tests of moved interpreters take it, too.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from relforge import cache
from relforge.cli.init import pythons
from relforge.layers import python
from relforge.layers.python import archive, host, selection
from relforge.layers.python.candidates import interpreters
from relforge.layers.python.installation import Installation
from relforge.model.spec import PythonSettings
from relforge.support.errors import UserError
from tests import builder

ANSWER = {
    "version": "3.14.2",
    "implementation": "cpython",
    "multiarch": "",
    "soabi": f"cpython-314t-{os.uname().machine}-linux-gnu",
    "debug": False,
    "threaded": True,
}
PROGRAM = "#include <stdio.h>\nint main(void) {{ puts({answer}); return 0; }}\n"


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    """A standard library where a free-threaded build has it, and no program."""
    root = tmp_path / "opt"
    for name in (
        *("lib/python3.14t/os.py", "lib/python3.14t/lib-dynload/zlib.so"),
        *("include/python3.14t/pyconfig.h", "include/python3.14t/patchlevel.h"),
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text('#define PY_VERSION "3.14.2"\n')
    (root / "bin").mkdir()
    return root


@pytest.fixture
def only_one(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place of this host where there is a 3.14, and the program that answers there."""
    places = {
        "prefix": str(prefix),
        "stdlib": str(prefix / "lib/python3.14t"),
        "dynload": str(prefix / "lib/python3.14t/lib-dynload"),
        "include": str(prefix / "include/python3.14t"),
    }
    source = prefix / "answer.c"
    source.write_text(PROGRAM.format(answer=json.dumps(json.dumps({**ANSWER, **places}))))
    program = prefix / "bin" / "python3.14t"
    subprocess.run(["cc", "-o", program, source], check=True)
    (prefix / "bin" / "python3.14").symlink_to(program.name)
    place = host.Place(name=str(prefix), kind="PATH", directories=(prefix / "bin",))
    monkeypatch.setattr(host, "places", lambda: (place,))
    return program


@pytest.mark.process
def test_it_is_taken_where_the_version_has_its_letter(only_one: Path) -> None:
    for version in ("3.14t", "3.14.2t"):
        found = python.find(PythonSettings(version=version), Path("/"))
        assert ("3.14.2", "cp314t", "3.14t") == (found.version, found.tag, found.short)
        assert only_one == found.origin


@pytest.mark.process
@pytest.mark.parametrize("version", ["3.14", "3.14.2"])
def test_it_is_not_taken_for_the_plain_version(only_one: Path, version: str) -> None:
    with pytest.raises(UserError) as caught:
        python.find(PythonSettings(version=version), Path("/"))
    assert f'no CPython "{version}" on this host' in caught.value.message
    assert f"{only_one}: is a free-threaded build" in caught.value.message
    assert f"found: 3.14.2t ({only_one})" in caught.value.message


@pytest.mark.process
def test_it_is_listed_as_settings_name_it_and_is_not_what_init_takes_by_itself(
    only_one: Path,
) -> None:
    (row,) = interpreters()
    assert ("3.14.2t", str(only_one)) == (row.version, row.path)
    assert ("3.14t",) == pythons()


@pytest.mark.process
def test_where_there_is_none_the_plain_one_is_no_substitute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = Path(sys.executable).resolve()
    short = f"3.{max(sys.version_info.minor, 13)}"
    place = host.Place(name="here", kind="PATH", directories=(own.parent,))
    monkeypatch.setattr(host, "places", lambda: (place,))
    with pytest.raises(UserError) as caught:
        python.find(PythonSettings(version=f"{short}t"), Path("/"))
    assert f'no CPython "{short}t" on this host' in caught.value.message
    assert f"pyenv install {short}t" in caught.value.hint
    if sys.version_info >= (3, 13):
        assert f"{own}: is not a free-threaded build" in caught.value.message


@pytest.mark.process
def test_its_tree_has_its_names(prefix: Path) -> None:
    program = prefix / "bin" / "python3.14t"
    shutil.copy(Path(sys.executable).resolve(), program)
    found = Installation(
        version="3.14.2t",
        machine=os.uname().machine,
        executable=program,
        prefix=str(prefix),
        stdlib=prefix / "lib/python3.14t",
        dynload=prefix / "lib/python3.14t/lib-dynload",
        include=prefix / "include/python3.14t",
    )
    chosen = selection.select(found, PythonSettings(version="3.14t"))
    links = dict(chosen.links)
    own = {name for name in ("python", "python3", "python3.14") if f"bin/{name}" in links}
    assert {"python", "python3", "python3.14"} == own
    assert {"python3.14t"} == {links[f"bin/{name}"] for name in own}
    names = {name for name, _ in chosen.files}
    assert {
        "bin/python3.14t",
        "lib/python3.14t/os.py",
        "include/python3.14t/pyconfig.h",
    } <= names


@pytest.mark.process
def test_an_archive_says_that_it_holds_one(tmp_path: Path) -> None:
    path = tmp_path / "cpython-3.14.2-freethreaded-install_only.tar.gz"
    program = Path(sys.executable).resolve().read_bytes()
    with tarfile.open(path, "w:gz", compresslevel=1) as tar:
        for name, data in (
            ("python/bin/python3.14t", program),
            ("python/include/python3.14t/patchlevel.h", b'#define PY_VERSION "3.14.2"\n'),
        ):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
        link = tarfile.TarInfo("python/bin/python3.14")
        link.type, link.linkname = tarfile.SYMTYPE, "python3.14t"
        tar.addfile(link)
    contents = archive.inspect(path)
    assert ("3.14.2t", "3.14t", "cp314t") == (contents.version, contents.short, contents.tag)

    wanted = PythonSettings(
        version="3.14t", source="archive", archive=str(path), sha256=cache.sha256(path)
    )
    assert "cp314t" == python.find(wanted, Path("/")).tag
    with pytest.raises(UserError, match=r"is CPython 3\.14\.2t, but .*version is 3\.14$"):
        python.find(replace(wanted, version="3.14"), Path("/"))


def test_a_target_with_one_of_its_own_is_asked_for_it(tmp_path: Path) -> None:
    settings = PythonSettings(version="3.14.2t", source="system")
    found = python.find(settings, tmp_path, "linux-aarch64")
    assert ("3.14.2", "cp314t") == (found.version, found.tag)
    assert Path("/usr/bin/python3.14t") == found.origin
    assert "cpython-314t-aarch64-linux-gnu" == found.abi


def test_a_release_with_one_has_its_directories_and_the_byte_code_of_the_other(
    tmp_path: Path,
) -> None:
    plain = builder.release(tmp_path)
    found = replace(plain.python, version="3.14.2", tag="cp314t")
    assert "python/bin/python3.14t" == found.executable
    assert "python/lib/python3.14t/site-packages" == found.site_packages
    assert "cpython-314t-x86_64-linux-gnu" == found.abi
    assert "cpython-314" == found.cache_tag
    assert ("3.14", "3.14.2t") == (found.minor, found.spelled)
