"""The program that compiles trees: the interpreter of the release runs it, not ours.

Usage: python -I -S -B -c PROGRAM.  A request on stdin is the length of what follows (4 bytes,
little-endian) and NUL-separated words: the directory, where equal modules may have bytecode
already, and the modules, by default all.  An answer on stdout is the status and the length of
the output, 4 bytes each, and the output.

How `marshal` writes a constant depends on who else holds it, so on what the process did before.
Version 2 of the format knows no sharing, so bytecode that was compiled now and that which an
installation already has come out of it alike.  What is left is strings: those of one letter
exist once, and are interned or not; any other is marked where somebody else holds it, too.
For the same reason each tree has a process of its own, a fork of one that has done nothing.
"""

from __future__ import annotations

import _imp
import gc
import marshal
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash
from types import CodeType

UNCHECKED = (1).to_bytes(4, "little")  # PEP 552
WITH_HASH = (b"\1", b"\3")  # the first byte of the flags there: unchecked, checked
SHARE = 16  # modules that are worth a process


def serve() -> None:
    """Answer requests until there are no more."""
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while size := requests.read(4):
        words = os.fsdecode(requests.read(int.from_bytes(size, "little")))
        directory, installed, *names = words.split("\0")
        output, end = os.pipe()
        child = forked(partial(tree, end, directory, installed, names))
        os.close(end)
        with open(output, "rb") as opened:
            said = opened.read()
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        answers.write(number(status) + number(len(said)) + said)
        answers.flush()


def tree(output: int, directory: str, installed: str, names: list[str]) -> int:
    """Compile the modules of one tree, in as many processes as are of use; an exit status."""
    os.dup2(output, 2)
    names = sorted(names or sources(directory))
    count = max(1, min(os.cpu_count() or 1, -(-len(names) // SHARE)))
    shares = [names[first::count] for first in range(count)]
    children = [forked(partial(modules, directory, installed, share)) for share in shares[1:]]
    failed = modules(directory, installed, shares[0])
    for child in children:
        failed |= os.waitpid(child, 0)[1] != 0
    return failed


def sources(directory: str) -> Iterator[str]:
    """The modules below the directory, relative to it."""
    for parent, _, names in os.walk(directory):
        for name in names:
            if name.endswith(".py"):
                yield os.path.relpath(os.path.join(parent, name), directory)


def modules(directory: str, installed: str, names: list[str]) -> int:
    """Compile them; an exit status."""
    gc.disable()
    for name in names:
        try:
            write(directory, installed, name)
        except OSError as error:
            if os.path.isfile(os.path.join(directory, name)):
                print(f"{name}: {error.strerror}", file=sys.stderr, flush=True)
                return 1
    return 0


def write(directory: str, installed: str, name: str) -> None:
    """Compile one module, or take the bytecode of the installation."""
    file = os.path.join(directory, name)
    with open(file, "rb") as opened:
        source = opened.read()
    try:
        found = known(os.path.join(installed, name), source) if installed else None
        code = plain(found or build(source)) or build(source)
    except Exception:
        return
    for path in ("", name):  # a code object that has the name already would keep its own copy
        _imp._fix_co_filename(code, path)  # type: ignore[attr-defined]  # typeshed lacks it
    held = list(strings(code))
    target = cache_from_source(file)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, "wb") as opened:
        opened.write(MAGIC_NUMBER + UNCHECKED + source_hash(source) + marshal.dumps(code))
    held.clear()


def known(original: str, source: bytes) -> CodeType | None:
    """The installation's bytecode of the module, where it is of that source."""
    try:
        with open(cache_from_source(original), "rb") as opened:
            data = opened.read()
        with open(original, "rb") as opened:
            same = opened.read() == source
        status = os.stat(original)
    except OSError:
        return None
    stamp = number(int(status.st_mtime)) + number(status.st_size)
    mark = source_hash(source) if data[4:5] in WITH_HASH else stamp
    if not same or data[:4] != MAGIC_NUMBER or data[8:16] != mark:
        return None
    code: CodeType = marshal.loads(memoryview(data)[16:])
    return code


def build(source: bytes) -> CodeType:
    """What `compile` makes of it."""
    code: CodeType = compile(source, "<source>", "exec", dont_inherit=True)
    return code


def plain(code: CodeType) -> CodeType | None:
    """The same without sharing; None of Python 3.14's constants, which version 2 lacks."""
    try:
        copy: CodeType = marshal.loads(marshal.dumps(code, 2))
    except ValueError:
        return None
    return copy


def strings(constant: object) -> Iterator[str]:
    """Each string of a constant, at any depth."""
    if isinstance(constant, str):
        yield constant
    elif isinstance(constant, (tuple, frozenset)):
        for one in constant:
            yield from strings(one)
    elif isinstance(constant, CodeType):
        names = (
            constant.co_names,
            constant.co_varnames,
            constant.co_freevars,
            constant.co_cellvars,
        )
        yield from (constant.co_name, constant.co_qualname, constant.co_filename)
        yield from strings(names)
        yield from strings(constant.co_consts)


def forked(action: Callable[[], int]) -> int:
    """Do it in a child that ends with the status; its process ID."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        status = action()
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(status)


def number(value: int) -> bytes:
    """Four bytes."""
    return (value & 0xFFFFFFFF).to_bytes(4, "little")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    letters = [sys.intern(chr(code)) for code in range(256)]
    serve()
