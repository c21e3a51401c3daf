"""Which modules the services, commands and hooks of a release reach.

Found in two ways that complete each other: what the release's own interpreter had
imported after it imported everything that settings name, and what the sources of
the application name, in imports anywhere in them and in strings (a framework's
settings), followed from there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from relforge.checks import content_memo, import_statements
from relforge.layers import libraries
from relforge.model import layout
from relforge.model.release import Release
from relforge.model.spec import Settings
from relforge.runtime.contract.run import Run

OWN = ("app", "release")  # layers
# What a framework imports of a package that a string names.
_BY_CONVENTION = re.compile(
    r"(admin|apps|forms|middleware|models|signals|tasks|urls|views"
    r"|(management|migrations|templatetags)(\..*)?)"
)
_EXTENSION = re.compile(r"([A-Za-z_]\w*)(\.cpython-\w+[-\w]*|\.abi3)?\.so")
_WORD = re.compile(r"[\w./-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """``paths`` are the application's sources, ``imports`` the names that these import."""

    paths: frozenset[str]
    imports: frozenset[str]
    loaded: frozenset[str]  # modules that were imported by the release's interpreter
    extensions: Mapping[str, str]  # of packages: a dotted name to its path

    def has_module(self, name: str) -> bool:
        """Whether that module of a package is one that the application needs."""
        if name in self.loaded or any(_is_below(row, name) for row in self.imports):
            return True
        package = name.rpartition(".")[0] or name
        # A package that was imported and did without the module can do without it.
        return package not in self.loaded and any(_is_below(row, package) for row in self.imports)

    def native(self, release: Release) -> set[str]:
        """The ELF files of packages that the application loads, with all that these load."""
        wanted = [path for name, path in self.extensions.items() if self.has_module(name)]
        return libraries.needed_by(release, wanted)


def of(release: Release, loaded: Iterable[str]) -> Reach:
    """What the entries of the settings reach."""
    files = _files(release)
    sources = _Sources.of(release, files)
    start = [*_words(release.settings), *(name for name in loaded if name in sources.modules)]
    paths, imports = sources.follow(start)
    return Reach(
        paths=frozenset(paths),
        imports=frozenset(imports),
        loaded=frozenset(loaded),
        extensions=_extensions(release),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sources:
    """The application's modules by their dotted names, and what each source names."""

    modules: Mapping[str, str]
    dotted: Mapping[str, str]  # by their paths
    by_last: Mapping[str, list[str]]  # dotted names, by their last part
    names: Mapping[str, list[Any]]

    @classmethod
    def of(cls, release: Release, files: Iterable[str]) -> _Sources:
        modules = {_dotted(release, path): path for path in files}
        by_last: dict[str, list[str]] = {}
        for name in modules:
            by_last.setdefault(name.rpartition(".")[2], []).append(name)
        names: dict[str, list[Any]] = {}
        for layer in release.layers:
            if layer.name in OWN:
                names |= content_memo.look(
                    *(release, layer, "names", ""),
                    import_statements.names_in,
                    lambda path: path.endswith(".py") and not path.startswith(layout.RUNTIME),
                )
        dotted = {path: name for name, path in modules.items()}
        return cls(modules=modules, dotted=dotted, by_last=by_last, names=names)

    def follow(self, start: Iterable[str]) -> tuple[set[str], set[str]]:
        """The paths that are reached from these words, and all that their sources import."""
        paths: set[str] = set()
        imports: set[str] = set()
        left = [path for word in start for path in self._named(word)]
        while left:
            path = left.pop()
            if path in paths:
                continue
            paths.add(path)
            own = self.dotted.get(path, "")
            for kind, name in self.names.get(path, ()):
                if kind == "import":
                    imports.add(name)
                    left += self._found(name)
                elif kind == "from":
                    left += self._found(_absolute(name, own, is_package=_is_package(path)))
                else:
                    left += self._by_text(name)
        return paths, imports

    def _named(self, word: str) -> Iterator[str]:
        """A word of the settings: a path of the release, a program, or a module."""
        script = f"{layout.SCRIPTS}/{word}.py"
        if word in self.names:
            yield word
        elif script in self.names:
            yield script
        else:
            yield from self._found(word)
            yield from self._found(f"{word}.__main__")

    def _found(self, name: str) -> Iterator[str]:
        """The module and the packages around it; of ``a.b.name`` that may be ``a.b``."""
        parts = name.split(".")
        for count in range(len(parts), 0, -1):
            some = ".".join(parts[:count])
            if some in self.modules:
                yield self.modules[some]
            elif count == len(parts):  # a directory that the code itself searches
                ends = self.by_last.get(parts[-1], ())
                yield from (self.modules[row] for row in ends if row.endswith(f".{some}"))

    def _by_text(self, name: str) -> Iterator[str]:
        if name in self.modules:
            yield self.modules[name]
            prefix = f"{name}."
            for row, path in self.modules.items():
                if row.startswith(prefix) and _BY_CONVENTION.fullmatch(row.removeprefix(prefix)):
                    yield path
        elif "." in name and name.rpartition(".")[0] in self.modules:
            yield self.modules[name.rpartition(".")[0]]


def _files(release: Release) -> list[str]:
    own = (layer for layer in release.layers if layer.name in OWN)
    return [
        path
        for layer in own
        for path in layer.paths
        if path.endswith(".py") and not path.startswith(f"{layout.RUNTIME}/")
    ]


def _dotted(release: Release, path: str) -> str:
    """The module's name to an interpreter that searches site-packages and the application."""
    for root in _roots(release):
        if path.startswith(f"{root}/"):
            path = path.removeprefix(f"{root}/")
            break
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _roots(release: Release) -> tuple[str, ...]:
    """The directories that the release's interpreter searches, in their order."""
    return (release.python.site_packages, *layout.app_roots(release.settings.app_roots))


def _is_package(path: str) -> bool:
    return path.endswith("/__init__.py")


def _absolute(name: str, own: str, *, is_package: bool) -> str:
    """``..b`` in ``shop.web.a`` is ``shop.b``."""
    level = len(name) - len(name.lstrip("."))
    parts = own.split(".")
    kept = parts[: len(parts) - level + (1 if is_package else 0)]
    return ".".join([*kept, name.lstrip(".")])


def _extensions(release: Release) -> dict[str, str]:
    prefix = f"{release.python.site_packages}/"
    found = {}
    for row in libraries.survey(release):
        directory, _, name = row.path.rpartition("/")
        match = _EXTENSION.fullmatch(name)
        if match and row.path.startswith(prefix):
            inner = f"{directory}/".removeprefix(prefix)
            found[f"{inner}{match[1]}".replace("/", ".")] = row.path
    return found


def _words(settings: Settings) -> Iterator[str]:
    """Everything in the settings that may name a module, a program or a file of the release."""
    runs: tuple[Run, ...] = (*settings.services, *settings.commands, *settings.hooks)
    for run in runs:
        yield run.function.partition(":")[0]
        yield from _parts(run.words)
        yield from _parts(run.env.values())
    for service in settings.services:
        yield from _parts(service.args)
        yield from _parts(str(row) for row in service.options.values())
        if isinstance(service.ready, dict):
            yield from _parts(service.ready.get("exec", ()))
    for job in settings.schedule:
        yield job.call.partition(":")[0]
    for command in settings.commands:
        if isinstance(command.once, str):
            yield command.once.partition(":")[0]
    yield settings.config.model.partition(":")[0]
    for provider in settings.config.providers:
        yield provider.use.partition(":")[0]
        yield from _parts(str(row) for row in provider.options.values())
    yield from _parts((settings.upgrade.health or {}).get("exec", ()))
    yield from _parts(str(row) for row in settings.check.env.values())


def _parts(words: Iterable[str]) -> Iterator[str]:
    """Each word of a command, and each part of one that may be a name: ``--app=shop.tasks:app``."""
    for word in words:
        yield from _WORD.findall(word)


def _is_below(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")
