"""Names across the modules of a project: imports, re-exports and subclasses are followed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from relforge.project.init.facts import Class, Facts, Function, Imported
from relforge.project.init.frameworks import MAKERS
from relforge.project.init.reading import Sources
from relforge.project.init.roots import Roots
from relforge.project.init.syntax import Call, Expression, Name

_DEEPEST = 20  # re-exports in a row; beyond that it is a circle


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The modules by their dotted names."""

    modules: dict[str, Facts] = field(default_factory=dict)

    def absolute(self, module: str, dotted: str) -> str:
        """What a name of a module stands for, by imports followed inside the project."""
        first, _, rest = dotted.partition(".")
        facts = self.modules.get(module)
        if facts is None:
            return f"{module}.{dotted}"
        own = first in facts.functions or first in facts.classes
        if first in facts.bound or (own and first not in facts.imports):
            return f"{module}.{dotted}"
        row = facts.imports.get(first)
        if row is None:
            star = self._of_stars(module, facts, first)
            return f"{star}.{dotted}" if star else dotted
        target = self._imported(module, facts, row)
        return f"{target}.{rest}" if rest else target

    def locate(self, dotted: str, depth: int = 0) -> tuple[str, str] | None:
        """The module and the name in it where an absolute name is bound; None: not in here."""
        module, rest = self._split(dotted)
        if not module or not rest or depth > _DEEPEST:
            return None
        first, _, more = rest.partition(".")
        facts = self.modules[module]
        own = first in facts.bound or first in facts.functions or first in facts.classes
        if not own:
            again = self.absolute(module, rest)
            if again not in (rest, dotted):
                return self.locate(again, depth + 1)
            return None
        return None if more and first not in facts.classes else (module, first)

    def is_module(self, dotted: str) -> bool:
        return dotted in self.modules

    def value(self, dotted: str, depth: int = 0) -> tuple[str, Expression] | None:
        """What an absolute name is bound to, with the module that says so."""
        place = self.locate(dotted)
        if place is None:
            return None
        module, name = place
        bound = self.modules[module].bound.get(name)
        if isinstance(bound, Name) and bound.dotted != name and depth < _DEEPEST:
            again = self.value(self.absolute(module, bound.dotted), depth + 1)
            return again or (module, bound)
        return (module, bound) if bound is not None else None

    def function(self, dotted: str) -> tuple[str, Function] | None:
        """The function of that absolute name, and its module."""
        place = self.locate(dotted)
        row = self.modules[place[0]].functions.get(place[1]) if place else None
        return (place[0], row) if place and row else None

    def method(self, dotted: str) -> tuple[str, Function] | None:
        """The method of that name, of a class or of an object of one, and the class's module."""
        owner, _, name = dotted.rpartition(".")
        for place, found in self._classes(owner):
            if name in found.methods:
                return place, found.methods[name]
        return None

    def attribute(self, dotted: str) -> tuple[str, Expression] | None:
        """What the objects of a class have under that name, and the class's module."""
        owner, _, name = dotted.rpartition(".")
        for place, found in self._classes(owner):
            if name in found.attributes:
                return place, found.attributes[name]
        return None

    def _classes(self, owner: str) -> Iterator[tuple[str, Class]]:
        """The class of that absolute name, or of that object, and those that it is made from."""
        held = self.value(owner)
        made = self.calls(*held) if held else owner
        for row in self.bases(made) if made else ():
            place = self.locate(row)
            found = self.modules[place[0]].classes.get(place[1]) if place else None
            if found is not None and place is not None:
                yield place[0], found

    def bases(self, dotted: str, depth: int = 0) -> Iterator[str]:
        """The class itself and every class that it is made from, those of libraries included."""
        yield dotted
        place = self.locate(dotted)
        found: Class | None = self.modules[place[0]].classes.get(place[1]) if place else None
        if found is not None and place is not None and depth < _DEEPEST:
            for base in found.bases:
                yield from self.bases(self.absolute(place[0], base), depth + 1)

    def called_with(self, dotted: str) -> Iterator[tuple[str, ...]]:
        """The parameters of the instances of a class, as it or a class above it says."""
        for row in self.bases(dotted):
            place = self.locate(row)
            found = self.modules[place[0]].classes.get(place[1]) if place else None
            if found is not None:
                yield found.called_with

    def calls(self, module: str, value: Expression) -> str:
        """The absolute name of what an expression calls, "" where it is not a call."""
        return self.absolute(module, value.callee) if isinstance(value, Call) else ""

    def _split(self, dotted: str) -> tuple[str, str]:
        """The longest part of the name that is a module here, and the rest."""
        parts = dotted.split(".")
        for number in range(len(parts) - 1, 0, -1):
            module = ".".join(parts[:number])
            if module in self.modules:
                return module, ".".join(parts[number:])
        return "", dotted

    def _imported(self, module: str, facts: Facts, row: Imported) -> str:
        base = self.base(module, facts, row.level, row.module)
        return ".".join(part for part in (base, row.name) if part)

    @staticmethod
    def base(module: str, facts: Facts, level: int, name: str) -> str:
        """``..a`` of a module as an absolute name."""
        if not level:
            return name
        package = module if facts.path.endswith("__init__.py") else module.rpartition(".")[0]
        for _ in range(level - 1):
            package = package.rpartition(".")[0]
        return ".".join(part for part in (package, name) if part)

    def _of_stars(self, module: str, facts: Facts, name: str) -> str:
        for row in facts.stars:
            base = self.base(module, facts, row.level, row.module)
            if f"{base}.{name}" in MAKERS:
                return base
            other = self.modules.get(base)
            if other is None or base == module:
                continue
            if name in other.bound or name in other.functions or name in other.classes:
                return base
        return ""


def of(sources: Sources, roots: Roots) -> Names:
    """The modules of the application; tests and documentation are left out."""
    found: dict[str, Facts] = {}
    for path, row in sources.modules.items():
        name = roots.module(path)
        if name and not sources.is_aside(path) and name not in found:
            found[name] = row
    return Names(modules=found)
