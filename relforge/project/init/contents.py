"""What of a project goes into its release: what is served or run, and what that reaches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from relforge.project import sources as project_sources
from relforge.project.init.names import Names
from relforge.project.init.reading import Sources
from relforge.project.init.roots import Roots

# Directories that belong to an application although no import leads there.
_DATA = frozenset(
    ["fixtures", "locale", "locales", "migrations", "static", "templates", "translations"]
)
_NEVER = frozenset({"pyproject.toml", "relforge.toml", "requirements.txt", "setup.py", "Procfile"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Paths below an import root; ``root`` is "" for the project."""

    root: str
    include: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """``trees`` is None for the project's own wheel; ``left_out`` says what, and why."""

    trees: tuple[Tree, ...] | None
    left_out: tuple[tuple[str, str], ...] = ()
    reached: frozenset[str] = frozenset()  # modules
    data: tuple[str, ...] = ()  # files beside the modules of packages, templates and the like

    @property
    def paths(self) -> tuple[str, ...]:
        """What goes in, relative to the project."""
        rows = self.trees or ()
        return tuple(f"{row.root}/{p}" if row.root else p for row in rows for p in row.include)

    def holds(self, path: str) -> bool:
        """Whether a file of the project is among it."""
        return any(path == row or path.startswith(f"{row}/") for row in self.paths)


def choose(
    sources: Sources,
    names: Names,
    roots: Roots,
    entries: Iterable[str],
    extra: Iterable[str] = (),
) -> Contents:
    """The trees that these modules need, with ``extra`` paths and the data that sources name."""
    reached = closure(names, entries)
    tops = {_top(names.modules[name].path, roots) for name in reached}
    # A package goes in as a whole, and so does what the rest of it needs.
    while True:
        more = {
            name
            for name, row in names.modules.items()
            if _top(row.path, roots) in tops and row.path.count("/")
        }
        wider = closure(names, reached | more)
        if wider == reached:
            break
        reached = wider
        tops = {_top(names.modules[name].path, roots) for name in reached}
    data = {row for path in _data(sources, names, reached, tops) if (row := path)}
    rows: dict[str, set[str]] = {}
    for root, first in tops:
        rows.setdefault(root, set()).add(first)
    whole = {f"{root}/{first}" if root else first for root, first in tops}
    for path in sorted({*data, *extra}):
        if not any(path == row or path.startswith(f"{row}/") for row in whole):
            root = roots.of(path) if path not in roots.directories else ""
            inner = path.removeprefix(f"{root}/") if root else path
            rows.setdefault(root, set()).add(inner)
            whole.add(path)
    trees = tuple(
        Tree(root=root, include=tuple(sorted(_outer(include), key=lambda p: (p != "manage.py", p))))
        for root, include in sorted(rows.items(), key=lambda row: (row[0] != "", row[0]))
    )
    return Contents(
        trees=trees,
        left_out=tuple(_left_out(sources, roots, whole)),
        reached=frozenset(reached),
        data=tuple(
            path
            for path in sources.files
            if not path.endswith((".py", ".pyi", ".typed", ".md", ".rst", ".c", ".h"))
            and any(path.startswith(f"{row}/") for row in whole)
        ),
    )


def closure(names: Names, entries: Iterable[str]) -> set[str]:
    """The modules that these import, by statements and by dotted names in strings."""
    found: set[str] = set()
    rows = [name for name in entries if name in names.modules]
    while rows:
        module = rows.pop()
        if module in found:
            continue
        found.add(module)
        facts = names.modules[module]
        targets = [names.base(module, facts, level, name) for name, level in facts.needs]
        targets += [text.replace(":", ".") for text in facts.texts if "." in text or ":" in text]
        targets += [text for text in facts.loads if text in names.modules]
        targets.append(module.rpartition(".")[0])
        parts = (target.split(".") for target in targets)
        above = (".".join(row[:number]) for row in parts for number in range(len(row), 0, -1))
        rows += [name for name in above if name in names.modules and name not in found]
    return found


def _top(path: str, roots: Roots) -> tuple[str, str]:
    root = roots.of(path)
    inner = path.removeprefix(f"{root}/") if root else path
    return root, inner.partition("/")[0]


def _data(
    sources: Sources, names: Names, reached: set[str], tops: set[tuple[str, str]]
) -> Iterable[str]:
    """Directories of templates and the like, and files that the sources name."""
    bases = {root for root, _ in tops} | {""}
    for base in bases:
        for name in _DATA:
            path = f"{base}/{name}" if base else name
            if sources.has(path):
                yield path
    fronts = {
        str(PurePosixPath(path).parent)
        for path in sources.files
        if PurePosixPath(path).name == "package.json"
    }
    for module in reached:
        facts = names.modules[module]
        directory = str(PurePosixPath(facts.path).parent).removeprefix(".")
        for text in facts.texts:
            plain = text.strip("/").removeprefix("./")
            first = plain.partition("/")[0]
            if not plain or plain in _NEVER or plain.endswith(".py") or first == "requirements":
                continue
            if ".." in plain:
                continue
            for base in {"", directory, *bases}:
                path = f"{base}/{plain}" if base else plain
                if sources.has(path) and _is_data(sources, path, fronts, first):
                    yield path


def _is_data(sources: Sources, path: str, fronts: set[str], first: str) -> bool:
    """Whether a path that a string names is something to read, and no program or front end."""
    if (
        sources.is_aside(f"{path}/x")
        or first in project_sources.LEFT_OUT | project_sources.OUTPUTS
        or first.startswith(".env")
    ):
        return False
    if path in fronts or any(path.startswith(f"{row}/") for row in fronts if row != "."):
        return False
    if path in sources.files and "." not in path and path.lower() == path:
        return False  # a word such as `config` that a file has as its name by chance
    return not any(row.endswith(".py") for row in sources.below(path))


def _outer(paths: set[str]) -> Iterable[str]:
    return (p for p in paths if not any(p != q and p.startswith(f"{q}/") for q in paths))


def _left_out(sources: Sources, roots: Roots, taken: set[str]) -> Iterable[tuple[str, str]]:
    """Directories and modules with Python in them that are not taken."""
    seen: dict[str, str] = {}
    for path in sources.modules:
        if any(path == row or path.startswith(f"{row}/") for row in taken):
            continue
        root, first = _top(path, roots)
        place = f"{root}/{first}" if root else first
        if any(row.startswith(f"{place}/") for row in taken):
            continue
        why = (
            "tests or documentation"
            if sources.is_aside(path)
            else "nothing that is served or run uses it"
        )
        if path in ("setup.py", "conftest.py", "noxfile.py", "gunicorn.conf.py"):
            continue
        seen[place] = why
    return sorted(seen.items())
