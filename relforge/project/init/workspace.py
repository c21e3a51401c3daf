"""The root of a uv workspace that is not a package itself: which of its members is released."""

from __future__ import annotations

from pathlib import Path

from relforge.project import lockfile
from relforge.project.toml_document import read_toml
from relforge.support.errors import UserError


def members(root: Path) -> tuple[str, ...]:
    """The directories of the members to choose from; none where the root itself is released."""
    root = root.resolve()
    file = root / "pyproject.toml"
    if not file.is_file() or (root / "relforge.toml").is_file():
        return ()
    data = read_toml(file)
    if data.get("project") or "relforge" in data.get("tool", {}):
        return ()
    found = lockfile.workspace_members(root)
    return tuple(path.relative_to(root).as_posix() for path in found)


def refusal(root: Path, names: tuple[str, ...]) -> UserError:
    """What to say where nobody can be asked."""
    commands = "".join(f"\n    relforge init --project {name}" for name in names)
    return UserError(
        f"{root}: this is the root of a uv workspace and not a package; choose the member to "
        f"release:{commands}",
        hint="for several members in one release, set `members` in [tool.relforge] of the "
        "root: see the page Bring a project",
    )
