"""uv: the one module that knows how it is run, and what it says when it fails."""

from __future__ import annotations

import importlib.util
import logging
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from relforge.layers.deps import netrc_file, resolver_environment, uv_project
from relforge.layers.deps.index_binding import Binding
from relforge.layers.deps.package_sources import PackageSources
from relforge.layers.deps.platform import Platform
from relforge.support import command, environment
from relforge.support.errors import UserError

log = logging.getLogger("relforge.layers.deps")

TAIL = 20


def program() -> Path | None:
    """uv's executable: beside relforge, which brings it, else on PATH."""
    beside = Path(sys.executable).with_name("uv")
    if importlib.util.find_spec("uv") is not None and beside.is_file():
        return beside
    found = shutil.which("uv", path=command.path())
    return Path(found) if found else None


def lock(
    requirements: Sequence[str],
    python: Path | None,
    target: Platform,
    places: PackageSources,
    root: Path,
    output: Path,
    constraints: Sequence[str] = (),
    binding: Binding | None = None,
    any_index: bool = False,
) -> None:
    """Resolve the requirements into the ``pylock.toml`` at ``output``, for every platform.

    Of several indexes the first that has a package counts, or with ``any_index`` all.
    What that file pins already is kept where it fits.  uv's own settings of the
    project at ``root`` hold.
    """
    uv = program()
    if uv is None:
        raise UserError(
            "uv is not installed",
            hint="pip install uv, or: relforge lock --resolver pex",
        )
    minor = ".".join(target.python.split(".")[:2])
    given, source = "".join(f"{row}\n" for row in requirements), "-"
    if binding is not None:
        project = output.with_name("bound") / "pyproject.toml"
        project.parent.mkdir(exist_ok=True)
        text = uv_project.text(requirements, minor, places, binding)
        project.write_text(text, encoding="utf-8")  # in a directory that only we may enter
        given, source = "", str(project)
    words: list[str | Path] = [uv, "pip", "compile", source]
    words += ["--universal", "--python-version", minor]
    words += ["--python", python or sys.executable, "--no-python-downloads", "--no-header"]
    words += ["--format", "pylock.toml", "--output-file", output, "--quiet"]
    if constraints:
        listed = output.with_name("constraints.txt")
        listed.write_text("".join(f"{row}\n" for row in constraints), encoding="utf-8")
        words += ["--constraints", listed]
    strict = binding is not None and binding.is_strict
    if not any(not index.packages for index in places.indexes) and (strict or not places.indexes):
        words.append("--no-index")
    env = resolver_environment.for_uv(places, strict=strict, any_index=any_index)
    env |= netrc_file.write(output.with_name("netrc"), places, "\n".join(requirements))
    done = command.capture(
        words,
        cwd=root,
        env=env,
        base=environment.of_resolvers(),
        stdin=given,
    )
    for line in done.stderr.splitlines():
        log.debug("  %s", line)
    if done.returncode:
        rows = [f"    {line}" for line in done.stderr.splitlines() if line.strip()]
        text = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(rows[-TAIL:]))
        raise UserError(f"resolving the dependencies: uv failed\n{text}")
