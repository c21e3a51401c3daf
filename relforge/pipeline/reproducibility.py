"""Building a second time, elsewhere, to see whether the same comes out.

The second build has another directory, an empty cache but for what was fetched,
another umask, time zone, locale, home and hash seed.  What is the same then does
not depend on them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

from relforge import cache
from relforge.artifacts.reading import difference, reader
from relforge.model.release import Release
from relforge.model.spec import BuildRequest
from relforge.pipeline import engine
from relforge.project import git, sources
from relforge.support import network
from relforge.support.errors import UserError
from relforge.support.progress import Watch

# Of the cache: what was fetched, and the tools that backends run in.
FETCHED = ("wheels", "archives", "backends", "pex")
SHOWN = 20  # files that are named
GRACE = 10  # seconds
ELSEWHERE = {
    "TZ": "Pacific/Kiritimati",
    "LC_ALL": "C",
    "LANG": "C",
    "PYTHONHASHSEED": "4242",
    "GIT_OPTIONAL_LOCKS": "0",
}


def verify(root: Path, order: BuildRequest, watch: Watch) -> None:
    """Build here and elsewhere; raises UserError that names each file that differs, and how."""
    first = engine.build(root, order, watch)
    with tempfile.TemporaryDirectory(
        prefix="relforge-again-", ignore_cleanup_errors=True
    ) as directory:
        place = Path(directory)
        copy = _copied(first, place / "project")
        with watch("again"):
            again = _built(copy, order, first, place)
        found = difference.between(reader.read(first.tree), reader.read(again))
        files = found["files"]
        rows = [f"{path}: only one of the two builds has it" for path in files["added"]]
        rows += [f"{path}: only one of the two builds has it" for path in files["removed"]]
        roots = (first.project.root, copy)
        rows += [
            f"{path}: {_how(first.tree / path, again / path, roots)}"
            for path in files["changed"]
            if path != "release/SHA256SUMS" or len(files["changed"]) == 1
        ]
        if rows:
            more = [f"and {len(rows) - SHOWN} more"] if len(rows) > SHOWN else []
            raise UserError(
                "the release is not reproducible: a second build in another place differs\n"
                + "\n".join(f"    {row}" for row in (*rows[:SHOWN], *more)),
                hint="look for a time, a path, a random number or the order of a set in it",
            )


def _copied(release: Release, into: Path) -> Path:
    """The project in a directory of another length, with what git knows of it; its place there."""
    root = release.project.root
    inner = (git.output(root, "rev-parse", "--show-prefix") or "").strip()
    top = root.parents[len(Path(inner).parts) - 1] if inner else root
    kept = {str(place) for name in sources.files(top) for place in Path(top, name).parents}

    def ignored(directory: str, names: list[str]) -> set[str]:
        """What is not a source, and the copy itself: TMPDIR may be in the project."""
        built = {name for name in sources.OUTPUTS if str(Path(directory, name)) not in kept}
        here = {own.name} if Path(directory) == own.parent else set()
        return {*names} & (sources.LEFT_OUT | built | here)

    own = into.parent
    try:
        shutil.copytree(top, into, symlinks=True, ignore=ignored)
    except shutil.Error as error:
        place, _, why = error.args[0][0]
        raise UserError(
            f"{place}: cannot be copied for the second build: {why}",
            hint="move it out of the project",
        ) from None
    repository = git.output(root, "rev-parse", "--absolute-git-dir")
    if repository is not None:
        (into / ".git").write_text(f"gitdir: {repository.strip()}\n")
    return into / inner


def _built(copy: Path, order: BuildRequest, first: Release, place: Path) -> Path:
    home = place / "cache"
    home.mkdir()
    for name in FETCHED:
        (cache.home() / name).mkdir(parents=True, exist_ok=True)
        (home / name).symlink_to(cache.home().absolute() / name)
    (place / "home").mkdir()
    (place / "tmp").mkdir()
    words = [sys.executable, "-m", "relforge", "build", *([order.name] if order.name else [])]
    words += ["--json", "--quiet", "--env", order.env, "--project", str(copy)]
    words += ["--target", order.target] if order.target else []
    house = network.wheelhouse()
    env = {
        **os.environ,
        **ELSEWHERE,
        **({network.WHEELHOUSE: str(_in_copy(house, first.project.root, copy))} if house else {}),
        "RELFORGE_CACHE_DIR": str(home),
        "HOME": str(place / "home"),
        "TMPDIR": str(place / "tmp"),  # what an interrupt leaves there goes with the rest
        "SOURCE_DATE_EPOCH": str(first.source_date),
    }
    done = _run(words, env, place)
    if done.returncode:
        raise UserError(
            f"the second build failed: {(done.stderr or done.stdout).strip()}",
            hint="it sees only a copy of the project and the fetched files; nothing else "
            "of this host",
        )
    return Path(json.loads(done.stdout)["tree"])


def _in_copy(directory: Path, root: Path, copy: Path) -> Path:
    """A directory of the project where its copy has it, as no source there either; else itself."""
    for path, top in (
        (directory.absolute(), root.absolute()),
        (directory.resolve(), root.resolve()),
    ):
        if path.is_relative_to(top) and (seen := copy / path.relative_to(top)).is_dir():
            return seen
    return directory


def _run(words: list[str], env: dict[str, str], place: Path) -> subprocess.CompletedProcess[str]:
    """The second build; an interrupt lets it end what it started, before its directory goes."""
    with subprocess.Popen(
        words,
        env=env,
        cwd=place,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        umask=0o077,
        process_group=0,
    ) as process:
        try:
            out, err = process.communicate()
        except BaseException:
            process.terminate()
            try:
                process.communicate(timeout=GRACE)
            except subprocess.TimeoutExpired:
                process.kill()
            raise
    return subprocess.CompletedProcess(words, process.returncode, out, err)


def _how(one: Path, two: Path, roots: Sequence[Path]) -> str:
    """In what two files differ, and why, where that can be seen."""
    if one.is_symlink() or two.is_symlink():
        return f"the link targets are {os.readlink(one)} and {os.readlink(two)}"
    if one.stat().st_mode != two.stat().st_mode:
        return f"the modes are {one.stat().st_mode & 0o777:o} and {two.stat().st_mode & 0o777:o}"
    old, new = one.read_bytes(), two.read_bytes()
    for root, data in zip(roots, (old, new), strict=True):
        if os.fsencode(root) in data:
            return f"it contains the path of the project, {root}"
    at = next(_offsets(old, new))
    return f"the first difference is at byte {at}: {_around(old, at)!r} and {_around(new, at)!r}"


def _offsets(old: bytes, new: bytes) -> Iterator[int]:
    return (at for at, (one, two) in enumerate(zip_longest(old, new)) if one != two)


def _around(data: bytes, at: int) -> bytes:
    return data[max(0, at - 8) : at + 24]
