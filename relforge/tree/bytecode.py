"""Byte code in a tree: made once at build time, valid wherever the tree is moved to.

``unchecked-hash`` (PEP 552) files never look at their source again, so neither
time stamps nor paths matter; the source path inside is relative and is made
good by the import system when a module is loaded.
"""

from __future__ import annotations

import _imp
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from relforge.support import command

MIGRATIONS = ("migrations", "alembic", "versions")  # folders whose sources are data

# How `marshal` writes a constant depends on who else holds it, so on what the process did before.
# Version 2 of the format knows no sharing, so byte code that was compiled now and that which an
# installation already has come out of it alike.  What is left is strings: those of one letter
# exist once, and are interned or not; any other is marked where somebody else holds it, too.
_PROGRAM = """
import _imp, gc, importlib.util, marshal, os, sys, warnings
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash
UNCHECKED, SHARE = (1).to_bytes(4, "little"), 16  # PEP 552; modules that are worth a process
warnings.simplefilter("ignore")
folder, installed = sys.argv[1], sys.argv[2]
letters = [sys.intern(chr(number)) for number in range(256)]

def write(inner):
    file = os.path.join(folder, inner)
    with open(file, "rb") as opened:
        source = opened.read()
    try:
        code = plain(there(inner, source) or build(source)) or build(source)
    except Exception:
        return  # a template, a test of syntax
    for name in ("", inner):  # a code object that has the name already would keep its own copy
        _imp._fix_co_filename(code, name)
    held = list(strings(code))
    target = cache_from_source(file)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, "wb") as opened:
        opened.write(MAGIC_NUMBER + UNCHECKED + source_hash(source) + marshal.dumps(code))

def build(source):
    return compile(source, "<source>", "exec", dont_inherit=True)

def plain(code):
    try:
        return marshal.loads(marshal.dumps(code, 2))
    except ValueError:
        return None  # Python 3.14 has constants that version 2 does not know

def strings(constant):
    if isinstance(constant, str):
        yield constant
    elif isinstance(constant, (tuple, frozenset)):
        for one in constant:
            yield from strings(one)
    elif hasattr(constant, "co_code"):
        names = constant.co_names, constant.co_varnames, constant.co_freevars, constant.co_cellvars
        yield from (constant.co_name, constant.co_qualname, constant.co_filename)
        yield from strings(names)
        yield from strings(constant.co_consts)

def there(inner, source):
    original = os.path.join(installed, inner)
    try:
        with open(cache_from_source(original), "rb") as opened:
            data = opened.read()
        with open(original, "rb") as opened:
            same = opened.read() == source
    except OSError:
        return None
    status = os.stat(original)
    stamp = b"".join(
        (int(number) & 0xFFFFFFFF).to_bytes(4, "little")
        for number in (status.st_mtime, status.st_size)
    )
    told = source_hash(source) if data[4:5] in (b"\1", b"\3") else stamp
    valid = installed and same and data[:4] == MAGIC_NUMBER and data[8:16] == told
    return marshal.loads(memoryview(data)[16:]) if valid else None

def work(names):
    gc.disable()
    for inner in names:
        try:
            write(inner)
        except OSError as error:
            if os.path.isfile(os.path.join(folder, inner)):
                print(f"{inner}: {error.strerror}", file=sys.stderr, flush=True)
                return 1
    return 0

names = sys.argv[3:]
for parent, folders, files in () if names else os.walk(folder):
    files = (os.path.join(parent, name) for name in files if name.endswith(".py"))
    names += (os.path.relpath(file, folder) for file in files)
names.sort()
count = min(os.cpu_count() or 1, -(-len(names) // SHARE))
for number in range(1, count):
    if not os.fork():
        status = 1
        try:
            status = work(names[number::count])
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(status)
failed = work(names[:: max(count, 1)])
for number in range(1, count):
    failed |= os.wait()[1] != 0
sys.exit(failed)
"""


def compile_tree(
    python: Path | None, folder: Path, installed: Path | None = None, only: Sequence[str] = ()
) -> None:
    """Compile every module below the directory, or ``only`` those, with that interpreter.

    The result is reproducible.

    ``installed`` is where equal modules may have byte code of that interpreter
    already, which is used: the result is the same, in a tenth of the time.
    Without an interpreter nothing is compiled: the modules are for another CPU,
    and this host has no Python of their version.

    A module that does not compile (a template, a test of syntax) is passed
    over; byte code that cannot be written is a UserError, since a tree that
    lacks some of it by accident is not the same tree.
    """
    if python is None:
        return
    command.run(
        [python, "-I", "-S", "-B", "-c", _PROGRAM, folder, str(installed or ""), *only],
        what=f"compiling the modules in {folder}",
    )


def made_of(header: bytes) -> tuple[bytes, bytes] | None:
    """Of the first 16 bytes of byte code: the interpreter's mark, and the hash of its source.

    None where the interpreter itself sees whether the source has changed.
    """
    unchecked = header[4:8] == (1).to_bytes(4, "little")
    return (header[:4], header[8:16]) if unchecked and len(header) == 16 else None


def source_hash(magic: bytes, source: bytes) -> bytes:
    """The hash that the interpreter with that mark has of a source."""
    return _imp.source_hash(int.from_bytes(magic, "little"), source)


def source_of(path: str) -> str:
    """``a/b.py`` of ``a/__pycache__/b.cpython-312.pyc``, and of ``a/b.pyc``."""
    folder, _, name = path.rpartition("/")
    above = folder.removesuffix("__pycache__").rstrip("/")
    return f"{above}/{name.partition('.')[0]}.py".lstrip("/")


def refresh(
    python: Path | None, tree: Path, root: str, sources: Iterable[str], tag: str, *, strip: bool
) -> bool:
    """Compile those modules below the root where their byte code is of another source.

    Paths are relative to the tree.  With ``strip`` byte code takes the place of a source
    whose package has none.  The old byte code may be a hard link into the cache, so it is
    removed, and not written to.  Whether anything was done.
    """
    stale, replaced = [], []
    for source in sources:
        folder, _, name = source.rpartition("/")
        stem = name.removesuffix(".py")
        compiled = tree / folder / "__pycache__" / f"{stem}.{tag}.pyc"
        beside = tree / folder / f"{stem}.pyc"
        in_place = strip and (beside.exists() or (tree / folder / "__init__.pyc").exists())
        if in_place:
            replaced.append((tree / source, compiled, beside))
        elif not compiled.exists() or _is_of(compiled, tree / source):
            continue
        compiled.unlink(missing_ok=True)
        stale.append(os.path.relpath(source, root))
    if stale:
        compile_tree(python, tree / root, only=stale)
    for text, compiled, beside in replaced:
        beside.unlink(missing_ok=True)
        if compiled.exists():
            compiled.replace(beside)
            text.unlink()
            with suppress(OSError):  # there is more in it
                compiled.parent.rmdir()
    return bool(stale)


def _is_of(compiled: Path, source: Path) -> bool:
    with compiled.open("rb") as file:
        found = made_of(file.read(16))
    return found is None or source_hash(found[0], source.read_bytes()) == found[1]


def drop_sources(folder: Path, *, scripts: bool = False) -> dict[str, str]:
    """Put the byte code of each module in the place of its source: what became what.

    Paths are relative to the folder.  Only modules of packages are touched:
    what lies in a folder without ``__init__.py`` may be read as a text.  So may
    migrations: Alembic would silently find none.  The modules of the folder
    itself are touched where it does not hold ``scripts``, which are run by name.
    """
    moved = {}
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in MIGRATIONS]
        is_package = "__init__.py" in names or (parent == os.fspath(folder) and not scripts)
        if not is_package or os.path.basename(parent) == "__pycache__":
            continue
        compiled = _compiled(os.path.join(parent, "__pycache__"))
        for name in names:
            stem, suffix = os.path.splitext(name)
            if suffix == ".py" and stem in compiled:
                source, code = os.path.join(parent, name), os.path.join(parent, f"{stem}.pyc")
                os.replace(compiled[stem], code)
                os.unlink(source)
                moved[os.path.relpath(source, folder)] = os.path.relpath(code, folder)
    for parent, _, _ in os.walk(folder, topdown=False):
        if os.path.basename(parent) == "__pycache__" and not os.listdir(parent):
            os.rmdir(parent)
    return moved


def _compiled(folder: str) -> dict[str, str]:
    """The byte code in a folder, by the modules' names."""
    rows = os.listdir(folder) if os.path.isdir(folder) else []
    return {name.partition(".")[0]: os.path.join(folder, name) for name in rows}
