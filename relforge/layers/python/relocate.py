"""Making a relocatable tree of an interpreter's files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from relforge import elf
from relforge.elf import run_paths, symbols
from relforge.layers.python import path_rewriting
from relforge.layers.python.installation import Installation
from relforge.layers.python.selection import Selection
from relforge.support import command
from relforge.tree.compiler import compile_tree

TRIAL = """
import os, site, sys, sysconfig
root = os.path.realpath(sys.argv[1])
paths = [os.__file__, sys.prefix, *site.getsitepackages(), *sysconfig.get_paths().values()]
if sysconfig.get_path("purelib") not in site.getsitepackages():
    sys.exit("it does not look in " + sysconfig.get_path("purelib"))
outside = [path for path in paths if not os.path.realpath(path).startswith(root)]
sys.exit("it still refers to " + ", ".join(outside) if outside else 0)
"""


def build(
    installation: Installation,
    selection: Selection,
    draft: Path,
    *,
    strip: bool,
    helper: Path | None = None,
) -> None:
    """Fill the empty directory; what is read from is never written to.  Raises UserError.

    ``helper`` makes the bytecode where the interpreter itself cannot run here.

    The same files give the same bytes, whatever the directory, the umask or the
    time zone.
    """
    for relative, path in selection.files:
        target = draft / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        target.chmod(0o755 if relative.startswith("bin/") or ".so" in target.name else 0o644)
    for relative, link in selection.links:
        (draft / relative).symlink_to(link)
    stdlib = draft / "lib" / f"python{installation.short}"
    binaries = [draft / relative for relative, _ in selection.files if _is_binary(draft, relative)]
    found = path_rewriting.places(installation.stdlib, installation.prefix)
    path_rewriting.rewrite(stdlib, found)
    with ThreadPoolExecutor(1) as pool:
        patched = pool.submit(_patch, draft, binaries, found.private, strip=strip)
        python = installation.executable if _runs_here(installation) else helper
        compile_tree(python, stdlib, installation.stdlib)
        patched.result()
    _try(installation, draft)


def _is_binary(draft: Path, relative: str) -> bool:
    return (relative.startswith("bin/") or ".so" in relative) and elf.is_elf(draft / relative)


def _patch(draft: Path, binaries: list[Path], private: tuple[str, ...], *, strip: bool) -> None:
    """Make programs and libraries independent of where they were."""
    if strip:
        _strip(binaries)
    _set_run_paths(draft, binaries)
    for path in binaries:
        _rewrite(path, private)


def _strip(binaries: Iterable[Path]) -> None:
    for path in binaries:
        path.write_bytes(symbols.stripped(path.read_bytes()))


def _set_run_paths(draft: Path, binaries: Iterable[Path]) -> None:
    """Let each file find its libraries in the tree's lib, before the environment's or the host's.

    It is an RPATH, not a RUNPATH: LD_LIBRARY_PATH cannot come before it, and
    the program's own also serves the modules of site-packages that bring none.
    """
    by_run_path: dict[str, list[Path]] = {}
    for path in binaries:
        way = os.path.relpath(draft / "lib", path.parent)
        by_run_path.setdefault("$ORIGIN" if way == "." else f"$ORIGIN/{way}", []).append(path)
    for run_path, paths in sorted(by_run_path.items()):
        run_paths.write(run_path, *paths)


def _rewrite(path: Path, private: tuple[str, ...]) -> None:
    """Take the prefix that was compiled in out of a binary, and Debian's directory, in place.

    The prefix is where CPython would look if its own directory had lost the
    standard library; the module ``site`` is frozen into the program.
    """
    data = path.read_bytes()
    new = path_rewriting.hide(data, private)
    if path.parent.name == "bin" or path.name.startswith("libpython"):
        new = path_rewriting.site_packages(new)
    if new != data:
        path.write_bytes(new)


def _runs_here(installation: Installation) -> bool:
    return installation.machine == os.uname().machine


def _try(installation: Installation, draft: Path) -> None:
    """Refuse a tree whose interpreter does not find itself."""
    if _runs_here(installation):
        program = draft / "bin" / f"python{installation.short}"
        command.run(
            [program, "-I", "-B", "-c", TRIAL, draft],
            what=f"trying the copy of {installation.executable}",
            hint="this interpreter cannot be relocated: use one from pyenv, uv or Debian",
        )
