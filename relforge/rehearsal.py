"""The check's interpreter, begun before there is anything to check.

Most of what a check imports did not change: CPython's modules and those of the
dependencies.  They are loaded ahead, in the order in which the last check met
them, by the interpreter of the tree that the last build left:

    a build begins ─► begun     that interpreter loads them, and waits
    check          ─► answer    it moves to the draft, and imports the application from there

What counts is still that the application can be imported.  So nothing that was
loaded ahead is used where the conditions are others than last time (see
`relforge.checks.entry_points`), and a check that fails after a rehearsal is
made once more without one.

    $XDG_CACHE_HOME/relforge/checks/
      rehearsal-<key>.json    what the last check of this tree met, and under which conditions
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from relforge import cache, command, staged
from relforge.release import Release

Modules = tuple[tuple[str, str], ...]  # names, and files relative to the release; in order

# Of the old tree, nothing may have been loaded that can be another one in the new.
PROGRAM = """
import gc, importlib, json, os, runpy, site, sys
gc.disable()
old, names = json.loads(sys.stdin.readline())
for name in names:
    importlib.import_module(name)
standard, names = f"{old}/python/lib/python", set(names)
def is_standard(place):
    return place.startswith(standard) and "/site-packages" not in place[len(standard):]
for name, module in sys.modules.items():
    place = getattr(getattr(module, "__spec__", None), "origin", None)
    if isinstance(place, str) and place.startswith(f"{old}/"):
        if name not in names and not is_standard(place):
            sys.exit(f"{name} was loaded as well")
new, packages, *sys.argv = json.loads(sys.stdin.readline())
for name in ("prefix", "exec_prefix", "base_prefix", "base_exec_prefix", "executable"):
    setattr(sys, name, getattr(sys, name).replace(old, new, 1))
kept = [place for place in sys.path if is_standard(place) or not place.startswith(f"{old}/")]
sys.path[:] = [place.replace(old, new, 1) for place in kept]
sys.path_importer_cache.clear()
site.addsitedir(packages)
os.environ["RELEASE_ROOT"] = new
os.chdir(new)
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An interpreter that loads modules, and then waits for its question."""

    process: subprocess.Popen[str]
    modules: Modules
    conditions: str


_waiting: dict[Path, Waiting] = {}  # by the tree's final name


@contextmanager
def begun(release: Release) -> Iterator[None]:
    """Load ahead what the last check met, where the tree that it looked at is still there.

    Whatever was not asked in the end is ended.
    """
    waiting = _begin(release)
    if waiting is not None:
        _waiting[release.final_tree] = waiting
    try:
        yield
    finally:
        unasked = _waiting.pop(release.final_tree, None)
        if unasked is not None:
            command.end(unasked.process)


def answer(release: Release, question: dict[str, Any], conditions: str) -> dict[str, Any] | None:
    """The answer of role ``check``; None where it has to be asked anew."""
    waiting = _waiting.pop(release.final_tree, None)
    if waiting is None:
        return None
    if waiting.conditions != conditions:
        command.end(waiting.process)
        return None
    packages = release.tree / release.python.site_packages
    argv = [str(release.tree), str(packages), str(release.tree / staged.BOOT), "check"]
    text = f"{json.dumps(argv)}\n{json.dumps(question)}"
    result = command.finish(waiting.process, text, staged.PATIENCE)
    try:
        told = json.loads(result.stdout) if result and not result.returncode else None
    except ValueError:
        return None
    if not isinstance(told, dict) or told["failures"]:
        return None
    return {**told, "modules": waiting.modules}  # their files are the old tree's


def keep(release: Release, modules: Iterable[tuple[str, str]], conditions: str) -> None:
    """Remember what a check met, for the build that follows."""
    known = {
        "tree": release.tree.stat().st_ino,  # it keeps that when it gets its final name
        "conditions": conditions,
        "modules": list(modules),
    }
    cache.keep(_place(release), json.dumps(known).encode())


def _begin(release: Release) -> Waiting | None:
    check = release.settings.check
    if not release.python.runs_here or not check.imports or "entry-points" in check.skip:
        return None
    last = replace(release, tree=release.final_tree)
    try:
        known = json.loads(_place(release).read_bytes())
        if known["tree"] != last.tree.stat().st_ino:
            return None
        modules = tuple((str(name), str(path)) for name, path in known["modules"])
        conditions = str(known["conditions"])
        words = [*staged.interpreter(last), "-c", PROGRAM]
        process = command.begin(words, cwd=last.tree, env=staged.environment(last, check.env))
        assert process.stdin is not None
        process.stdin.write(json.dumps([str(last.tree), [name for name, _ in modules]]) + "\n")
        process.stdin.flush()
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Waiting(process=process, modules=modules, conditions=conditions)


def _place(release: Release) -> Path:
    return cache.home() / "checks" / f"rehearsal-{cache.key(str(release.final_tree))}.json"
