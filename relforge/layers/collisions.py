"""One path that two packages bring: what that means, by the path and the two contents.

pip lays one over the other.  For texts that is harmless, for programs and data
somebody loses something, for modules one of the two packages is broken.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from relforge.model import layout
from relforge.model.release import Collision, Entry

Kind = Literal["text", "script", "data", "stray", "module"]

_TEXT = re.compile(
    r"(?i)(readme|licen[cs]e|copying|copyright|notice|authors|contributors|change(s|log)|history|news"
    r"|todo|install|security|code_of_conduct|pkg-info)[^/]*|[^/]*\.(md|rst|txt)"
)
_DOCUMENTATION = re.compile(
    r"python/(share/)?(doc|man|licenses|info)/.*|python/[^/]+\.(md|rst|txt)"
)
_STRAY = re.compile(r"(tests?|testing|docs?|examples?|samples?|benchmarks?|scripts)/.*")
_CODE = (".py", ".so", ".pyc", ".pth")


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What one package brings: its name for messages, its files, and where they can be read."""

    name: str
    entries: Sequence[Entry]
    directory: Path
    preferred: bool = False


Taken = dict[str, tuple[Brought, Entry]]


def among(
    parts: Sequence[Brought], site_packages: str, taken: Taken | None = None
) -> Iterator[Collision]:
    """Each path that two of them bring with different contents; a later part wins.

    ``taken`` is what was brought before.
    """
    taken = dict(taken or {})
    for part in parts:
        for row in part.entries:
            other = taken.get(row.path)
            taken[row.path] = (part, row)
            if other and _differ(*other, part, row):
                yield Collision(
                    path=row.path,
                    kind=kind(row.path, site_packages),
                    winner=part.name,
                    loser=other[0].name,
                    wanted=part.preferred,
                )


def kind(path: str, site_packages: str) -> Kind:
    """What the file at that path of a release is."""
    if path.startswith((f"{layout.SCRIPTS}/", f"{layout.PYTHON}/bin/")):
        return "script"
    if not path.startswith(f"{site_packages}/"):
        return "text" if _DOCUMENTATION.fullmatch(path) else "data"
    inner = path.removeprefix(f"{site_packages}/")
    if _TEXT.fullmatch(inner):
        return "text"
    if _STRAY.fullmatch(inner):
        return "stray"
    return "module" if inner.endswith(_CODE) else "data"


def _differ(one: Brought, there: Entry, other: Brought, row: Entry) -> bool:
    """Whether it matters which of the two files is there; bytecode goes with its source."""
    if "/__pycache__/" in row.path or (there.sha256, there.link) == (row.sha256, row.link):
        return False
    if not row.path.endswith(".py") or there.link is not None or row.link is not None:
        return True
    trees = [_tree(part.directory / row.path) for part in (one, other)]
    if trees[0] is None or trees[1] is None:
        return True
    if row.path.endswith("/__init__.py") and all(_is_stub(tree) for tree in trees if tree):
        return False
    return ast.dump(trees[0]) != ast.dump(trees[1])


def _tree(path: Path) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, RecursionError):
        return None


def _is_stub(tree: ast.Module) -> bool:
    """Whether a package's module does no more than declare a namespace."""
    return all(_declares(node) for node in tree.body)


def _declares(node: ast.stmt) -> bool:
    if isinstance(node, ast.Try):
        blocks = [*node.body, *(row for handler in node.handlers for row in handler.body)]
        return all(_declares(row) for row in blocks)
    if isinstance(node, ast.Import | ast.ImportFrom):
        names = [node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
        return all(name in ("pkgutil", "pkg_resources") for name in names)
    if isinstance(node, ast.Assign):
        return all(isinstance(row, ast.Name) and row.id == "__path__" for row in node.targets)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return "declare_namespace" in ast.dump(node.value.func)
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return is_text or isinstance(node, ast.Pass)
