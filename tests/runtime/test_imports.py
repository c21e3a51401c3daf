"""The runtime goes into every release, where nothing but the standard library is sure to be."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

RUNTIME = Path(__file__).parents[2] / "relforge" / "runtime"
# Run as files: they put the runtime on the path, then import it by its name.
ENTRIES = {"boot.py": {"relforge"}, "boot_app.py": {"relforge"}}
# Where the runtime meets what the application brings along: each file names its library.
ADAPTERS = {
    "config/model.py": {"pydantic", "pydantic_core"},
    "develop/application.py": {"uvicorn"},
    "config/settings_source.py": {"pydantic_settings"},
    "service/servers/gunicorn.py": {"gunicorn"},
    "service/servers/hypercorn.py": {"hypercorn", "uvloop"},
    "service/servers/uvicorn.py": {"uvicorn"},
    "service/servers/uvicorn_worker.py": {"gunicorn"},
    "service/servers/workers.py": {"gunicorn"},
}
# The console at a terminal: its library is next to the runtime, in each release.
CONSOLE = {f"client/{name}.py": {"prompt_toolkit"} for name in ("colours", "terminal")}
# Of the standard library, in newer Pythons alone.
NEWER = {"calling.py": {"annotationlib"}}


@pytest.mark.parametrize("path", sorted(RUNTIME.rglob("*.py")), ids=lambda path: path.name)
def test_the_runtime_imports_the_standard_library_and_itself_by_relative_names(path: Path) -> None:
    allowed = {**ENTRIES, **ADAPTERS, **CONSOLE, **NEWER}.get(
        path.relative_to(RUNTIME).as_posix(), set()
    )
    foreign = set(_absolute_imports(path)) - sys.stdlib_module_names - allowed
    assert set() == foreign


def _absolute_imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").partition(".")[0]
