"""What relforge itself puts into a release: launcher, runtime, and the operator's files."""

from __future__ import annotations

import time
from dataclasses import replace
from fnmatch import fnmatch
from importlib.resources import files
from pathlib import Path

import relforge
from relforge import cache
from relforge.layers.deps.step import interpreter, is_inside
from relforge.layers.runtime import console_libraries
from relforge.layers.runtime.digest import own_digest
from relforge.model import layout
from relforge.model.release import Release
from relforge.tree.compiler import compile_tree

FORMAT = "1"
EXECUTABLE = 0o755


def step(release: Release, ahead: cache.Tree | None = None) -> Release:
    """Lay out ``bin/<name>``, ``runtime/``, and what of ``release/`` an overlay may replace.

    They are the first part of the layer ``release``.
    """
    started = time.perf_counter()
    tree = ahead or _tree(release)
    cache.place(tree, release.tree)
    layer = cache.layer("release", tree, started)
    return replace(release, layers=(*release.layers, layer))


def prepare(release: Release) -> cache.Tree | None:
    """What the step lays out, in the cache; None where that takes the tree's own interpreter."""
    return None if is_inside(release) else _tree(release)


def _tree(release: Release) -> cache.Tree:
    python = release.python
    key = cache.key(
        *(
            "runtime",
            FORMAT,
            release.name,
            python.version,
            python.tag,
            str(interpreter(release) is None),
            str(release.settings.console.enabled),
        ),
        own_digest(),
    )
    return cache.tree("runtime", key, lambda draft: _write_all(release, draft))


# What evaluates in a live process; not in a release with `console = false`.
EVALUATION = (
    *("agent/audit.py", "agent/awaiting.py", "agent/completion.py", "agent/containment.py"),
    *("agent/evaluation.py", "agent/guard.py", "agent/output.py", "agent/percent/*"),
    "agent/session.py",
)

DEVELOPMENT = "develop/*"  # `relforge run`, which no release has


def _write_all(release: Release, tree: Path) -> None:
    _write(tree / "bin" / release.name, template("launcher.sh"), EXECUTABLE)
    for name, to in (("env.sh", layout.ENV_SH), ("config.toml", layout.CONFIG)):
        _write(tree / to, template(name))
    for shell in ("bash", "zsh", "fish"):
        _write(tree / layout.RUNTIME / "completion" / shell, template(f"completion.{shell}"))
    package = Path(relforge.__file__).parent
    copy = tree / layout.RUNTIME / "relforge"
    _write(copy / "__init__.py", (package / "__init__.py").read_text())
    console = release.settings.console.enabled
    for path in sorted(cache.walk(package / "runtime")):
        inner = path.relative_to(package / "runtime").as_posix()
        evaluates = any(fnmatch(inner, pattern) for pattern in EVALUATION)
        wanted = not fnmatch(inner, DEVELOPMENT) and (console or not evaluates)
        if path.suffix == ".py" and wanted:
            _write(copy / path.relative_to(package), path.read_text())
    for to, source in console_libraries.files() if console else ():
        _write(tree / layout.CONSOLE_LIBS / to, source.read_text(encoding="utf-8"))
    compile_tree(interpreter(release), tree / layout.RUNTIME)


def template(name: str) -> str:
    """The text of one of relforge's own templates."""
    return files("relforge").joinpath("templates", name).read_text(encoding="utf-8")


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
