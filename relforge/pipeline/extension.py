"""Steps that a project brings along: functions that take a `Release` and return one.

They are imported from the project's directory into this process, before anything
is written.  What they do wrong is reported in terms of their own source: a
traceback starts in the project, and ends there.
"""

from __future__ import annotations

import importlib
import os
import stat
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from difflib import get_close_matches
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

from relforge.model.release import Release
from relforge.pipeline.sequence import Step, Steps
from relforge.support.errors import SettingsError, UserError

FIXED = ("project", "env", "build_dir", "tree", "python", "name", "version")


def between(release: Release, first: int, last: int, built_in: Mapping[str, Steps]) -> Steps:
    """What the names of that range of ``settings.steps`` stand for; raises UserError."""
    rows: list[tuple[str, Step]] = []
    for index in range(first, last):
        name = release.settings.steps[index]
        if name in built_in:
            rows += built_in[name]
        else:
            where = f"tool.relforge.steps[{index}]"
            rows.append((name, load(release.project.root, name, where)))
    return tuple(rows)


def load(root: Path, name: str, where: str) -> Step:
    """The function ``module:function`` as a step; raises UserError that begins with ``where``."""
    module_name, _, path = name.partition(":")
    found: Any = _imported(root, module_name, where)
    for word in path.split("."):
        if not hasattr(found, word):
            near = get_close_matches(word, [row for row in dir(found) if row[0] != "_"], 1)
            raise SettingsError(
                f"{where}: {module_name} has no {path!r}",
                hint=f"did you mean {module_name}:{near[0]}?" if near else "",
            )
        found = getattr(found, word)
    if not callable(found):
        raise SettingsError(
            f"{where}: {name} is not a function but a {type(found).__name__}",
            hint="a step takes a release and returns one",
        )

    def step(release: Release) -> Release:
        return _called(found, release, f"{where}: {name}")

    return step


def _imported(root: Path, name: str, where: str) -> Any:
    with _importing_from(root):
        _refuse_other(root, name, where)
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name and f"{name}.".startswith(f"{error.name}."):
                raise SettingsError(
                    f"{where}: no module named {name!r}",
                    hint=f"it was looked for in {root}, and among the packages installed "
                    "with relforge",
                ) from None
            raise UserError(
                f"{where}: {name} cannot be imported: {error}\n{_trace(error, root)}",
                hint=f"a step runs in relforge's own Python: install {error.name} there, or "
                "keep the step in a module that does not import it",
            ) from None
        except UserError:
            raise
        except (Exception, SystemExit) as error:
            raise UserError(
                f"{where}: {name} cannot be imported: {_described(error)}\n{_trace(error, root)}"
            ) from None


def _refuse_other(root: Path, name: str, where: str) -> None:
    """Refuse a module of the project whose name an imported one of another place has."""
    top = name.partition(".")[0]
    there = sys.modules.get(top)
    spec = PathFinder.find_spec(top, [str(root)])
    if there is None or spec is None or spec.origin is None:
        return
    if getattr(there, "__file__", None) != spec.origin:
        raise SettingsError(
            f"{where}: the project's {top!r} has the same name as a module that relforge "
            "itself uses",
            hint="choose another name, such as release_steps.py",
        )


def _called(function: Callable[[Release], Any], release: Release, where: str) -> Release:
    root = release.project.root
    with _importing_from(root):
        try:
            result = function(release)
        except UserError as error:
            raise UserError(f"{where}: {error.message}", hint=error.hint, code=error.code) from None
        except (Exception, SystemExit) as error:
            raise UserError(f"{where}: {_described(error)}\n{_trace(error, root)}") from None
    if not isinstance(result, Release):
        raise UserError(
            f"{where} returned {_kind(result)} instead of the release",
            hint="end the step with `return release`",
        )
    for name in FIXED:
        if getattr(result, name) != getattr(release, name):
            raise UserError(f"{where} returned a different release: its `{name}` has changed")
    _refuse_damage(result, where)
    return result


def _refuse_damage(release: Release, where: str) -> None:
    """Raise UserError where a file that is shared with the cache was changed in place.

    Whatever entry of the cache was written to is built again by the next build,
    which sees its time stamp; a changed mode is set back.
    """
    harmed = []
    for entry in (entry for layer in release.layers for entry in layer.entries):
        place = os.path.join(release.tree, entry.path)
        try:
            status = os.lstat(place)
        except OSError:
            continue
        if status.st_nlink == 1 or not stat.S_ISREG(status.st_mode) or entry.link is not None:
            continue
        if status.st_mode & 0o777 != entry.mode:
            os.chmod(place, entry.mode)
            harmed.append(entry.path)
        elif (status.st_size, status.st_mtime_ns) != (entry.size, entry.mtime_ns):
            harmed.append(entry.path)
    if harmed:
        more = f" and {len(harmed) - 1} more" if len(harmed) > 1 else ""
        raise UserError(
            f"{where} changed {sorted(harmed)[0]}{more} in place: the file is shared with the "
            "cache, and with other releases",
            hint="change files by `relforge.api`: write, copy, link, chmod, remove; "
            "the next build recreates the damaged cache entry",
        )


@contextmanager
def _importing_from(root: Path) -> Iterator[None]:
    """The project's directory comes first, and gets no bytecode; output is not a result."""
    before, quiet = list(sys.path), sys.dont_write_bytecode
    sys.path.insert(0, str(root))
    sys.dont_write_bytecode = True
    importlib.invalidate_caches()
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        sys.path[:] = before
        sys.dont_write_bytecode = quiet


def _described(error: BaseException) -> str:
    return "".join(traceback.format_exception_only(error)).rstrip()


def _trace(error: BaseException, root: Path) -> str:
    """Where it happened, from the project's first frame on; nothing where it has none."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [index for index, row in enumerate(frames) if Path(row.filename).is_relative_to(root)]
    return "".join(traceback.format_list(frames[own[0] :])).rstrip() if own else ""


def _kind(value: object) -> str:
    return "None" if value is None else f"a {type(value).__name__}"


__all__ = ["Step", "load"]
