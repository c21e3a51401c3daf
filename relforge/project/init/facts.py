"""What one module says, as values; parsing.py reads it.

Names stay as the module writes them; `names` says what they are in the whole project.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from relforge.project.init.environment_syntax import Variable
from relforge.project.init.syntax import (
    Expression,
)
from relforge.project.init.written_paths import Written


@dataclass(frozen=True, slots=True)
class Imported:
    """``from ..a import b``: two levels, module ``a``, name ``b``; "" of an `import`."""

    level: int
    module: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the module's own level."""

    name: str
    line: int
    required: int  # arguments without a default
    plain: bool  # takes positional words and nothing else
    words: tuple[str, ...]  # the names of those
    is_async: bool
    local: dict[str, Expression]  # what its names are bound to
    returns: tuple[Expression, ...]
    decorators: tuple[str, ...]
    annotation: str  # the name of what it says to return


@dataclass(frozen=True, slots=True)
class Class:
    """A class of the module's own level, and the names that its body binds."""

    name: str
    bases: tuple[str, ...]
    bound: frozenset[str]
    called_with: tuple[str, ...] = ()  # the parameters of its instances, without `self`
    methods: dict[str, Function] = field(default_factory=dict)
    attributes: dict[str, Expression] = field(default_factory=dict)  # self.app = FastAPI()


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A call that starts a server: ``uvicorn.run("shop.api:build", factory=True, port=9000)``."""

    callee: str
    target: str
    factory: bool = False
    port: int = 0


@dataclass(frozen=True, slots=True)
class Setting:
    """A value of an upper-case name, and the condition under which it is assigned."""

    node: ast.expr
    line: int
    condition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A module."""

    path: str
    readable: bool = True
    imports: dict[str, Imported] = field(default_factory=dict)
    needs: tuple[tuple[str, int], ...] = ()  # every module that is imported, with its level
    optional: frozenset[str] = frozenset()  # those whose absence it survives, by their first part
    stars: tuple[Imported, ...] = ()
    bound: dict[str, Expression] = field(default_factory=dict)  # the last binding counts
    history: dict[str, tuple[Expression, ...]] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    classes: dict[str, Class] = field(default_factory=dict)
    calls: frozenset[str] = frozenset()
    at_once: frozenset[str] = frozenset()  # those of them that are statements of the module
    starts: tuple[Start, ...] = ()
    decorators: frozenset[str] = frozenset()
    mentions: frozenset[str] = frozenset()  # attributes that are set, arguments that have a name
    guard: bool = False
    guard_calls: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()  # short strings without spaces
    loads: frozenset[str] = frozenset()  # strings that something imports: from_object("config")
    variables: tuple[Variable, ...] = ()
    sets: frozenset[str] = frozenset()  # variables that it sets itself
    defaults: dict[str, str] = field(default_factory=dict)  # os.environ.setdefault
    written: tuple[Written, ...] = ()
    opens: tuple[tuple[str, int], ...] = ()  # files by a relative path
    settings: dict[str, Setting] = field(default_factory=dict)  # UPPER = value, any = {...}
    paths: tuple[str, ...] = ()  # what sys.path.insert adds, as source
    deferred: str = ""  # an annotation, by its place, that only a Python that defers it survives
    unset: frozenset[str] = frozenset()  # declared, and bound by another module alone
