"""What relforge itself puts into a release: launcher, runtime, and the operator's files."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import relforge
from relforge import cache, layout, pyc
from relforge.deps.step import interpreter
from relforge.release import Release

EXECUTABLE = 0o755


def step(release: Release) -> Release:
    """Write ``bin/<name>``, ``runtime/``, and what of ``release/`` an overlay may replace."""
    tree = release.tree
    _write(tree / "bin" / release.name, template("launcher.sh"), EXECUTABLE)
    for name, to in (("env.sh", layout.ENV_SH), ("config.toml", layout.CONFIG)):
        _write(tree / to, template(name))
    package = Path(relforge.__file__).parent
    copy = tree / layout.RUNTIME / "relforge"
    _write(copy / "__init__.py", (package / "__init__.py").read_text())
    for path in sorted(cache.walk(package / "runtime")):
        if path.suffix == ".py":
            _write(copy / path.relative_to(package), path.read_text())
    pyc.compile_tree(interpreter(release), tree / layout.RUNTIME)
    return release


def template(name: str) -> str:
    """The text of one of relforge's own templates."""
    return files("relforge").joinpath("templates", name).read_text(encoding="utf-8")


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
