"""Interpreters that were moved: what is in them, and that they need nothing of the build host."""

from __future__ import annotations

import ast
import io
import json
import os
import posixpath
import stat
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from relforge import cache, elf
from relforge.layers.python.step import make
from tests.layers.python.conftest import VERSIONS, BareRoot, Moved

pytestmark = pytest.mark.release

MODULES = (
    *("ssl", "sqlite3", "ctypes", "lzma", "bz2", "zlib", "readline", "hashlib", "zoneinfo"),
    *("uuid", "curses", "dbm", "decimal", "multiprocessing"),
)

WORK = """
import ast, ctypes, decimal, hashlib, importlib, importlib.machinery, json, os, sys, sysconfig
import bz2, lzma, multiprocessing, site, sqlite3, ssl, uuid, zlib

def square(queue):
    queue.put(7 * 7)

if __name__ == "__main__":
    for name in json.loads(sys.argv[1]):
        importlib.import_module(name)
    directory = os.path.join(sysconfig.get_path("stdlib"), "lib-dynload")
    for name in os.listdir(directory):
        importlib.import_module(name.partition(".")[0])
    ssl.create_default_context().cert_store_stats()
    assert hashlib.scrypt(b"", salt=b"", n=2, r=1, p=1)
    assert b"x" == zlib.decompress(zlib.compress(b"x")) == bz2.decompress(bz2.compress(b"x"))
    assert b"x" == lzma.decompress(lzma.compress(b"x"))
    assert (1,) == sqlite3.connect(":memory:").execute("select 1").fetchone()
    assert os.getpid() == ctypes.CDLL(None).getpid()
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    child = context.Process(target=square, args=(queue,))
    child.start()
    assert 49 == queue.get()
    child.join()
    with open("/proc/self/maps") as maps:
        mapped = {line.split(maxsplit=5)[5].strip() for line in maps if "/" in line}
    print(json.dumps({
        "mapped": sorted(mapped),
        "prefix": sys.prefix,
        "paths": sysconfig.get_paths(),
        "site": site.getsitepackages(),
        "variables": sysconfig.get_config_vars(),
        "version": sys.version.split()[0],
        "file": os.__file__,
    }))
"""


@pytest.fixture(params=VERSIONS)
def one(request: pytest.FixtureRequest, moved: Callable[[str], Moved]) -> Moved:
    return moved(request.param)


def test_it_works_where_there_is_only_glibc_read_only_under_an_odd_path_through_a_link(
    one: Moved, bare_root: BareRoot, tmp_path: Path
) -> None:
    link = one.place(tmp_path / "release")
    site = tmp_path / "release" / "python" / "lib" / f"python{one.interpreter.short}"
    (site / "site-packages").mkdir()
    (tmp_path / "release" / "work.py").write_text(WORK)
    root = f"/srv/a b [c] (d) ü/{one.interpreter.short}"

    done = bare_root.run(
        tmp_path / "release",
        root,
        *(f"{root}/bin/{link.name}", "-I", f"{root}/work.py", json.dumps(MODULES)),
    )

    assert 0 == done.returncode, done.stderr
    reported = json.loads(done.stdout)
    python = f"{root}/python"
    assert (one.interpreter.version, python) == (reported["version"], reported["prefix"])
    assert reported["file"].startswith(f"{python}/lib/")
    foreign = [
        path
        for path in reported["mapped"]
        if not path.startswith((f"{python}/", "/dev/", "/memfd:"))
        and posixpath.basename(path) not in elf.GLIBC
    ]
    assert [] == foreign
    assert all(path.startswith(python) for path in [*reported["paths"].values(), *reported["site"]])
    assert reported["paths"]["purelib"] in reported["site"]
    assert f"{python}/lib" == reported["variables"]["LIBDIR"]
    if one.original != Path("/usr"):
        assert os.fspath(one.original) not in json.dumps(reported)


def test_every_library_that_a_file_needs_is_in_the_tree_or_glibcs(one: Moved) -> None:
    directory = one.tree.path
    inside = {path.name for path in (directory / "lib").iterdir()}
    count = 0
    for entry in one.tree.entries:
        path = directory / entry.path
        if path.is_symlink() or (found := elf.read(path)) is None:
            continue
        count += 1
        assert set(found.needed) <= inside | elf.GLIBC, entry.path
        assert () == found.runpath, entry.path
        (way,) = found.rpath
        assert way.startswith("$ORIGIN")
        own = posixpath.normpath(way.replace("$ORIGIN", posixpath.dirname(entry.path)))
        assert "lib" == own, entry.path
    assert count > 20


def test_it_has_the_shape_of_an_install_only_archive(one: Moved) -> None:
    name = f"python{one.interpreter.short}"
    entries = {entry.path: entry for entry in one.tree.entries}
    assert 0o755 == entries[f"bin/{name}"].mode
    assert (name, name) == (entries["bin/python"].link, entries["bin/python3"].link)
    assert f"lib/{name}/os.py" in entries
    assert "ssl/cert.pem" in entries
    for part in ("test", "idlelib", "tkinter", "ensurepip", "turtle.py", "EXTERNALLY-MANAGED"):
        assert not [path for path in entries if path.startswith(f"lib/{name}/{part}")]
    assert not [path for path in entries if path.endswith((".a", ".o"))]
    assert not [path for path in entries if "sitecustomize" in path or "dist-packages" in path]


def test_no_file_shows_where_it_was_built_or_installed(one: Moved) -> None:
    private = {os.fspath(one.original)} - {"/usr", "/usr/local"}
    library = next(one.original.glob(f"lib/python{one.interpreter.short}"))
    for path in library.glob("_sysconfigdata_*.py"):
        variables = ast.literal_eval(path.read_text().partition("build_time_vars = ")[2])
        private.add(posixpath.normpath(variables["abs_builddir"]))
    assert private
    for entry in one.tree.entries:
        data = b"" if entry.link else (one.tree.path / entry.path).read_bytes()
        found = [path for path in private if path.encode() in data]
        assert [] == found, entry.path


def test_its_version_survives_that_the_prefix_was_taken_out(one: Moved) -> None:
    done = subprocess.run([one.program, "-V"], capture_output=True, text=True, check=True)
    assert f"Python {one.interpreter.version}\n" == done.stdout


def test_byte_code_is_there_and_never_looks_at_its_source(one: Moved) -> None:
    entries = {entry.path for entry in one.tree.entries}
    sources = [path for path in entries if path.endswith(".py")]
    cached = f".cpython-{one.interpreter.tag[2:]}.pyc"
    for path in sources:
        directory, name = posixpath.split(path)
        compiled = f"{directory}/__pycache__/{name[:-3]}{cached}"
        if compiled in entries:
            data = (one.tree.path / compiled).read_bytes()
            assert 0b01 == int.from_bytes(data[4:8], "little"), compiled  # PEP 552
    assert f"lib/python{one.interpreter.short}/__pycache__/os{cached}" in entries
    assert len(sources) - 5 < len([path for path in entries if path.endswith(".pyc")])


def test_an_environment_made_through_the_releases_link_uses_the_release(
    one: Moved, tmp_path: Path
) -> None:
    link = one.place(tmp_path / "release")
    environment = tmp_path / "env"
    subprocess.run([link, "-I", "-m", "venv", "--without-pip", environment], check=True)
    program = "import ssl, sys, sysconfig; print(sys.base_prefix, sysconfig.get_path('purelib'))"
    done = subprocess.run(
        [environment / "bin" / "python", "-c", program], capture_output=True, text=True, check=True
    )
    site = environment / "lib" / f"python{one.interpreter.short}" / "site-packages"
    assert f"{tmp_path}/release/python {site}\n" == done.stdout


def test_the_same_files_give_the_same_bytes(
    any_moved: Moved, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = tmp_path / "a directory with a longer name" / "draft"
    again.mkdir(parents=True)
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    before = os.umask(0o077)
    try:
        make(any_moved.interpreter, any_moved.settings, again)
    finally:
        os.umask(before)
    assert any_moved.tree.entries == cache.scan(again)


def test_stripping_makes_it_smaller_and_leaves_the_source_alone(
    any_moved: Moved, tmp_path: Path
) -> None:
    origin = any_moved.interpreter.origin
    before = origin.stat()
    make(any_moved.interpreter, replace(any_moved.settings, strip=True), tmp_path)
    stripped = cache.scan(tmp_path)
    plain = any_moved.tree.entries
    assert [entry.path for entry in plain] == [entry.path for entry in stripped]
    sizes = [sum(entry.size for entry in entries) for entries in (stripped, plain)]
    if _has_symbols(any_moved):
        assert sizes[0] < sizes[1]
    else:  # a distribution has stripped its own
        assert sizes[0] == sizes[1]
    after = origin.stat()
    assert (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size)
    program = tmp_path / "bin" / any_moved.program.name
    subprocess.run([program, "-I", "-B", "-c", "import ssl, sqlite3, ctypes"], check=True)


def _has_symbols(moved: Moved) -> bool:
    modules = moved.tree.path.glob("lib/python3.*/lib-dynload/*.so")
    return any(
        ELFFile(io.BytesIO(path.read_bytes())).get_section_by_name(".symtab")
        for path in (moved.program, *modules)
    )


def test_what_is_to_be_kept_stays_and_what_is_excluded_goes(
    any_moved: Moved, tmp_path: Path
) -> None:
    settings = replace(any_moved.settings, keep=("ensurepip",), exclude=("wsgiref", "this.py"))
    make(any_moved.interpreter, settings, tmp_path)
    library = tmp_path / "lib" / f"python{any_moved.interpreter.short}"
    there = [(library / name).exists() for name in ("ensurepip", "wsgiref", "this.py", "os.py")]
    assert [True, False, False, True] == there


def test_tkinter_comes_with_tcls_scripts_where_it_is_asked_for(
    any_moved: Moved, bare_root: BareRoot, tmp_path: Path
) -> None:
    original = any_moved.original / "lib" / f"python{any_moved.interpreter.short}" / "lib-dynload"
    if not list(original.glob("_tkinter*")):
        pytest.skip("the original has no tkinter")
    make(any_moved.interpreter, replace(any_moved.settings, keep=("tkinter",)), tmp_path)
    program = "import tkinter; print(tkinter.Tcl().eval('info library'))"
    name = any_moved.program.name
    done = bare_root.run(tmp_path, "/srv/tk", f"/srv/tk/bin/{name}", "-I", "-B", "-c", program)
    assert "/srv/tk/lib/tcl" in done.stdout, done.stderr


def test_nothing_of_a_tree_is_writable_for_others(any_moved: Moved) -> None:
    for entry in any_moved.tree.entries:
        status = (any_moved.tree.path / entry.path).lstat()
        assert stat.S_ISLNK(status.st_mode) or not status.st_mode & 0o022, entry.path
