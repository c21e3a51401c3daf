"""The files of a project, each read once; what git ignores, and what is installed, stays out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from relforge.project import sources
from relforge.project.init import parsing
from relforge.project.init.facts import Facts
from relforge.support import progress

# Names of directories and files that a release does not run.
ASIDE = frozenset({
    "benchmark", "benchmarks", "ci", "contrib", "devtools", "doc", "docs", "example",
    "examples", "sample", "samples", "test", "tests", "testing"
})  # fmt: skip
_LARGE = 2_000_000  # bytes; a module beyond that is data


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What the project consists of: names of files, and the facts of its modules."""

    root: Path
    files: tuple[str, ...]
    modules: dict[str, Facts]  # by path; tests and documentation included
    unreadable: tuple[str, ...] = ()  # modules that this Python cannot parse
    names: frozenset[str] = field(default_factory=frozenset)  # of files and directories
    importable: frozenset[str] = field(default_factory=frozenset)  # modules and directories of them
    settings: tuple[str, ...] = ()  # packages of Django's settings, by manage.py
    reader: Callable[[str], str] = field(default=lambda name: "", repr=False)

    def text(self, name: str) -> str:
        """A file of the project, "" where it is none or no text."""
        return self.reader(name)

    def has(self, name: str) -> bool:
        """Whether there is such a file or directory."""
        return name in self.names

    def is_aside(self, name: str) -> bool:
        """Whether a file is a test, an example or documentation, and no site is built on it."""
        within = next((f"{row}/" for row in self.settings if name.startswith(f"{row}/")), "")
        return is_aside(name.removeprefix(within))

    def below(self, directory: str) -> tuple[str, ...]:
        """The files below a directory; "" is the project."""
        return tuple(row for row in self.files if not directory or row.startswith(f"{directory}/"))


def read(root: Path) -> Sources:
    """Read the project, and report the progress where that takes a while."""
    names = tuple(_own(sources.files(root)))
    modules = [name for name in names if name.endswith((".py", ".pyw"))]
    shown_at = time.monotonic()
    found = {}
    for number, name in enumerate(modules):
        if time.monotonic() - shown_at > 0.5:
            shown_at = time.monotonic()
            progress.report(f"reading the sources: {number} of {len(modules)} modules")
        found[name] = _facts(root, name)
    return of(
        root,
        names,
        found,
        lambda name: text(root / name),
        lambda name: parsing.read(name, (root / name).read_bytes()),
    )


def memory(files: Mapping[str, str]) -> Sources:
    """Sources of files that are only texts; the project is at no place."""
    code = {
        name: Facts(path=name) if is_aside(name) else parsing.read(name, row)
        for name, row in files.items()
        if name.endswith(".py")
    }
    return of(
        Path("/nowhere"),
        files,
        code,
        lambda name: files.get(name, ""),
        lambda name: parsing.read(name, files[name]),
    )


def of(
    root: Path,
    names: Iterable[str],
    modules: dict[str, Facts],
    reader: Callable[[str], str],
    parse: Callable[[str], Facts],
) -> Sources:
    """The value, from names of files and facts; ``parse`` reads a module that was passed over."""
    files = tuple(sorted(names))
    settings = tuple(_settings(modules))
    for name in modules:
        if is_aside(name) and name.startswith(tuple(f"{row}/" for row in settings)):
            modules[name] = parse(name)
    above = (str(parent) for name in files for parent in PurePosixPath(name).parents)
    return Sources(
        root=root,
        files=files,
        modules=modules,
        unreadable=tuple(name for name, row in modules.items() if not row.readable),
        names=(frozenset(above) - {"."}) | frozenset(files),
        importable=frozenset(_importable(modules)),
        settings=settings,
        reader=reader,
    )


def _settings(modules: Mapping[str, Facts]) -> Iterator[str]:
    """The packages, some of them of a name such as `example`, that a manage.py names."""
    for name, row in modules.items():
        package = row.defaults.get("DJANGO_SETTINGS_MODULE", "").partition(".")[0]
        place = str(PurePosixPath(name).with_name(package)) if package else ""
        if place and f"{place}/__init__.py" in modules and not is_aside(name):
            yield place


def _importable(modules: Iterable[str]) -> Iterator[str]:
    for name in modules:
        path = PurePosixPath(name)
        yield str(path.with_suffix(""))
        yield str(path.parent)


def is_aside(name: str) -> bool:
    """Whether a file is a test, an example, or documentation."""
    path = PurePosixPath(name)
    within = any(
        part.lower() in ASIDE or part.endswith(("_tests", "-tests")) for part in path.parts[:-1]
    )
    stem = path.stem
    return within or stem.startswith("test_") or stem.endswith("_test") or stem == "conftest"


def text(path: Path) -> str:
    """A file as text, "" where it is none."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return ""


def _facts(root: Path, name: str) -> Facts:
    path = root / name
    try:
        passed = is_aside(name) or path.stat().st_size > _LARGE
        return Facts(path=name) if passed else parsing.read(name, path.read_bytes())
    except OSError:
        return Facts(path=name, readable=False)


def _own(names: tuple[str, ...]) -> Iterable[str]:
    """Without virtual environments and caches that git does not ignore."""
    installed = tuple(
        f"{PurePosixPath(name).parent}/" for name in names if name.endswith("/pyvenv.cfg")
    )
    packages = {name.removesuffix("/__init__.py") for name in names if "/__init__.py" in name}
    for name in names:
        parts = name.split("/")
        aside = sources.LEFT_OUT & set(parts[:-1]) or "site-packages" in parts
        aside = aside or sources.is_output(name, packages)
        if not aside and not name.startswith(installed):
            yield name
