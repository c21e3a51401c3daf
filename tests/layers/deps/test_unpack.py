"""Wheels laid out as an installation."""

from __future__ import annotations

import csv
import io
import marshal
import sys
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from relforge import cache
from relforge.layers.deps import scripts, unpack
from relforge.layers.deps.wheels import Wheel
from relforge.model.release import Interpreter
from relforge.support.errors import UserError
from relforge.tree.compiler import Compiler

MakeWheel = Callable[..., Path]
PYTHON = Path(sys.executable)


def wheel(path: Path) -> Wheel:
    name, version = path.name.split("-")[:2]
    return Wheel(name=f"{name}=={version}", path=path)


@pytest.fixture
def lay(interpreter: Interpreter, tmp_path: Path) -> Callable[..., Path]:
    def run(*paths: Path, into: str = "laid") -> Path:
        directory = tmp_path / into
        directory.mkdir(parents=True)
        with Compiler(PYTHON) as compiler:
            unpack.unpack(map(wheel, paths), interpreter, compiler, directory)
        return directory

    return run


@pytest.fixture
def rich(make_wheel: MakeWheel) -> Path:
    """A wheel that uses every scheme."""
    return make_wheel(
        "rich",
        "1.0",
        {
            "rich/__init__.py": "def main():\n    raise ValueError\n",
            "rich/data.txt": "data\n",
            "rich-1.0.data/purelib/pure.py": "",
            "rich-1.0.data/data/share/man/rich.1": "manual\n",
            "rich-1.0.data/headers/rich.h": "int x;\n",
            "rich-1.0.data/scripts/old": "#!python\nprint('old')\n",
            "rich-1.0.data/scripts/native": "#!/bin/sh\necho native\n",
        },
        scripts="[console_scripts]\nrich = rich:main\n[gui_scripts]\nrich-gui = rich:main\n",
    )


@pytest.mark.process
def test_each_scheme_goes_where_an_installation_has_it(
    lay: Callable[..., Path], rich: Path, interpreter: Interpreter
) -> None:
    laid = lay(rich)
    found = {row.path: row.mode for row in cache.scan(laid) if "__pycache__" not in row.path}
    site = interpreter.site_packages
    info = f"{site}/rich-1.0.dist-info"
    assert {
        f"{site}/rich/__init__.py": 0o644,
        f"{site}/rich/data.txt": 0o644,
        f"{site}/pure.py": 0o644,
        f"{info}/METADATA": 0o644,
        f"{info}/WHEEL": 0o644,
        f"{info}/entry_points.txt": 0o644,
        f"{info}/INSTALLER": 0o644,
        f"{info}/RECORD": 0o644,
        "python/share/man/rich.1": 0o644,
        "python/bin/rich": 0o755,
        "python/bin/rich-gui": 0o755,
        "python/bin/old": 0o755,
        "python/bin/native": 0o755,
        "python/share/scripts/rich.py": 0o644,
        "python/share/scripts/rich-gui.py": 0o644,
        "python/share/scripts/old.py": 0o644,
    } == found
    for name in ("rich", "rich-gui", "old"):
        assert scripts.launcher() == (laid / "python/bin" / name).read_bytes()
    assert "#!/bin/sh\necho native\n" == (laid / "python/bin/native").read_text()


@pytest.mark.process
def test_the_record_lists_exactly_what_is_there(
    lay: Callable[..., Path], rich: Path, interpreter: Interpreter
) -> None:
    laid = lay(rich)
    site = laid / interpreter.site_packages
    rows = list(csv.reader(io.StringIO((site / "rich-1.0.dist-info/RECORD").read_text())))
    listed = {(site / path).resolve() for path, _, _ in rows}
    assert set(cache.walk(laid)) == listed
    for path, digest, size in rows:
        if path.endswith((".pyc", "/RECORD")):
            assert ("", "") == (digest, size)
            continue
        data = (site / path).read_bytes()
        value = urlsafe_b64encode(sha256(data).digest()).decode().rstrip("=")
        assert (f"sha256={value}", str(len(data))) == (digest, size)


@pytest.mark.process
def test_the_tree_is_the_same_wherever_it_is_made(
    lay: Callable[..., Path], rich: Path, make_wheel: MakeWheel
) -> None:
    other = make_wheel("other", "2.0", {"other.py": "x = {1, 2, 3}\n"})
    first, second = lay(rich, other, into="a"), lay(other, rich, into="b c/d")
    assert cache.scan(first) == cache.scan(second)


@pytest.mark.process
def test_byte_code_looks_at_no_source_and_names_no_directory(
    lay: Callable[..., Path], rich: Path, interpreter: Interpreter
) -> None:
    laid = lay(rich) / interpreter.site_packages
    (compiled,) = (laid / "rich/__pycache__").iterdir()
    data = compiled.read_bytes()
    assert 0b01 == int.from_bytes(data[4:8], "little")  # hash-based, never checked
    assert "rich/__init__.py" == marshal.loads(data[16:]).co_filename


@pytest.mark.process
def test_of_two_wheels_with_one_path_the_later_one_wins(
    lay: Callable[..., Path], make_wheel: MakeWheel, interpreter: Interpreter
) -> None:
    first = make_wheel("first", "1.0", {"tests/__init__.py": "a = 1\n"})
    second = make_wheel("second", "2.0", {"tests/__init__.py": "a = 2\n"})
    there = lay(first, second) / interpreter.site_packages / "tests/__init__.py"
    assert "a = 2\n" == there.read_text()


@pytest.mark.process
def test_of_one_wheel_an_entry_point_wins_over_a_script_of_its_name(
    lay: Callable[..., Path], make_wheel: MakeWheel, interpreter: Interpreter
) -> None:
    """B6, as pip has it; `pecan` is such a wheel."""
    tool = make_wheel(
        "tool",
        "1.0",
        {
            "tool/__init__.py": "def main():\n    print('entry point')\n",
            "tool-1.0.data/scripts/tool": "#!python\nprint('script')\n",
        },
        scripts="[console_scripts]\ntool = tool:main\n",
    )
    laid = lay(tool)
    assert "from tool import main" in (laid / "python/share/scripts/tool.py").read_text()
    record = laid / interpreter.site_packages / "tool-1.0.dist-info/RECORD"
    rows = [row[0] for row in csv.reader(io.StringIO(record.read_text()))]
    assert len(rows) == len(set(rows))


@pytest.mark.process
def test_what_says_who_installed_a_wheel_is_replaced(
    lay: Callable[..., Path], make_wheel: MakeWheel, interpreter: Interpreter
) -> None:
    """B6: a wheel may bring an INSTALLER, and is installed by us all the same."""
    path = make_wheel("it", "1.0", {"it.py": "", "it-1.0.dist-info/INSTALLER": "pip\n"})
    info = lay(path) / interpreter.site_packages / "it-1.0.dist-info"
    assert "relforge\n" == (info / "INSTALLER").read_text()


def test_a_wheel_without_a_record_is_reported(
    lay: Callable[..., Path], make_wheel: MakeWheel, tmp_path: Path
) -> None:
    """B12."""
    whole = make_wheel("it", "1.0", {"it.py": ""})
    broken = tmp_path / "broken" / whole.name
    broken.parent.mkdir()
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(broken, "w") as target:
        for name in source.namelist():
            if not name.endswith("/RECORD"):
                target.writestr(name, source.read(name))
    with pytest.raises(UserError, match=r"the wheel is damaged: it has no RECORD$"):
        lay(broken)


@pytest.mark.process
def test_the_same_file_in_two_wheels_is_no_conflict(
    lay: Callable[..., Path], make_wheel: MakeWheel, interpreter: Interpreter
) -> None:
    first = make_wheel("first", "1.0", {"space/__init__.py": "", "space/a.py": ""})
    second = make_wheel("second", "2.0", {"space/__init__.py": "", "space/b.py": ""})
    assert (lay(first, second) / interpreter.site_packages / "space/b.py").is_file()


def test_a_wheel_that_leaves_its_installation_is_refused(
    lay: Callable[..., Path], make_wheel: MakeWheel
) -> None:
    path = make_wheel("evil", "1.0", {"../../../../../evil.py": ""})
    with pytest.raises(UserError, match=r"evil==1.0: the wheel writes outside"):
        lay(path)


def test_a_damaged_wheel_is_named(lay: Callable[..., Path], make_wheel: MakeWheel) -> None:
    path = make_wheel("click", "1.0", {"click.py": ""})
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(UserError, match=r"click-1.0-py3-none-any.whl: the wheel is damaged"):
        lay(path)


def test_an_absolute_name_in_a_wheel_is_refused(  # S21
    lay: Callable[..., Path], make_wheel: MakeWheel, tmp_path: Path
) -> None:
    outside = tmp_path / "outside.py"
    with pytest.raises(UserError, match=r"evil.*the wheel"):
        lay(make_wheel("evil", "1.0", {str(outside): ""}))
    assert not outside.exists()


@pytest.mark.parametrize("target", ["e:main;x", "os;x:main", ":main", "e e:main"])
def test_an_entry_point_that_is_none_is_refused(  # S21
    lay: Callable[..., Path], make_wheel: MakeWheel, target: str
) -> None:
    with pytest.raises(UserError, match=r"evil.*the wheel"):
        lay(make_wheel("evil", "1.0", {"e.py": ""}, scripts=f"[console_scripts]\ne = {target}\n"))
